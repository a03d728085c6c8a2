// axe finds nothing.

import axe from "axe-core";
import { expect, type Page } from "@playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export const audit = async (page: Page) => {
  // Evaluated by the browser's debugger, which the page's content security policy does not concern.
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    async (tags) =>
      (await (window as unknown as { axe: typeof axe }).axe.run({ runOnly: tags })).violations,
    TAGS,
  );
  const told = found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
  );
  expect(told).toEqual([]);
};
