// Passkeys: made, used after the password and instead of it, asked for before something dangerous, and given up.

import { plugIn } from "../support/authenticator";
import { code, expect, showPassword, signedIn, test } from "../support/gate";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of 4\d\d/] });

const add = async (page: import("@playwright/test").Page, name: string) => {
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a passkey" });
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Add the passkey" }).click();
};

test("the first one brings recovery codes, then signs in alone and as a second step", async ({
  page,
  enter,
}) => {
  const ada = await enter({ role: "viewer" });
  const device = await plugIn(page);
  await page.goto("/account");
  await add(page, "My laptop");
  await expect(
    page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem"),
  ).toHaveCount(10);
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByRole("list", { name: "Passkeys" })).toContainText("My laptop");
  expect(await device.count()).toBe(1);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await signedIn(page);
  await expect(page.getByText(ada.username).first()).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await showPassword(page, ada);
  await expect(page.getByRole("button", { name: "Use the passkey" })).toBeFocused();
  await page.keyboard.press("Enter");
  await signedIn(page);
});

test("a question that is not answered says so, and can be asked again", async ({ page, enter }) => {
  await enter();
  const device = await plugIn(page);
  await page.goto("/account");
  await device.recognises(false);
  await add(page, "Phone");
  const dialog = page.getByRole("dialog", { name: "Add a passkey" });
  await expect(dialog.getByRole("alert")).toContainText("No passkey was used");
  await device.recognises(true);
  await dialog.getByRole("button", { name: "Add the passkey" }).click();
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByRole("list", { name: "Passkeys" })).toContainText("Phone");
});

test("the same device is not added twice", async ({ page, enter }) => {
  await enter();
  await plugIn(page);
  await page.goto("/account");
  await add(page, "One");
  await page.getByRole("button", { name: "I have saved them" }).click();
  await add(page, "Two");
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText(
    "has a passkey for this account already",
  );
});

test("who has a passkey and came by the app is asked for it before a key is made", async ({
  page,
  enter,
}) => {
  const ada = await enter({ role: "operator" });
  await plugIn(page);
  await page.goto("/account");
  await add(page, "Laptop");
  await expect(page.getByRole("list", { name: "Passkeys" })).toContainText("Laptop");
  await page.getByRole("button", { name: "Sign out" }).click();
  await showPassword(page, ada);
  await page.getByRole("button", { name: "Use the authenticator app" }).click();
  await code(page).fill(totp(ada.secret));
  await page.keyboard.press("Enter");
  await signedIn(page);

  await page.goto("/keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("Export");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Confirm that it is you" });
  await expect(question.getByRole("button", { name: "Use the passkey" })).toBeFocused();
  await page.keyboard.press("Enter");
  // The act itself is repeated: the secret is there without another click.
  await expect(page.getByRole("dialog", { name: "The secret of Export" })).toBeVisible();
});

test("given up, it opens nothing any more", async ({ page, enter }) => {
  await enter({ role: "operator" });
  await plugIn(page);
  await page.goto("/account");
  await add(page, "Old phone");
  await page.getByRole("button", { name: "Remove the passkey Old phone" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByRole("list", { name: "Passkeys" })).toBeHidden();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expect(page.getByRole("alert")).toContainText("This passkey is not known here.");
});
