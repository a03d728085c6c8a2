import { expect, test } from "vitest";
import {
  changeOf,
  formatCount,
  formatDuration,
  formatMetric,
  formatPercent,
  formatRelative,
  plural,
  spokenChange,
} from "./format";

test("counts are exact up to four digits, then short", () => {
  expect([0, 9999, 10_000, 12_345, 999_999, 1_250_000].map(formatCount)).toEqual([
    "0",
    "9,999",
    "10k",
    "12.3k",
    "1M",
    "1.3M",
  ]);
});

test("durations name their units", () => {
  expect([0, 47.6, 60, 125, 3599, 3600, 7384].map(formatDuration)).toEqual([
    "0s",
    "48s",
    "1m 00s",
    "2m 05s",
    "59m 59s",
    "1h 00m",
    "2h 03m",
  ]);
});

test("percentages are finer when they are small", () => {
  expect([0, 0.25, 4.25, 9.96, 42.4, 100].map(formatPercent)).toEqual([
    "0%",
    "0.3%",
    "4.3%",
    "10%",
    "42%",
    "100%",
  ]);
});

test("a metric without a value is a dash", () => {
  expect(formatMetric({ unit: "count" }, null)).toBe("–");
  expect(formatMetric({ unit: "count" }, undefined)).toBe("–");
  expect(formatMetric({ unit: "count" }, 12_345, "full")).toBe("12,345");
  expect(formatMetric({ unit: "ratio" }, 2.5)).toBe("2.50");
});

const more = { unit: "count", better: "more" } as const;
const bounce = { unit: "percent", better: "less" } as const;

test("changes are relative, and in points for percentages", () => {
  expect(changeOf(more, 120, 100)).toEqual({ direction: "up", text: "20%", good: true });
  expect(changeOf(more, 50, 100)).toEqual({ direction: "down", text: "50%", good: false });
  expect(changeOf(bounce, 45, 41)).toEqual({ direction: "up", text: "4 pts", good: false });
  expect(changeOf(bounce, 40, 0)).toEqual({ direction: "up", text: "40 pts", good: false });
});

test("there is no change where there is nothing to compare with", () => {
  expect(changeOf(more, 5, null)).toBeNull();
  expect(changeOf(more, undefined, 5)).toBeNull();
  expect(changeOf(more, 5, 0)).toBeNull();
  expect(changeOf(more, 0, 0)?.direction).toBe("same");
});

test("a change is said in words", () => {
  expect(spokenChange({ direction: "up", text: "20%", good: true })).toBe("up 20%");
  expect(spokenChange({ direction: "same", text: "0%", good: undefined })).toBe("unchanged");
});

test("instants are told from now", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(formatRelative("2026-11-22T11:59:50Z", now)).toBe("just now");
  expect(formatRelative("2026-11-22T11:55:00Z", now)).toBe("5 minutes ago");
  expect(formatRelative("2026-11-25T12:00:00Z", now)).toBe("in 3 days");
});

test("one is not many", () => {
  expect(plural(1, "visitor")).toBe("1 visitor");
  expect(plural(0, "visitor")).toBe("0 visitors");
  expect(plural(1200, "row")).toBe("1,200 rows");
});
