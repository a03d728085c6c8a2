import { expect, test } from "vitest";
import { Allowance, gapAfter } from "./pulse.svelte";

test("a slow server is asked seldom", () => {
  expect(gapAfter(5)).toBe(250);
  expect(gapAfter(500)).toBe(2000);
  expect(gapAfter(60_000)).toBe(30_000);
});

test("a burst is let through at once, after that one in four seconds", () => {
  const allowance = new Allowance(0);
  let now = 0;
  let beats = 0;
  while (now < 60_000) {
    if (allowance.waitMs(now) === 0) {
      allowance.take(now);
      beats += 1;
    }
    now += 1000;
  }
  // A beat is seven requests, and a reader has 240 of them a minute.
  expect(beats).toBeGreaterThan(15);
  expect(beats * 7).toBeLessThan(180);
  expect(allowance.waitMs(now + 60_000)).toBe(0);
});

test("one that is not allowed yet knows when it will be", () => {
  const allowance = new Allowance(0);
  for (let index = 0; index < 8; index += 1) allowance.take(0);
  expect(allowance.waitMs(0)).toBe(4000);
  expect(allowance.waitMs(3000)).toBe(1000);
  expect(allowance.waitMs(4000)).toBe(0);
});
