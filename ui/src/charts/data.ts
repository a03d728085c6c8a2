// Shapes the points of a report into what a chart draws. Pure: no library, no DOM.

import { bucketDate, longLabel, shortLabel, type Interval } from "../lib/buckets";
import { addDays, endOfMonth } from "../lib/dates";
import type { DateSpan } from "../lib/range";

export interface Point {
  at: string;
  value?: number | null;
  partial: boolean;
}

export interface SeriesData {
  interval: Interval;
  /** Starts of the buckets, in the site's zone. */
  at: string[];
  labels: string[];
  values: (number | null)[];
  partial: boolean[];
  /** Finished buckets. */
  solid: (number | null)[];
  /** Unfinished buckets, and the neighbours their dashed line starts from. */
  dashed: (number | null)[];
  /** The compared range, bucket by bucket; empty when nothing is compared. */
  before: (number | null)[];
  beforeAt: string[];
  empty: boolean;
}

type Value = number | null;

/** Splits values into a solid line and the dashed one that joins it. */
export function splitUnfinished(points: readonly Point[]): { solid: Value[]; dashed: Value[] } {
  const isPartial = (index: number) => points[index]?.partial ?? false;
  return {
    solid: points.map((point) => (point.partial ? null : (point.value ?? null))),
    dashed: points.map((point, index) =>
      isPartial(index - 1) || point.partial || isPartial(index + 1) ? (point.value ?? null) : null,
    ),
  };
}

/** Everything a time series chart needs. */
export function shapeSeries(
  points: readonly Point[],
  comparison: readonly Point[] | null,
  interval: Interval,
): SeriesData {
  const before = points.map((_, index) => comparison?.[index]?.value ?? null);
  return {
    interval,
    at: points.map((point) => point.at),
    labels: points.map((point) => shortLabel(point.at, interval)),
    values: points.map((point) => point.value ?? null),
    partial: points.map((point) => point.partial),
    ...splitUnfinished(points),
    before: comparison ? before : [],
    beforeAt: comparison ? comparison.map((point) => point.at) : [],
    empty: points.every((point) => !point.value) && before.every((value) => !value),
  };
}

/** What a reader of one bucket is told. */
export function bucketLabel(data: SeriesData, index: number): string {
  const label = longLabel(data.at[index] ?? "", data.interval);
  return data.partial[index] ? `${label} (so far)` : label;
}

export function comparedLabel(data: SeriesData, index: number): string {
  const at = data.beforeAt[index];
  return at ? longLabel(at, data.interval) : "";
}

/** The span that a click on a bucket zooms into; null where there is nothing finer. */
export function zoomSpan(data: SeriesData, index: number): DateSpan | null {
  const at = data.at[index];
  if (!at) return null;
  const from = bucketDate(at);
  switch (data.interval) {
    case "day":
      return { from, to: from };
    case "week":
      return { from, to: addDays(from, 6) };
    case "month":
      return { from, to: endOfMonth(from) };
    default:
      return null;
  }
}

/** Tick marks that are round in the unit: seconds want 60s, counts want whole numbers. */
export function niceStep(max: number, unit: "count" | "ratio" | "percent" | "seconds"): number {
  const target = Math.max(max, 1) / 4;
  const seconds = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
  if (unit === "seconds") return seconds.find((step) => step >= target) ?? 28_800;
  const power = 10 ** Math.floor(Math.log10(target));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= target);
  const chosen = step ?? power * 10;
  return unit === "ratio" ? chosen : Math.max(1, Math.ceil(chosen));
}

/** The top of the axis: a whole number of steps above the largest value. */
export function axisTop(
  values: readonly Value[],
  unit: "count" | "ratio" | "percent" | "seconds",
): number {
  const max = values.reduce<number>((top, value) => Math.max(top, value ?? 0), 0);
  if (unit === "percent" && max > 50) return 100;
  const step = niceStep(max, unit);
  return Math.max(step, Math.ceil(max / step) * step);
}
