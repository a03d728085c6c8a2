// On a phone: nothing is cut off, and the menu is a button away.

import { expect, openSite, panel, rows, test } from "../support/test";

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

test("the dashboard fits", async ({ page, demo }) => {
  for (const path of [
    "/",
    `/sites/${demo.site}?period=28d`,
    "/account",
    "/keys",
    `/sites/${demo.site}/settings`,
  ]) {
    await page.goto(path);
    await expect(page.getByRole("main")).toBeVisible();
    if (path.includes("period")) await expect(rows(panel(page, "Pages")).first()).toBeVisible();
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
});

test("the menu opens, and closes when it has led somewhere", async ({ page, demo }) => {
  await openSite(page, demo.site);
  await page.getByRole("button", { name: "Menu" }).tap();
  const menu = page.getByRole("dialog", { name: "Menu" });
  await menu.getByRole("link", { name: "Account" }).tap();
  await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
  await expect(menu).toBeHidden();
});

test("the shop fits too", async ({ page }) => {
  for (const path of ["/demo/", "/demo/tea-bowl", "/demo/slow-clay", "/demo/cart"]) {
    await page.goto(path);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, path).toBeLessThanOrEqual(0);
  }
});
