import { expect, test } from "vitest";
import { daysLeft, ending, inOrder, standingOf } from "./keys";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const at = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

test.each([
  [null, "fine"],
  [90, "fine"],
  [14.01, "fine"],
  [14, "soon"],
  [1.5, "soon"],
  [1, "tomorrow"],
  [0.01, "tomorrow"],
  [0, "expired"],
  [-3, "expired"],
])("a key with %s days left is %s", (days, standing) => {
  expect(standingOf({ expires_at: days === null ? null : at(days) }, NOW)).toBe(standing);
});

test("a revoked key is over from then on, and not before", () => {
  expect(standingOf({ revoked_at: at(-1), expires_at: at(90) }, NOW)).toBe("revoked");
  expect(standingOf({ revoked_at: at(1), expires_at: at(90) }, NOW)).toBe("fine");
});

test("days are rounded up, so that the last one counts", () => {
  expect(daysLeft({ expires_at: at(1.2) }, NOW)).toBe(2);
  expect(daysLeft({}, NOW)).toBeNull();
});

const KEYS = [
  { name: "b", expires_at: at(10) },
  { name: "old", expires_at: at(-1) },
  { name: "a", expires_at: at(60) },
  { name: "gone", expires_at: at(2), revoked_at: at(-1) },
  { name: "c", expires_at: at(0.5) },
];

test("reminders are about keys that end soon, the next first", () => {
  expect(ending(KEYS, NOW).map(({ name }) => name)).toEqual(["c", "b"]);
});

test("keys that work come first", () => {
  expect(inOrder(KEYS, NOW).map(({ name }) => name)).toEqual(["a", "b", "c", "gone", "old"]);
});
