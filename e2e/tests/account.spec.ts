// The own account: factors, password, sessions, keys.

import { readFile } from "node:fs/promises";
import {
  answer,
  code,
  expect,
  PASSWORD,
  showPassword,
  signedIn,
  takeSession,
  test,
} from "../support/gate";
import { Caller } from "../support/caller";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of (4\d\d|500)/] });

const codes = (page: import("@playwright/test").Page) =>
  page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");

test("an app is set up by hand of the shown key, and its codes are shown once", async ({
  page,
  enter,
}) => {
  const ada = await enter();
  await page.goto("/account");
  await page.getByRole("button", { name: "Set up an authenticator app" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up an authenticator app" });
  await expect(dialog.getByRole("img", { name: "QR code of the secret" })).toBeVisible();
  await dialog.getByText("Enter the key by hand instead").click();
  const secret = await dialog.locator("pre").innerText();
  await expect(dialog.getByRole("link", { name: /app on this device/ })).toHaveAttribute(
    "href",
    new RegExp(`^otpauth://totp/.*secret=${secret.replace(/\s/g, "")}`),
  );
  await code(page).fill("000000");
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("This code is not right.")).toBeVisible();
  await code(page).fill(totp(secret, 1));
  await page.keyboard.press("Enter");

  await expect(codes(page)).toHaveCount(10);
  const shown = await codes(page).allInnerTexts();
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe(`shelduck-recovery-codes-${ada.username}.txt`);
  const text = await readFile(await file.path(), "utf8");
  for (const each of shown) expect(text).toContain(each);
  await page.keyboard.press("Escape");
  await expect(page.getByText("They are not shown again.")).toBeVisible();
  await page.getByRole("button", { name: "I have saved them" }).click();
  await expect(page.getByText("10 left")).toBeVisible();
  await page.reload();
  await expect(page.getByText("10 left")).toBeVisible();
  await expect(codes(page)).toHaveCount(0);

  await page.getByRole("button", { name: "Sign out" }).click();
  await showPassword(page, ada);
  await code(page).fill(totp(secret));
  await page.keyboard.press("Enter");
  await signedIn(page);
});

test("the codes are copied and printed without the rest of the page", async ({ page, enter }) => {
  await enter({ role: "operator" });
  await page.goto("/account");
  await page.getByRole("button", { name: "New codes for recovery" }).click();
  await page.getByRole("button", { name: "Make new codes", exact: true }).click();
  await expect(codes(page)).toHaveCount(10);
  await page.getByRole("button", { name: "Copy the recovery codes" }).click();
  await expect(page.getByRole("button", { name: "Copy the recovery codes" })).toHaveText("Copied");
  const first = await codes(page).first().innerText();
  await page.emulateMedia({ media: "print" });
  await expect(codes(page).first()).toHaveCSS("visibility", "visible");
  await expect(page.getByRole("button", { name: "Download" })).toBeHidden();
  await expect(page.getByRole("heading", { name: "Account" })).toBeHidden();
  await page.emulateMedia({ media: "screen" });
  await page.getByRole("button", { name: "I have saved them" }).click();
  // The page may not read the clipboard, so the person pastes.
  const field = page.getByLabel("Current password");
  await field.focus();
  await page.keyboard.press("ControlOrMeta+v");
  expect(await field.inputValue()).toContain(first);
});

test("new recovery codes make the old ones worth nothing", async ({ page, enter }) => {
  const ada = await enter({ role: "operator" });
  await page.goto("/account");
  await page.getByRole("button", { name: "New codes for recovery" }).click();
  await expect(page.getByRole("dialog")).toContainText("10 codes that you still have");
  await page.getByRole("button", { name: "Make new codes", exact: true }).click();
  await expect(codes(page)).toHaveCount(10);
  const made = (await codes(page).allInnerTexts())[0]!;
  expect(ada.recoveryCodes).not.toContain(made);
  await page.getByRole("button", { name: "I have saved them" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await showPassword(page, ada);
  await page.getByRole("button", { name: "Use a recovery code" }).click();
  await page.getByLabel("Recovery code").fill(ada.recoveryCodes[0]!);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("none of your unused");
  await page.getByLabel("Recovery code").fill(made);
  await page.keyboard.press("Enter");
  await signedIn(page);
});

test("an app is given up, with its codes", async ({ page, enter }) => {
  await enter({ app: true });
  await page.goto("/account");
  await page.getByRole("button", { name: "Remove the authenticator app" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("only second factor");
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByRole("button", { name: "Set up an authenticator app" })).toBeVisible();
  await expect(page.getByText(/\d+ left/)).toBeHidden();
});

test("the password is changed: wrong, weak, right", async ({ page, server, enter }) => {
  const ada = await enter();
  const other = new Caller(server.url);
  await other.post("/v1/auth/login", { username: ada.username, password: PASSWORD });
  await page.goto("/account");
  const change = async (current: string, next: string) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password", { exact: true }).fill(next);
    await page.getByLabel("New password again").fill(next);
    await page.getByRole("button", { name: "Change the password" }).click();
  };
  await change("not the password at all", "nine herons wade the quiet lagoon");
  await expect(page.getByText("Is not the password of this account.")).toBeVisible();
  await change(PASSWORD, "aaaaaaaaaaaaaaaaaaaa");
  await expect(page.locator("[aria-invalid=true]")).toHaveCount(1);
  await page.getByLabel("New password again").fill("something else");
  await expect(page.getByText("The two differ.")).toBeVisible();
  await change(PASSWORD, "nine herons wade the quiet lagoon");
  await expect(page.getByText("The password is changed.")).toBeVisible();
  expect((await other.send("GET", "/v1/auth/session")).status).toBe(401);
});

test("sessions: one is ended, then all others", async ({ page, context, server, person }) => {
  const ada = await person();
  const others = [new Caller(server.url), new Caller(server.url), new Caller(server.url)];
  for (const each of others)
    await each.post("/v1/auth/login", { username: ada.username, password: ada.password });
  await takeSession(context, server.url, ada.caller);
  await page.goto("/account");
  const rows = page.getByRole("table", { name: "Sessions" }).locator("tbody tr");
  await expect(rows).toHaveCount(4);
  await expect(rows.filter({ hasText: "This one" })).toHaveCount(1);
  await rows
    .getByRole("button", { name: /End the session/ })
    .first()
    .click();
  await expect(rows).toHaveCount(3);
  await page.getByRole("button", { name: "End all others" }).click();
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole("button", { name: "End all others" })).toBeHidden();
  for (const each of others) expect((await each.send("GET", "/v1/auth/session")).status).toBe(401);
  await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
});

test("one's own keys are told, and those that end soon", async ({ page, enter }) => {
  const ada = await enter();
  await page.goto("/account");
  const card = page.getByRole("region", { name: "Your API keys" });
  await expect(card).toContainText("You have none.");
  await ada.caller.post("/v1/keys", { name: "Brief", scopes: ["read:*"], expires_in_days: 7 });
  await page.reload();
  await expect(card).toContainText("1 key: Brief.");
  await expect(card).toContainText("A key ends soon: Brief in 7 days.");
  await card.getByRole("link", { name: "Manage them" }).click();
  await expect(page.getByRole("heading", { name: "API keys" })).toBeVisible();
});

test("what the server cannot say can be asked again", async ({ page, enter }) => {
  await enter();
  await answer(page, "/v1/me/totp", 500);
  await page.goto("/account");
  const card = page.getByRole("region", { name: "Second factors" });
  await expect(card.getByRole("alert")).toContainText("Something went wrong");
  await page.unrouteAll();
  await card.getByRole("button", { name: "Try again" }).click();
  await expect(card.getByRole("heading", { name: /Authenticator app/ })).toBeVisible();
});

test("where passwords expire, it is said in time", async ({ page, enter }) => {
  await enter();
  await page.route("**/v1/auth/session", async (route) => {
    const response = await route.fetch();
    const expires = new Date(Date.now() + 3 * 86_400_000).toISOString();
    return route.fulfill({
      response,
      json: { ...(await response.json()), password_expires_at: expires },
    });
  });
  await page.goto("/");
  await expect(page.getByText("Your password ends in 3 days.")).toBeVisible();
  await page.getByRole("link", { name: "Choose another one" }).click();
  await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
});
