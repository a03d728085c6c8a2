// axe finds nothing on any page, in light and in dark.

import { audit } from "../support/axe";
import { expect, openSite, panel, rows, test } from "../support/test";

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("the dashboard", async ({ page, demo }) => {
      await openSite(page, demo.site, "?period=28d&compare=previous&f=is_not,device,tablet");
      await expect(rows(panel(page, "Events")).first()).toBeVisible();
      await expect(
        panel(page, "Locations").getByRole("img", { name: /Map of visitors/ }),
      ).toBeVisible();
      await audit(page);
    });

    test("its dialogs", async ({ page, demo }) => {
      await openSite(page, demo.site, "?period=28d&details=page");
      await expect(rows(page.getByRole("dialog")).first()).toBeVisible();
      await audit(page);
      await page.keyboard.press("Escape");
      await page.keyboard.press("/");
      await expect(
        page.getByRole("listbox", { name: "Suggestions" }).getByRole("option").first(),
      ).toBeVisible();
      await audit(page);
      await page.keyboard.press("Escape");
      await page.keyboard.press("c");
      await expect(page.getByRole("grid", { name: "Days" })).toBeVisible();
      await audit(page);
    });

    test("realtime", async ({ page, demo }) => {
      await page.goto(`/sites/${demo.site}?period=realtime`);
      await expect(page.getByText("Visitors in 30 minutes")).toBeVisible();
      await audit(page);
    });

    for (const [path, heading] of [
      ["/", "Sites"],
      ["/account", "Account"],
      ["/keys", "API keys"],
      ["/users", "Users"],
    ] as const) {
      test(`the page ${heading}`, async ({ page }) => {
        await page.goto(path);
        await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
        await audit(page);
      });
    }

    test("the settings of a site", async ({ page, demo }) => {
      await page.goto(`/sites/${demo.site}/settings`);
      await expect(page.getByText("It works.")).toBeVisible();
      await audit(page);
    });

    test("the shop", async ({ page }) => {
      for (const path of [
        "/demo/",
        "/demo/tea-bowl",
        "/demo/slow-clay",
        "/demo/cart",
        "/demo/thanks",
      ]) {
        await page.goto(path);
        await audit(page);
      }
    });

    test.describe("signed out", () => {
      test.use({
        storageState: { cookies: [], origins: [] },
        expectedComplaints: [/status of 401/],
      });
      test("the sign-in page", async ({ page }) => {
        await page.goto("/");
        await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
        await audit(page);
      });
    });
  });
}
