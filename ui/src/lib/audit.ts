// The filters of the audit log: read from the address, printed for the server.

export const OUTCOMES = [
  { id: "success", label: "Done" },
  { id: "denied", label: "Refused" },
  { id: "shadow", label: "Would have been refused" },
  { id: "failure", label: "Failed" },
] as const;

export type Outcome = (typeof OUTCOMES)[number]["id"];

export const TIMES = [
  { id: "hour", label: "Last hour", ms: 3_600_000 },
  { id: "day", label: "Last 24 hours", ms: 86_400_000 },
  { id: "week", label: "Last 7 days", ms: 7 * 86_400_000 },
  { id: "month", label: "Last 30 days", ms: 30 * 86_400_000 },
] as const;

export interface AuditFilter {
  event: string | null;
  actor: string | null;
  outcome: Outcome | null;
  /** A span that ends now; null for all, or for the days below. */
  time: (typeof TIMES)[number]["id"] | null;
  /** First and last day, `2026-11-22`, in the reader's time zone. */
  from: string | null;
  to: string | null;
}

const day = (text: string | null) => (text && /^\d{4}-\d\d-\d\d$/.test(text) ? text : null);

export function parseAudit(params: URLSearchParams): AuditFilter {
  const from = day(params.get("from"));
  const to = day(params.get("to"));
  return {
    event: params.get("event"),
    actor: params.get("actor"),
    outcome: OUTCOMES.find(({ id }) => id === params.get("outcome"))?.id ?? null,
    time: from || to ? null : (TIMES.find(({ id }) => id === params.get("time"))?.id ?? null),
    from,
    to,
  };
}

/** Whether the filter leaves anything out. */
export function isFiltered(filter: AuditFilter): boolean {
  return Object.values(filter).some((value) => value !== null);
}

/** Midnight at the reader's, some days after the day. */
function midnight(text: string, daysLater: number): string {
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, (date ?? 1) + daysLater).toISOString();
}

/** The parameters of the request. */
export function auditQuery(filter: AuditFilter, nowMs: number) {
  const span = TIMES.find(({ id }) => id === filter.time);
  const from = filter.from && midnight(filter.from, 0);
  return {
    event: filter.event,
    actor: filter.actor,
    outcome: filter.outcome,
    from: span ? new Date(nowMs - span.ms).toISOString() : from,
    to: filter.to && midnight(filter.to, 1),
  };
}
