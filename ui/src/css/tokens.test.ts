import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { contrast, parseTokens } from "../lib/color";

const tokens = parseTokens(readFileSync(new URL("./tokens.css", import.meta.url), "utf8"));

function ratio(one: string, other: string, scheme: "light" | "dark"): number {
  const first = tokens.get(one);
  const second = tokens.get(other);
  if (!first || !second) throw new Error(`no token ${first ? other : one}`);
  return contrast(first[scheme], second[scheme]);
}

const SCHEMES = ["light", "dark"] as const;
const SERIES = ["1", "2", "3", "4", "5", "6", "7", "8", "before"].map((id) => `series-${id}`);
const TEXTS: [string, string][] = [
  ["text", "surface"],
  ["text", "paper"],
  ["text", "bar-hover"],
  ["text", "hover"],
  ["text-muted", "surface"],
  ["text-muted", "paper"],
  ["text-muted", "surface-sunken"],
  ["text-muted", "hover"],
  ["accent", "surface"],
  ["accent", "accent-soft"],
  ["accent", "bar"],
  ["on-accent", "accent"],
  ["on-accent", "accent-hover"],
  ["danger", "surface"],
  ["danger", "danger-soft"],
  ["on-danger", "danger"],
  ["good", "surface"],
  ["good", "good-soft"],
  ["bad", "surface"],
  ["chestnut", "surface"],
  ["chestnut", "chestnut-soft"],
  ["text", "chestnut-soft"],
  ["text", "danger-soft"],
  ["text-muted", "surface-raised"],
  ["qr-dark", "qr-light"],
  ["head-text", "head"],
  ["head-text", "head-raised"],
  ["head-text-muted", "head"],
  ["head-text-muted", "head-raised"],
];

describe.each(SCHEMES)("%s", (scheme) => {
  test.each(SERIES)("%s stands out from the surface", (name) => {
    expect(ratio(name, "surface", scheme)).toBeGreaterThanOrEqual(3);
  });

  test.each(TEXTS)("%s can be read on %s", (text, surface) => {
    expect(ratio(text, surface, scheme)).toBeGreaterThanOrEqual(4.5);
  });

  test("the border of an input stands out", () => {
    expect(ratio("line-strong", "surface-raised", scheme)).toBeGreaterThanOrEqual(3);
  });

  test("the shades of the map rise step by step", () => {
    for (let level = 1; level <= 5; level += 1) {
      expect(ratio(`map-${level}`, `map-${level - 1}`, scheme)).toBeGreaterThan(1.15);
    }
  });
});
