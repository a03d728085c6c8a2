// A new site: added by hand, its snippet on a page of another origin, its first visit seen to arrive.

import { expect, panel, rows, test } from "../support/test";

test("from nothing to the first visit", async ({ page, serve, context }) => {
  const domain = `e2e-${crypto.randomUUID().slice(0, 8)}.test`;
  await page.goto("/");
  await page.getByRole("button", { name: "Add a site" }).click();
  await page.getByLabel("Domain").fill(`https://${domain}/some/page`);
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByText(`${domain} is waiting for its first visit`)).toBeVisible();
  await expect(page.getByText("Waiting for the first event.")).toBeVisible();

  const { snippet } = await (await page.request.get(`/v1/sites/${domain}/status`)).json();
  expect(snippet).toContain(domain);
  const port = await serve({
    "/hello": `<!doctype html><title>Hello</title><head>${snippet}</head><p>Hello</p>`,
  });
  const visitor = await context.newPage();
  const preflights: string[] = [];
  visitor.on(
    "request",
    (request) => request.method() === "OPTIONS" && preflights.push(request.url()),
  );
  await visitor.goto(`http://${domain}:${port}/hello`);

  await expect(page.getByText("It works.")).toBeVisible();
  expect(preflights).toEqual([]);
  await page.getByRole("button", { name: "See the numbers" }).click();
  await expect(rows(panel(page, "Pages")).filter({ hasText: "/hello" })).toBeVisible();
});
