import world from "world-atlas/countries-110m.json";
import { expect, test } from "vitest";
import { HEIGHT, level, LEVELS, WIDTH } from "./choropleth";
import { worldShapes, type World } from "./projection";

const shapes = worldShapes(world as unknown as World);

test("every country has an outline, and nearly every one a code", () => {
  expect(shapes.length).toBe(176);
  expect(shapes.filter((shape) => shape.code === null).length).toBe(2);
  expect(shapes.find((shape) => shape.code === "DE")?.path).toMatch(/^M/);
  expect(shapes.some((shape) => shape.code === "AQ")).toBe(false);
});

test("outlines stay inside the map", () => {
  for (const shape of shapes) {
    const pairs = [...shape.path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)];
    expect(pairs.every(([, x]) => Number(x) >= 0 && Number(x) <= WIDTH)).toBe(true);
    expect(pairs.every(([, , y]) => Number(y) >= 0 && Number(y) <= HEIGHT)).toBe(true);
  }
});

test("shades rise with visitors", () => {
  expect(level(0, 100)).toBe(0);
  expect(level(1, 1)).toBe(LEVELS);
  expect(level(1, 10_000)).toBe(1);
  expect(level(2500, 10_000)).toBe(3);
  expect(level(10_000, 10_000)).toBe(LEVELS);
});
