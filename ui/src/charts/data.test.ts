import { describe, expect, test } from "vitest";
import {
  axisTop,
  bucketLabel,
  comparedLabel,
  niceStep,
  shapeSeries,
  splitUnfinished,
  zoomSpan,
  type Point,
} from "./data";

const point = (day: number, value: number | null, partial = false): Point => ({
  at: `2026-11-${String(day).padStart(2, "0")}T00:00:00+01:00`,
  value,
  partial,
});

describe("an unfinished bucket", () => {
  test("at the end hangs on the last finished one by a dashed line", () => {
    const { solid, dashed } = splitUnfinished([point(1, 5), point(2, 6), point(3, 2, true)]);
    expect(solid).toEqual([5, 6, null]);
    expect(dashed).toEqual([null, 6, 2]);
  });

  test("at the start does so too", () => {
    const { solid, dashed } = splitUnfinished([point(1, 5, true), point(2, 6), point(3, 7)]);
    expect(solid).toEqual([null, 6, 7]);
    expect(dashed).toEqual([5, 6, null]);
  });

  test("leaves the future empty", () => {
    const { solid, dashed } = splitUnfinished([point(1, 5), point(2, 2, true), point(3, null)]);
    expect(solid).toEqual([5, null, null]);
    expect(dashed).toEqual([5, 2, null]);
  });
});

test("the compared range is laid over bucket by bucket", () => {
  const now = [point(10, 1), point(11, 2), point(12, 3)];
  const data = shapeSeries(now, [point(7, 4), point(8, 5)], "day");
  expect(data.before).toEqual([4, 5, null]);
  expect(comparedLabel(data, 0)).toBe("Sat, 7 Nov 2026");
  expect(comparedLabel(data, 2)).toBe("");
  expect(shapeSeries(now, null, "day").before).toEqual([]);
});

test("a series without visits is empty, zero or null", () => {
  expect(shapeSeries([point(1, 0), point(2, null)], null, "day").empty).toBe(true);
  expect(shapeSeries([point(1, 0)], [point(1, 3)], "day").empty).toBe(false);
});

test("an unfinished bucket says so", () => {
  const data = shapeSeries([point(1, 5), point(2, 2, true)], null, "day");
  expect(bucketLabel(data, 0)).toBe("Sun, 1 Nov 2026");
  expect(bucketLabel(data, 1)).toBe("Mon, 2 Nov 2026 (so far)");
});

test("a bucket zooms into its own days", () => {
  const points = [point(2, 1), point(9, 1)];
  expect(zoomSpan(shapeSeries(points, null, "day"), 0)).toEqual({
    from: "2026-11-02",
    to: "2026-11-02",
  });
  expect(zoomSpan(shapeSeries(points, null, "week"), 1)).toEqual({
    from: "2026-11-09",
    to: "2026-11-15",
  });
  expect(zoomSpan(shapeSeries(points, null, "month"), 0)).toEqual({
    from: "2026-11-02",
    to: "2026-11-30",
  });
  expect(zoomSpan(shapeSeries(points, null, "hour"), 0)).toBeNull();
  expect(zoomSpan(shapeSeries(points, null, "day"), 7)).toBeNull();
});

test("axes end on a round number above the largest value", () => {
  expect(axisTop([3, null, 7], "count")).toBe(8);
  expect(axisTop([1487], "count")).toBe(1500);
  expect(axisTop([1501], "count")).toBe(2000);
  expect(axisTop([], "count")).toBe(1);
  expect(axisTop([62], "percent")).toBe(100);
  expect(axisTop([130], "seconds")).toBe(180);
  expect(axisTop([2.6], "ratio")).toBe(3);
  for (const max of [1, 9, 10, 99, 1234, 50_000]) {
    expect(axisTop([max], "count")).toBeGreaterThanOrEqual(max);
    expect(axisTop([max], "count") % niceStep(max, "count")).toBe(0);
  }
});
