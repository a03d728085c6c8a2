// Signing in with a second step: app, recovery code, and what goes wrong.

import { code, expect, showPassword, signedIn, test } from "../support/gate";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of 4\d\d/] });

test("by the keyboard alone: name, password, code", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  await page.goto("/");
  await expect(page.getByLabel("Username")).toBeFocused();
  await page.keyboard.type(ada.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(ada.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await expect(code(page)).toBeFocused();
  await page.keyboard.type(totp(ada.secret));
  await page.keyboard.press("Enter");
  await signedIn(page);
});

test("a wrong code is refused, and the right one is taken after it", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  await page.goto("/");
  await showPassword(page, ada);
  await code(page).fill("000000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("This code is not right");
  await expect(code(page)).toHaveValue("");
  await code(page).fill(totp(ada.secret));
  await page.keyboard.press("Enter");
  await signedIn(page);
});

test("the way back leads to the password, and nobody is signed in", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  await page.goto("/");
  await showPassword(page, ada);
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});

test("a recovery code signs in, once", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  const useCode = async () => {
    await showPassword(page, ada);
    await page.getByRole("button", { name: "Use a recovery code" }).click();
    await expect(page.getByLabel("Recovery code")).toBeFocused();
    await page.keyboard.type(ada.recoveryCodes[3]!);
    await page.keyboard.press("Enter");
  };
  await page.goto("/account");
  await useCode();
  await expect(page.getByText("9 left")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await useCode();
  await expect(page.getByRole("alert")).toContainText("none of your unused recovery codes");
});

test("a sign-in that has ended begins again with the password", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  await page.goto("/");
  await showPassword(page, ada);
  await expect(code(page)).toBeVisible();
  await page.route("**/v1/auth/mfa", (route) =>
    route.fulfill({
      status: 401,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: "urn:shelduck:problem:transaction-ended", status: 401 }),
    }),
  );
  await code(page).fill("123456");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("alert")).toContainText("Begin again");
});

test("wrong codes lock, and the page counts down", async ({ page, person }) => {
  const ada = await person({ role: "operator" });
  await page.goto("/");
  await expect(page.getByLabel("Username")).toBeVisible();
  for (let tries = 0; tries < 7; tries += 1) {
    if (await page.getByText("Too many attempts").isVisible()) break;
    if (await page.getByLabel("Username").isVisible()) await showPassword(page, ada);
    await code(page).or(page.getByText("Too many attempts")).first().waitFor();
    if (!(await code(page).isVisible())) continue;
    const answered = page.waitForResponse("**/v1/auth/mfa");
    await code(page).fill("000000");
    await page.keyboard.press("Enter");
    await answered;
  }
  await expect(page.getByText(/Too many attempts\. Try again in \dm/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeDisabled();
});
