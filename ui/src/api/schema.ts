// The wire types of `/v1` that the dashboard uses.

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail?: string;
  request_id?: string;
  errors?: { field: string; message: string }[];
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export interface User {
  id: string;
  username: string;
  role: string;
  scopes: string[];
}

export interface Account {
  id: string;
  username: string;
  role: string;
  disabled: boolean;
  created_at: string;
  password_changed_at: string;
}

export interface LoginSession {
  id: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  user_agent: string | null;
  current: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  scopes: string[];
  cidrs: string[];
  owner_id: string | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface CreatedKey {
  id: string;
  name: string;
  scopes: string[];
  secret: string;
  expires_at: string | null;
}

export interface Site {
  domain: string;
  time_zone: string;
  /** Host names besides the domain whose pages may send events. */
  allowed_hostnames: string[];
  created_at: string;
  visitors_24h: number;
}

export interface SiteStatus {
  first_event_at: string | null;
  last_event_at: string | null;
  events_24h: number;
  dropped_24h: { reason: string; count: number }[];
  snippet: string;
  script_url: string;
}

export interface ReportRange {
  from: string;
  to: string;
  period: string | null;
  time_zone: string;
}

export interface Metrics {
  visitors: number;
  visits: number;
  pageviews: number;
  events: number;
  views_per_visit: number;
  bounce_rate: number;
  visit_duration_s: number;
}

export interface Overview {
  range: ReportRange;
  metrics: Metrics;
  comparison: { range: ReportRange; metrics: Metrics } | null;
  precision: { visitors: "exact" | "sum_of_days" };
}

export interface TimePoint {
  at: string;
  value: number | null;
  partial: boolean;
}

export type IntervalId = "minute" | "hour" | "day" | "week" | "month";

export interface Timeseries {
  range: ReportRange;
  metric: string;
  interval: IntervalId;
  points: TimePoint[];
  comparison: { range: ReportRange; points: TimePoint[] } | null;
}

export interface BreakdownItem {
  value: string | null;
  label?: string | null;
  visitors: number;
  visits: number | null;
  pageviews: number | null;
  events: number | null;
  bounce_rate: number | null;
  visit_duration_s: number | null;
  percentage: number;
  comparison?: { visitors: number } | null;
}

export interface Breakdown {
  range: ReportRange;
  dimension: string;
  items: BreakdownItem[];
  total_rows: number;
  next_cursor?: string | null;
}

export interface RealtimeRow {
  value: string | null;
  label?: string | null;
  visitors: number;
}

export interface Realtime {
  current_visitors: number;
  visitors_30m: number;
  pageviews_30m: number;
  minutes: { at: string; visitors: number; pageviews: number }[];
  pages: RealtimeRow[];
  sources: RealtimeRow[];
  countries: RealtimeRow[];
}

export interface Dimension {
  id: string;
  label: string;
  level: "event" | "visit";
  kind: string;
  filter_operators: string[];
}

/** What the event stream says of one site. */
export interface SiteEvent {
  site: string;
  current_visitors: number;
  last_event_at: string | null;
}
