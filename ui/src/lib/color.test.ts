import { expect, test } from "vitest";
import { contrast, parseTokens } from "./color";

test("contrast has the known ends", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#777777", "#777777")).toBe(1);
  expect(contrast("#ffffff", "#767676")).toBeCloseTo(4.54, 2);
});

test("tokens are read with both schemes", () => {
  const tokens = parseTokens("--a: light-dark(#111111, #eeeeee);\n--b: #abcdef;\n--c: 4px;");
  expect(tokens.get("a")).toEqual({ light: "#111111", dark: "#eeeeee" });
  expect(tokens.get("b")).toEqual({ light: "#abcdef", dark: "#abcdef" });
  expect(tokens.has("c")).toBe(false);
});
