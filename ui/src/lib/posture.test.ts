import { expect, test } from "vitest";
import { bySource, countOf, type Checked } from "./posture";

const ITEMS: (Checked & { id: string })[] = [
  { id: "a", source: "startup", verdict: "pass" },
  { id: "b", source: "checklist", verdict: "not_applicable" },
  { id: "c", source: "startup", verdict: "fail" },
  { id: "d", source: "startup", verdict: "warn" },
  { id: "e", source: "startup", verdict: "fail" },
];

test("items stand under their source, what failed first, else in their order", () => {
  const groups = bySource(ITEMS).map(([source, items]) => [source, items.map(({ id }) => id)]);
  expect(groups).toEqual([
    ["startup", ["c", "e", "d", "a"]],
    ["checklist", ["b"]],
  ]);
});

test("verdicts are counted", () => {
  expect(countOf(ITEMS, "fail")).toBe(2);
  expect(countOf([], "fail")).toBe(0);
});
