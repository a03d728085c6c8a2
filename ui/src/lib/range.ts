// The range of a report: a preset or two dates, as the URL, the API and a person name it.

import {
  addDays,
  addMonths,
  daysBetween,
  endOfMonth,
  isDate,
  startOfMonth,
  type IsoDate,
} from "./dates";

export interface Preset {
  id: string;
  label: string;
  /** The shortcut, a capital letter. */
  key: string;
  /** Presets of one group stand together in the menu. */
  group: number;
}

/** The presets in menu order. `last_month` becomes dates before it reaches the API. */
export const PRESETS: readonly Preset[] = [
  { id: "day", label: "Today", key: "D", group: 0 },
  { id: "yesterday", label: "Yesterday", key: "E", group: 0 },
  { id: "24h", label: "Last 24 hours", key: "H", group: 0 },
  { id: "realtime", label: "Realtime", key: "R", group: 0 },
  { id: "7d", label: "Last 7 days", key: "W", group: 1 },
  { id: "28d", label: "Last 28 days", key: "F", group: 1 },
  { id: "30d", label: "Last 30 days", key: "T", group: 1 },
  { id: "91d", label: "Last 91 days", key: "N", group: 1 },
  { id: "month", label: "Month to date", key: "M", group: 2 },
  { id: "last_month", label: "Last month", key: "P", group: 2 },
  { id: "year", label: "Year to date", key: "Y", group: 3 },
  { id: "6mo", label: "Last 6 months", key: "S", group: 3 },
  { id: "12mo", label: "Last 12 months", key: "L", group: 3 },
  { id: "all", label: "All time", key: "A", group: 4 },
];

export const DEFAULT_PERIOD = "28d";

export type RangeChoice = { period: string } | { from: IsoDate; to: IsoDate };

/** The dates the server resolved a choice to. */
export interface DateSpan {
  from: IsoDate;
  to: IsoDate;
}

/** Reads the choice from a page's URL; anything unknown is the default. */
export function parseRange(params: URLSearchParams): RangeChoice {
  const from = params.get("from") ?? "";
  const to = params.get("to") ?? "";
  if (isDate(from) && isDate(to) && from <= to) return { from, to };
  const period = params.get("period");
  const known = PRESETS.some((preset) => preset.id === period);
  return { period: known && period ? period : DEFAULT_PERIOD };
}

/** The choice as the query parameters of a page; the default leaves none. */
export function printRange(range: RangeChoice): Record<string, string | null> {
  if ("from" in range) return { period: null, from: range.from, to: range.to };
  const period = range.period === DEFAULT_PERIOD ? null : range.period;
  return { period, from: null, to: null };
}

/** The choice as parameters of the API; `today` is the date in the site's time zone. */
export function apiRange(range: RangeChoice, today: IsoDate): Record<string, string> {
  if ("from" in range) return { from: range.from, to: range.to };
  // The realtime page has a report of its own; beside it (suggestions, say) now means today.
  if (range.period === "realtime") return { period: "day" };
  if (range.period === "last_month") {
    const last = addDays(startOfMonth(today), -1);
    return { from: startOfMonth(last), to: last };
  }
  return { period: range.period };
}

/** Whether numbers of this range still change. */
export function includesToday(range: RangeChoice, today: IsoDate): boolean {
  if ("from" in range) return range.to >= today;
  return ["day", "24h", "realtime", "month", "year", "6mo", "12mo", "all"].includes(range.period);
}

/** How far one step of the arrow keys goes: whole months where the span is made of them, else its days. */
function stepMonths(range: RangeChoice, span: DateSpan): number | null {
  if (span.from !== startOfMonth(span.from)) return null;
  const months =
    (Number(span.to.slice(0, 4)) - Number(span.from.slice(0, 4))) * 12 +
    Number(span.to.slice(5, 7)) -
    Number(span.from.slice(5, 7)) +
    1;
  if (span.to === endOfMonth(span.to)) return months;
  if ("from" in range) return null;
  if (range.period === "month") return 1;
  if (range.period === "year") return 12;
  return range.period === "6mo" || range.period === "12mo" ? months : null;
}

/** Presets without a span before or after them. */
const UNMOVED = ["24h", "all", "realtime"];

/** The span before (-1) or after (+1); null where there is none, for it would lie in the future. */
export function shiftRange(
  range: RangeChoice,
  span: DateSpan,
  direction: -1 | 1,
  today: IsoDate,
): DateSpan | null {
  if ("period" in range && UNMOVED.includes(range.period)) return null;
  if (direction === 1 && span.to >= today) return null;
  const months = stepMonths(range, span);
  if (months !== null) {
    const from = addMonths(span.from, direction * months);
    return { from, to: endOfMonth(addMonths(from, months - 1)) };
  }
  const days = daysBetween(span.from, span.to) + 1;
  return { from: addDays(span.from, direction * days), to: addDays(span.to, direction * days) };
}

/** What the date button says. */
export function rangeLabel(range: RangeChoice): string {
  if ("period" in range) {
    return PRESETS.find((preset) => preset.id === range.period)?.label ?? range.period;
  }
  return formatSpan(range);
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const month = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });

/** `3 Jan – 9 Jan 2026`, `3 Jan 2026`, or `January 2026` for a whole month. */
export function formatSpan(span: DateSpan): string {
  const from = new Date(`${span.from}T00:00:00Z`);
  const to = new Date(`${span.to}T00:00:00Z`);
  if (span.from === span.to) return dayAndYear.format(from);
  if (span.from === startOfMonth(span.from) && span.to === endOfMonth(span.from)) {
    return month.format(from);
  }
  const sameYear = span.from.slice(0, 4) === span.to.slice(0, 4);
  return `${(sameYear ? day : dayAndYear).format(from)} – ${dayAndYear.format(to)}`;
}
