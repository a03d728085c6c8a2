// Everything by the keyboard.

import { card, expect, openSite, test } from "../support/test";

for (const [key, label, period] of [
  ["d", "Today", "day"],
  ["e", "Yesterday", "yesterday"],
  ["w", "Last 7 days", "7d"],
  ["t", "Last 30 days", "30d"],
  ["n", "Last 91 days", "91d"],
  ["m", "Month to date", "month"],
  ["y", "Year to date", "year"],
] as const) {
  test(`${key.toUpperCase()} shows: ${label}`, async ({ page, demo }) => {
    await openSite(page, demo.site, "?period=28d");
    await page.keyboard.press(key);
    await expect(page.getByRole("button", { name: label })).toBeVisible();
    await expect(page).toHaveURL(new RegExp(`[?&]period=${period}(&|$)`));
    await expect(card(page, "Unique visitors").locator(".value")).toHaveText(/\d/);
  });
}

test("arrows step through periods", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=7d");
  await page.keyboard.press("ArrowLeft");
  await expect(page).toHaveURL(/from=\d{4}-\d\d-\d\d&to=/);
  const before = page.url();
  await page.keyboard.press("ArrowRight");
  await expect(page).not.toHaveURL(before);
});

test("X compares and stops comparing, I walks the intervals, slash filters, Escape clears", async ({
  page,
  demo,
}) => {
  await openSite(page, demo.site, "?period=28d");
  await page.keyboard.press("x");
  await expect(page).toHaveURL(/compare=previous/);
  await page.keyboard.press("x");
  await expect(page).not.toHaveURL(/compare=/);
  await page.keyboard.press("i");
  await expect(page).toHaveURL(/interval=/);
  await page.keyboard.press("/");
  await expect(page.getByRole("dialog", { name: "Add a filter" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await openSite(page, demo.site, "?period=28d&f=is,device,desktop");
  await expect(page.getByRole("list", { name: "Filters" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).not.toHaveURL(/f=/);
});

test("the question mark lists the shortcuts, digits go to sites", async ({ page, demo }) => {
  await openSite(page, demo.site);
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(help.getByText("Last 91 days")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
  await page.keyboard.press("0");
  await expect(page.getByRole("heading", { name: "Sites" })).toBeVisible();
  await page.keyboard.press("1");
  await expect(page).toHaveURL(/\/sites\//);
});

test("keys typed into a field are text", async ({ page, demo }) => {
  await openSite(page, demo.site, "?period=28d");
  await page.keyboard.press("/");
  const values = page.getByRole("combobox", { name: "Values" });
  await values.fill("");
  await values.pressSequentially("wd");
  await expect(values).toHaveValue("wd");
  await expect(page).toHaveURL(/period=28d/);
});

test("the first Tab leads to the content", async ({ page, demo }) => {
  await openSite(page, demo.site);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});
