import { expect, test } from "vitest";
import { StepUp } from "./stepup.svelte";

test("one answer serves all who wait, and the next who asks is asked anew", async () => {
  const stepUp = new StepUp();
  expect(stepUp.open).toBe(false);
  const first = stepUp.ask();
  const second = stepUp.ask();
  expect(stepUp.open).toBe(true);
  stepUp.settle(true);
  expect(await Promise.all([first, second])).toEqual([true, true]);
  expect(stepUp.open).toBe(false);

  const third = stepUp.ask();
  stepUp.settle(false);
  expect(await third).toBe(false);
});

test("an answer nobody asked for changes nothing", () => {
  const stepUp = new StepUp();
  stepUp.settle(true);
  expect(stepUp.open).toBe(false);
});
