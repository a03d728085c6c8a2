// Before something dangerous the server may ask again who one is; then the act is repeated by itself.

import { code, expect, test } from "../support/gate";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of 4\d\d/] });

/** The first try of an act is answered as if the session had grown old; the proof itself is the server's business. */
const growOld = async (page: import("@playwright/test").Page, path: string) => {
  let tried = false;
  await page.route(`**${path}`, (route) => {
    if (tried || route.request().method() !== "POST") return route.continue();
    tried = true;
    return route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: "urn:shelduck:problem:step-up-required", status: 403 }),
    });
  });
};

const createKey = async (page: import("@playwright/test").Page) => {
  await page.goto("/keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("Export");
  await page.keyboard.press("Enter");
};

test("by the password, with the keyboard", async ({ page, enter }) => {
  const ada = await enter();
  await growOld(page, "/v1/keys");
  await createKey(page);
  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(question.getByLabel("Password")).toBeFocused();
  await page.keyboard.type("this is not the password");
  await page.keyboard.press("Enter");
  await expect(question.getByRole("alert")).toContainText("This is not your password.");
  await question.getByLabel("Password").fill(ada.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "The secret of Export" })).toBeVisible();
});

test("by the code of the app, or a recovery code", async ({ page, enter }) => {
  const ada = await enter({ role: "operator" });
  await growOld(page, "/v1/keys");
  await createKey(page);
  await expect(code(page)).toBeFocused();
  await page.keyboard.type(totp(ada.secret));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "The secret of Export" })).toBeVisible();

  await page.unrouteAll();
  await growOld(page, "/v1/keys");
  await createKey(page);
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await expect(page.getByLabel("Recovery code")).toBeFocused();
  await page.keyboard.type(ada.recoveryCodes[0]!);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "The secret of Export" })).toBeVisible();
});

test("who does not confirm has changed nothing, and keeps what was typed", async ({
  page,
  enter,
}) => {
  await enter();
  await growOld(page, "/v1/keys");
  await createKey(page);
  await expect(page.getByRole("dialog", { name: "Confirm that it is you" })).toBeVisible();
  await page.keyboard.press("Escape");
  const dialog = page.getByRole("dialog", { name: "Create a key" });
  await expect(dialog.getByRole("alert")).toContainText("nothing was changed");
  await expect(dialog.getByLabel("Name")).toHaveValue("Export");
});
