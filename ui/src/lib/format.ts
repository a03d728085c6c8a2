// Numbers and times as people read them. The only place that knows units.

import type { Metric } from "./metrics";

const exact = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const ratio = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const tenth = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** What stands where there is no value. */
export const NO_VALUE = "–";

/** `12,345` */
export function formatExact(value: number): string {
  return exact.format(value);
}

/** `9,999`, then `12.3k` and `1.2M`. */
export function formatCount(value: number): string {
  if (Math.abs(value) < 10_000) return exact.format(value);
  return compact.format(value).replace("K", "k");
}

/** `0s`, `48s`, `2m 05s`, `1h 03m`. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  if (total < 60) return `${total}s`;
  if (total < 3600) return `${Math.floor(total / 60)}m ${pad(total % 60)}s`;
  return `${Math.floor(total / 3600)}h ${pad(Math.floor((total % 3600) / 60))}m`;
}

/** `42%`, `4.2%`: one digit after the point below ten. */
export function formatPercent(value: number): string {
  return `${value < 10 ? tenth.format(value) : Math.round(value)}%`;
}

/** A value of a metric, abbreviated or in full. */
export function formatMetric(
  metric: Pick<Metric, "unit">,
  value: number | null | undefined,
  style: "short" | "full" = "short",
): string {
  if (value === null || value === undefined) return NO_VALUE;
  switch (metric.unit) {
    case "count":
      return style === "short" ? formatCount(value) : formatExact(value);
    case "ratio":
      return ratio.format(value);
    case "percent":
      return `${Math.round(value)}%`;
    case "seconds":
      return formatDuration(value);
  }
}

export interface Change {
  direction: "up" | "down" | "same";
  /** `12%`, or `4 pts` for a metric that is itself a percentage. */
  text: string;
  /** Whether it is good news; undefined when nothing changed. */
  good: boolean | undefined;
}

/** The change from `before` to `now`; null where there is nothing to compare with. */
export function changeOf(
  metric: Pick<Metric, "unit" | "better">,
  now: number | null | undefined,
  before: number | null | undefined,
): Change | null {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  const inPoints = metric.unit === "percent";
  if (!inPoints && before === 0)
    return now === 0 ? { direction: "same", text: "0%", good: undefined } : null;
  const amount = Math.round(inPoints ? now - before : ((now - before) / before) * 100);
  const text = `${exact.format(Math.abs(amount))}${inPoints ? " pts" : "%"}`;
  if (amount === 0) return { direction: "same", text, good: undefined };
  const direction = amount > 0 ? "up" : "down";
  return { direction, text, good: (direction === "up") === (metric.better === "more") };
}

/** `up 12%`, for those who hear the page. */
export function spokenChange(change: Change): string {
  return change.direction === "same" ? "unchanged" : `${change.direction} ${change.text}`;
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dateSecond = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const dateOnly = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** An instant in the reader's own time zone. */
export function formatInstant(at: string): string {
  return dateTime.format(new Date(at));
}

/** An instant to the second. */
export function formatSecond(at: string): string {
  return dateSecond.format(new Date(at));
}

export function formatDay(at: string): string {
  return dateOnly.format(new Date(at));
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `5 minutes ago`, `in 3 days`. */
export function formatRelative(at: string, now: number): string {
  const seconds = (Date.parse(at) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

/** `1 visitor`, `2 visitors`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatExact(count)} ${count === 1 ? one : many}`;
}
