// Names of the buckets of a time series. The API gives each start with the site's own offset, so
// the wall-clock parts are read from the text and no time zone is computed here.

export type Interval = "minute" | "hour" | "day" | "week" | "month";

export const INTERVALS: readonly { id: Interval; label: string }[] = [
  { id: "minute", label: "Minutes" },
  { id: "hour", label: "Hours" },
  { id: "day", label: "Days" },
  { id: "week", label: "Weeks" },
  { id: "month", label: "Months" },
];

/** The intervals that make sense for a span of `days`. */
export function intervalsFor(days: number): Interval[] {
  if (days <= 1) return ["minute", "hour"];
  if (days <= 7) return ["hour", "day"];
  if (days <= 45) return ["day", "week"];
  if (days <= 400) return ["day", "week", "month"];
  return ["week", "month"];
}

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });

const DAY = format({ day: "numeric", month: "short" });
const LONG_DAY = format({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const MONTH = format({ month: "short", year: "numeric" });
const LONG_MONTH = format({ month: "long", year: "numeric" });

/** The wall clock of `2026-11-22T13:00:00+01:00`, kept as if it were UTC. */
function wallClock(at: string): Date {
  return new Date(`${at.slice(0, 19)}Z`);
}

/** The date part, which is what a click on the bucket zooms into. */
export function bucketDate(at: string): string {
  return at.slice(0, 10);
}

/** On the axis. */
export function shortLabel(at: string, interval: Interval): string {
  if (interval === "minute" || interval === "hour") return at.slice(11, 16);
  return (interval === "month" ? MONTH : DAY).format(wallClock(at));
}

/** In the tooltip and the table. */
export function longLabel(at: string, interval: Interval): string {
  const clock = wallClock(at);
  switch (interval) {
    case "minute":
    case "hour":
      return `${LONG_DAY.format(clock)}, ${at.slice(11, 16)}`;
    case "day":
      return LONG_DAY.format(clock);
    case "week":
      return `Week of ${LONG_DAY.format(clock)}`;
    case "month":
      return LONG_MONTH.format(clock);
  }
}
