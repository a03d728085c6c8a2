// In and out, and what the browser keeps of it.

import { expect, test } from "../support/test";
import { signIn } from "../support/session";

test.use({
  storageState: { cookies: [], origins: [] },
  // The browser reports each refused request; that they are refused is what is tested.
  expectedComplaints: [/status of 401/],
});

test("a wrong password is refused without saying which part was wrong", async ({ page, demo }) => {
  await page.goto("/");
  await page.getByLabel("Username").fill(demo.admin_user);
  await page.getByLabel("Password", { exact: true }).fill("this is not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("This username and password do not match.")).toBeVisible();
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
  expect(await page.context().cookies()).toEqual([]);
});

test("the password is hidden and left to password managers", async ({ page }) => {
  await page.goto("/");
  const field = page.getByLabel("Password", { exact: true });
  await expect(field).toHaveAttribute("type", "password");
  await expect(field).toHaveAttribute("autocomplete", "current-password");
  await expect(page.getByLabel("Username")).toHaveAttribute("autocomplete", "username");
  await field.evaluate((input) => {
    const pasted = new ClipboardEvent("paste", { bubbles: true, cancelable: true });
    if (!input.dispatchEvent(pasted)) throw new Error("pasting is prevented");
  });
});

test("signing in leads to the page that was asked for, signing out ends it", async ({
  page,
  demo,
}) => {
  await page.goto(`/sites/${demo.site}?period=7d`);
  await signIn(page, demo);
  await expect(page).toHaveURL(`/sites/${demo.site}?period=7d`);
  await expect(page.getByRole("button", { name: "Last 7 days" })).toBeVisible();

  // The session, and what the browser is recognised by when it signs in again.
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name }) => name).sort()).toEqual([
    "__Host-shelduck",
    "__Host-shelduck-device",
  ]);
  for (const each of cookies) {
    expect(each).toMatchObject({ httpOnly: true, secure: true, path: "/" });
    expect(["Lax", "Strict"]).toContain(each.sameSite);
  }
  const cookie = cookies.find(({ name }) => name === "__Host-shelduck");
  expect(await page.evaluate(() => document.cookie)).toBe("");

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  // The cookie of before is worth nothing now, also for who kept a copy.
  await page.context().addCookies([cookie!]);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("the login link leads to the sign-in page", async ({ page, demo }) => {
  await page.goto(demo.login_url);
  await expect(page.getByLabel("Username")).toBeVisible();
});

test("without a session there are no numbers", async ({ request, demo }) => {
  for (const path of [
    `/v1/sites/${demo.site}/overview`,
    "/v1/sites",
    "/v1/users",
    "/v1/auth/session",
  ]) {
    const response = await request.get(path);
    expect(response.status(), path).toBe(401);
    expect(response.headers()["content-type"], path).toContain("application/problem+json");
  }
});
