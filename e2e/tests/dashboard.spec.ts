// The web page of a site: what it shows is what the API says, and everything about it is in its address.

import { ask, card, expect, openSite, panel, rows, test } from "../support/test";

const address = (page: import("@playwright/test").Page) => new URL(page.url());

test("ninety days of numbers, as the API has them", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=91d");
  const { metrics } = await ask(page.request, `/v1/sites/${demo.site}/overview`, { period: "91d" });
  expect(metrics.visitors).toBeGreaterThan(1000);
  for (const [label, value] of [
    ["Unique visitors", metrics.visitors],
    ["Total visits", metrics.visits],
    ["Pageviews", metrics.pageviews],
  ] as const) {
    await expect(card(page, label), label).toHaveAttribute("title", value.toLocaleString("en"));
  }
  for (const label of ["Views per visit", "Bounce rate", "Visit duration"]) {
    await expect(card(page, label).locator(".value"), label).toHaveText(/\d/);
  }
  const series = page.getByRole("table", { name: "Unique visitors over time" });
  await expect(series.locator("tbody tr")).toHaveCount(91);
  for (const name of ["Sources", "Pages", "Devices", "Events"]) {
    await expect(rows(panel(page, name)).first(), name).toBeVisible();
  }
  await expect(
    panel(page, "Locations").getByRole("img", { name: /Map of visitors/ }),
  ).toBeVisible();
});

test("a card drives the graph", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=30d");
  await card(page, "Bounce rate").click();
  await expect(card(page, "Bounce rate")).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("table", { name: "Bounce rate over time" })).toBeAttached();
  expect(address(page).searchParams.get("metric")).toBe("bounce_rate");
  await page.reload();
  await expect(page.getByRole("table", { name: "Bounce rate over time" })).toBeAttached();
});

test("the graph follows the interval", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=28d");
  const series = page.getByRole("table", { name: "Unique visitors over time" }).locator("tbody tr");
  await expect(series).toHaveCount(28);
  await page.getByLabel("Interval").selectOption({ label: "Weeks" });
  await expect(series).not.toHaveCount(28);
  await expect.poll(() => series.count()).toBeLessThanOrEqual(5);
  expect(address(page).searchParams.get("interval")).toBe("week");
});

test("a comparison shows the change on cards, graph and rows", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=28d");
  await page.getByLabel("Compare with").selectOption({ label: "Period before" });
  await expect(card(page, "Unique visitors")).toContainText("before");
  const series = page.getByRole("table", { name: "Unique visitors over time" });
  await expect(series.getByRole("columnheader", { name: "Compared" })).toBeAttached();
  await expect(panel(page, "Sources").getByRole("columnheader", { name: "Change" })).toBeVisible();
  expect(address(page).searchParams.get("compare")).toBe("previous");
});

test("a click on a row filters everything, the chip and Back undo it", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=30d");
  const all = await card(page, "Total visits").getAttribute("title");
  const browsers = panel(page, "Devices");
  const first = rows(browsers).first().getByRole("button");
  const name = (await first.getAttribute("title"))!;
  await first.click();

  const chips = page.getByRole("list", { name: "Filters" });
  await expect(
    chips.getByRole("button", { name: `Browser is ${name}`, exact: true }),
  ).toBeVisible();
  await expect(card(page, "Total visits")).not.toHaveAttribute("title", all!);
  const filtered = await ask(page.request, `/v1/sites/${demo.site}/overview`, {
    period: "30d",
    filters: JSON.stringify([["is", "browser", [name]]]),
  });
  await expect(card(page, "Total visits")).toHaveAttribute(
    "title",
    filtered.metrics.visits.toLocaleString("en"),
  );
  // One browser was asked for, so its versions are what is left to tell.
  await expect(browsers.getByRole("columnheader", { name: "Version" })).toBeVisible();

  await page.goBack();
  await expect(chips).toBeHidden();
  await expect(card(page, "Total visits")).toHaveAttribute("title", all!);
  await page.goForward();
  await page.getByRole("button", { name: /Remove the filter Browser/ }).click();
  await expect(card(page, "Total visits")).toHaveAttribute("title", all!);
  expect(address(page).searchParams.has("f")).toBe(false);
});

test("a filter by hand: contains, with a suggested value", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=30d");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Add a filter" });
  await dialog.getByLabel("Where").selectOption({ label: "Country" });
  await dialog.getByLabel("Condition").selectOption({ label: "is not" });
  const suggestion = dialog
    .getByRole("listbox", { name: "Suggestions" })
    .getByRole("option")
    .first();
  await expect(suggestion).toBeVisible();
  await suggestion.click();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("list", { name: "Filters" })).toContainText("Country is not");
  expect(address(page).searchParams.get("f")).toMatch(/^is_not,country,/);
});

test("tabs choose what a panel shows", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=30d");
  const pages = panel(page, "Pages");
  await pages.getByRole("tab", { name: "Entry pages" }).click();
  await expect(pages.getByRole("columnheader", { name: "Entry page" })).toBeVisible();
  const locations = panel(page, "Locations");
  await locations.getByRole("tab", { name: "Countries" }).click();
  await expect(rows(locations).first()).toBeVisible();
  await page.reload();
  await expect(pages.getByRole("tab", { name: "Entry pages" })).toHaveAttribute(
    "aria-selected",
    "true",
  );
  await expect(locations.getByRole("tab", { name: "Countries" })).toHaveAttribute(
    "aria-selected",
    "true",
  );
});

test("details: all rows, searched and sorted", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=91d");
  await panel(page, "Pages")
    .getByRole("button", { name: /pages: Page$/ })
    .click();
  const dialog = page.getByRole("dialog", { name: "Page" });
  await expect(rows(dialog).first()).toBeVisible();
  await dialog.getByRole("searchbox").fill("no page is called this");
  await expect(dialog.getByText("Nothing found")).toBeVisible();
  await dialog.getByRole("searchbox").fill("");
  await dialog.getByRole("button", { name: "Pageviews" }).click();
  const { items } = await ask(page.request, `/v1/sites/${demo.site}/breakdown/page`, {
    period: "91d",
    sort: "pageviews",
    order: "desc",
  });
  await expect(rows(dialog).first()).toContainText(items[0].value);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
});

test("a range by dates, from the address and from the calendar", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=28d");
  const { range } = await ask(page.request, `/v1/sites/${demo.site}/overview`, { period: "7d" });
  await openSite(page, demo.site, `?from=${range.from}&to=${range.to}`);
  await expect(
    page.getByRole("table", { name: "Unique visitors over time" }).locator("tbody tr"),
  ).toHaveCount(7);
  await page.keyboard.press("c");
  const days = page.getByRole("grid", { name: "Days" });
  await days.getByRole("button", { disabled: false }).first().click();
  await days.getByRole("button", { disabled: false }).nth(1).click();
  await expect(days).toBeHidden();
  const { searchParams } = address(page);
  expect(searchParams.get("from")! < searchParams.get("to")!).toBe(true);
});

test("an address that means nothing is answered with a page that says so", async ({ page }) => {
  await page.goto("/nowhere/at/all");
  await expect(page.getByText("There is no such page")).toBeVisible();
});

test.describe("a site nobody has", () => {
  test.use({ expectedComplaints: [/status of 404/] });
  test("is said not to be here", async ({ page }) => {
    await page.goto("/sites/nobody.example");
    await expect(page.getByText("There is no site nobody.example here.")).toBeVisible();
  });
});
