import { expect, test } from "vitest";
import { parseQr } from "./qr";

test("a path of dark squares is taken, the light ground is not", () => {
  const svg =
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="200" height="200" viewBox="0 0 200 200">' +
    '<rect x="0" y="0" width="200" height="200" fill="#ffffff"/><path fill="#000" d="M20 20h5v5H20V20M30 20h5v5H30V20"/></svg>';
  expect(parseQr(svg)).toEqual({
    width: 200,
    height: 200,
    dark: "M20 20h5v5H20V20M30 20h5v5H30V20",
  });
});

test("rectangles become a path", () => {
  const svg =
    '<svg viewBox="0 0 4 4"><rect width="4" height="4" fill="white"/><rect x="1" y="2" width="1" height="1"/></svg>';
  expect(parseQr(svg)?.dark).toBe("M1 2h1v1h-1z");
});

test.each([
  ["nothing to draw", '<svg viewBox="0 0 4 4"></svg>'],
  ["no size", '<svg><path d="M0 0h1v1z"/></svg>'],
  ["something else in a path", '<svg viewBox="0 0 4 4"><path d="url(javascript:1)"/></svg>'],
  ["no SVG", "<html></html>"],
])("%s is no QR code", (_, svg) => {
  expect(parseQr(svg)).toBeNull();
});
