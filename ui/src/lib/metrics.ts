// The metrics of the stat cards and the graph: one list.

export type MetricId =
  "visitors" | "visits" | "pageviews" | "views_per_visit" | "bounce_rate" | "visit_duration";

export interface Metric {
  id: MetricId;
  label: string;
  /** The name inside a sentence. */
  noun: string;
  unit: "count" | "ratio" | "percent" | "seconds";
  /** Whether more of it is good news. */
  better: "more" | "less";
}

export const METRICS: readonly Metric[] = [
  { id: "visitors", label: "Unique visitors", noun: "visitors", unit: "count", better: "more" },
  { id: "visits", label: "Total visits", noun: "visits", unit: "count", better: "more" },
  { id: "pageviews", label: "Pageviews", noun: "pageviews", unit: "count", better: "more" },
  {
    id: "views_per_visit",
    label: "Views per visit",
    noun: "views per visit",
    unit: "ratio",
    better: "more",
  },
  { id: "bounce_rate", label: "Bounce rate", noun: "bounce rate", unit: "percent", better: "less" },
  {
    id: "visit_duration",
    label: "Visit duration",
    noun: "visit duration",
    unit: "seconds",
    better: "more",
  },
];

const FIRST = METRICS[0] as Metric;

/** The metric of this name, or visitors. */
export function metricById(id: string | null): Metric {
  return METRICS.find((metric) => metric.id === id) ?? FIRST;
}
