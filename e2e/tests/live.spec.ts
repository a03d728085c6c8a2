// A click in the demo shop is on the dashboard within two seconds.

import { userAgent } from "../support/browser";
import { expect, openSite, panel, rowOf, rows, test, unique } from "../support/test";

/** The promise: from the click to the number that somebody is looking at. */
const LIVE_MS = 2_000;

const today = { period: "day" };

test("a purchase in the shop shows while somebody watches", async ({ page, demo, context }) => {
  const before = (await rowOf(page.request, demo.site, "event", "Purchase", today))?.events ?? 0;
  await openSite(page, demo.site, "?period=day&f=is,event,Purchase");

  const shop = await context.newPage();
  await shop.goto("/demo/tea-bowl");
  await shop.getByRole("button", { name: "Add to cart" }).click();
  await shop.getByRole("link", { name: "Cart" }).click();
  await shop.getByRole("button", { name: "Buy" }).click();
  // From here the clock runs: the event left with the click.
  const row = rows(panel(page, "Events")).filter({ hasText: "Purchase" });
  const total = row.locator("td").nth(1);
  await expect(total).toHaveText((before + 1).toLocaleString("en"), { timeout: LIVE_MS });
  await expect(shop.getByRole("heading", { name: "Thank you" })).toBeVisible();
});

test("a visitor of the shop is among the current visitors, on the page they look at", async ({
  page,
  demo,
  context,
}) => {
  // Only that page is asked for: of all pages, the list has the ones with most visitors.
  await page.goto(`/sites/${demo.site}?period=realtime&f=is,page,/demo/elm-board`);
  const pageviews = page.locator("dl > div", { hasText: "Pageviews in 30 minutes" }).locator("dd");
  await expect(pageviews).toHaveText(/\d/);
  const before = Number(await pageviews.textContent());
  const shop = await context.newPage();
  await shop.goto("/demo/elm-board");
  await expect(pageviews).toHaveText(String(before + 1), { timeout: LIVE_MS });
  await expect(page.getByText("/demo/elm-board").last()).toBeVisible();
  await expect(page.getByRole("link", { name: /current visitor/ })).not.toHaveText(/\b0 current/);
});

test("the shop's tracker sends what was clicked", async ({ page, demo }) => {
  const name = unique("Asked by hand");
  await page.goto("/demo/");
  await page.route("https://en.wikipedia.org/**", (route) => route.abort());
  await page.evaluate((event) => (window as any).shelduck(event, { props: { from: "e2e" } }), name);
  await expect
    .poll(() => rowOf(page.request, demo.site, "event", name, today))
    .toMatchObject({ events: 1, visitors: 1 });

  const links =
    (await rowOf(page.request, demo.site, "event", "Outbound Link: Click", today))?.events ?? 0;
  const files =
    (await rowOf(page.request, demo.site, "event", "File Download", today))?.events ?? 0;
  const downloaded = page.waitForEvent("download");
  await page.getByRole("link", { name: "Care guide" }).click();
  await downloaded;
  await page.getByRole("link", { name: "About eiders" }).click();
  await expect
    .poll(
      async () => (await rowOf(page.request, demo.site, "event", "File Download", today))?.events,
    )
    .toBe(files + 1);
  await expect
    .poll(
      async () =>
        (await rowOf(page.request, demo.site, "event", "Outbound Link: Click", today))?.events,
    )
    .toBe(links + 1);
});

test("nobody is given a cookie, and nothing is stored", async ({ browser, demo }) => {
  const context = await browser.newContext({
    baseURL: demo.url,
    userAgent,
    storageState: { cookies: [], origins: [] },
  });
  const page = await context.newPage();
  const setters: string[] = [];
  page.on("response", async (response) => {
    if (await response.headerValue("set-cookie")) setters.push(response.url());
  });
  const sent = page.waitForResponse((response) => response.url().endsWith("/api/event"));
  await page.goto("/demo/");
  expect((await sent).status()).toBe(202);
  expect(await context.cookies()).toEqual([]);
  expect(setters).toEqual([]);
  const stored = await page.evaluate(async () => ({
    items: localStorage.length + sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
  }));
  expect(stored).toEqual({ items: 0, databases: 0, caches: 0 });
  await context.close();
});

test("a robot is answered like everybody, and not counted", async ({ browser, page, demo }) => {
  const name = unique("By a robot");
  const context = await browser.newContext({
    baseURL: demo.url,
    userAgent: userAgent.replace("Chrome/", "HeadlessChrome/"),
  });
  const robot = await context.newPage();
  await robot.goto("/demo/");
  const answered = robot.waitForResponse(
    (response) => response.request().postData()?.includes(name) ?? false,
  );
  await robot.evaluate((event) => (window as any).shelduck(event), name);
  const response = await answered;
  expect(response.status()).toBe(202);
  expect(await response.headerValue("x-shelduck-dropped")).toMatch(/headless|bot|automation/);
  await context.close();

  // The same from a person, sent afterwards, is there; so the robot's would be too.
  await page.goto("/demo/");
  await page.evaluate((event) => (window as any).shelduck(`${event}, not`), name);
  await expect
    .poll(() => rowOf(page.request, demo.site, "event", `${name}, not`, today))
    .toMatchObject({ events: 1 });
  expect(await rowOf(page.request, demo.site, "event", name, today)).toBeUndefined();
});
