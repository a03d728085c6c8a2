import { expect, test } from "vitest";
import { byUrgency, nearness, shareOf, totalsOf, type Usage } from "./limits";

const usage = (used: number, quota: number, rest: Partial<Usage> = {}): Usage => ({
  used,
  quota,
  refused: 0,
  shadow: 0,
  ...rest,
});

test.each([
  [usage(0, 100), "fine"],
  [usage(79, 100), "fine"],
  [usage(80, 100), "near"],
  [usage(100, 100), "near"],
  [usage(101, 100), "over"],
  [usage(10, 100, { refused: 1 }), "over"],
  [usage(10, 100, { shadow: 1 }), "over"],
])("%j is %s", (each, expected) => {
  expect(nearness(each)).toBe(expected);
});

test("a share is never more than all, and all of nothing is all", () => {
  expect(shareOf(usage(150, 100))).toBe(1);
  expect(shareOf(usage(0, 0))).toBe(1);
  expect(shareOf(usage(25, 100))).toBe(0.25);
});

test("the most urgent comes first", () => {
  const items = [usage(10, 100), usage(85, 100), usage(50, 100), usage(2, 100, { refused: 3 })];
  expect(byUrgency(items).map(({ used }) => used)).toEqual([2, 85, 50, 10]);
});

test("totals are sums", () => {
  const items = [
    usage(90, 100),
    usage(5, 5, { refused: 3, shadow: 1 }),
    usage(1, 100, { shadow: 2 }),
  ];
  expect(totalsOf(items)).toEqual({ over: 2, near: 1, refused: 3, shadow: 3 });
  expect(totalsOf([])).toEqual({ over: 0, near: 0, refused: 0, shadow: 0 });
});
