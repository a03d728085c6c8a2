// The gate's pages in light and in dark: axe finds nothing, and on a phone nothing is cut off.

import { audit } from "../support/axe";
import { plugIn } from "../support/authenticator";
import { code, expect, showPassword, test } from "../support/gate";

test.use({ expectedComplaints: [/status of 4\d\d/] });

const PAGES = [
  ["/account", "Account"],
  ["/keys", "API keys"],
  ["/users", "Users"],
  ["/sessions", "Sessions"],
  ["/limits", "Limits"],
  ["/audit", "Audit log"],
  ["/audit?from=2026-01-01&event=authz_fail&outcome=denied", "Audit log"],
  ["/posture", "Security check"],
] as const;

const settled = async (page: import("@playwright/test").Page, heading: string) => {
  await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
};

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test("pages", async ({ page, enter }) => {
      const ada = await enter({ role: "admin" });
      await ada.caller.post("/v1/keys", { name: "Brief", scopes: ["read:*"], expires_in_days: 1 });
      for (const [path, heading] of PAGES) {
        await page.goto(path);
        await settled(page, heading);
        await audit(page);
      }
    });

    test("dialogs", async ({ page, enter, person }) => {
      const grace = await person({ role: "operator" });
      await enter({ role: "admin" });
      await page.goto(`/users?user=${grace.id}`);
      await expect(page.getByRole("dialog", { name: grace.username })).toBeVisible();
      await audit(page);
      await page.getByRole("button", { name: "Take them away" }).click();
      await audit(page);
      await page.goto("/users");
      await page.getByRole("button", { name: "Invite somebody" }).click();
      await page.getByRole("radio", { name: "Only here" }).check();
      await audit(page);
      await page.goto("/keys");
      await page.getByRole("button", { name: "Create a key" }).click();
      await page.getByRole("radio", { name: "Only here" }).check();
      await audit(page);
      await page.goto("/account");
      await page.getByRole("button", { name: "New codes for recovery" }).click();
      await audit(page);
      await page.getByRole("button", { name: "Make new codes", exact: true }).click();
      await expect(page.getByRole("list", { name: "Recovery codes" })).toBeVisible();
      await audit(page);
    });

    test("the second step, and the question before something dangerous", async ({
      page,
      enter,
    }) => {
      const ada = await enter({ role: "operator" });
      await plugIn(page);
      await page.goto("/account");
      await page.getByRole("button", { name: "Add a passkey" }).click();
      await audit(page);
      await page.getByRole("button", { name: "Add the passkey" }).click();
      await expect(page.getByRole("list", { name: "Passkeys" })).toBeVisible();
      await audit(page);
      await page.getByRole("button", { name: "Sign out" }).click();
      await showPassword(page, ada);
      await expect(page.getByRole("button", { name: "Use the passkey" })).toBeVisible();
      await audit(page);
      await page.getByRole("button", { name: "Use the authenticator app" }).click();
      await code(page).fill("000000");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("alert")).toBeVisible();
      await audit(page);
    });

    test("a link that sets a password", async ({ page }) => {
      await page.goto("/reset#token=abc");
      await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
      await audit(page);
      await page.goto("/reset");
      await page.reload();
      await expect(page.getByText("This link does not work")).toBeVisible();
      await audit(page);
    });
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  const overflow = (page: import("@playwright/test").Page) =>
    page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

  test("pages and dialogs fit", async ({ page, enter, person }) => {
    const grace = await person({ role: "operator" });
    await enter({ role: "admin" });
    for (const [path, heading] of PAGES) {
      await page.goto(path);
      await settled(page, heading);
      expect(await overflow(page), path).toBeLessThanOrEqual(0);
    }
    await page.goto(`/users?user=${grace.id}`);
    const dialog = page.getByRole("dialog", { name: grace.username });
    await expect(dialog).toBeVisible();
    const { width, scrollWidth } = await dialog.evaluate((element) => ({
      width: element.clientWidth,
      scrollWidth: Math.max(...[...element.querySelectorAll("*")].map((each) => each.scrollWidth)),
    }));
    expect(scrollWidth).toBeLessThanOrEqual(width);
  });

  test("signing in fits", async ({ page, person }) => {
    const ada = await person({ role: "operator" });
    await page.goto("/");
    await showPassword(page, ada);
    await expect(code(page)).toBeVisible();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });
});
