// From an invitation to the first numbers: link, password, second factor, and only what was granted.

import { code, expect, PASSWORD, showPassword, signedIn, test } from "../support/gate";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of 4\d\d/] });

test("invited to one site, an operator chooses a password, sets up an app and sees that site", async ({
  page,
  browser,
  server,
  enter,
}) => {
  const sites = ["shop", "blog"].map((name) => `${name}-${crypto.randomUUID().slice(0, 8)}.test`);
  for (const domain of sites) await server.program.post("/v1/sites", { domain });
  await enter({ role: "admin" });
  await page.goto("/users");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  const username = `grace-${crypto.randomUUID().slice(0, 8)}`;
  await dialog.getByLabel("Username").fill(username);
  await dialog.getByLabel("Role").selectOption("operator");
  await dialog.getByRole("radio", { name: "Only here" }).check();
  await expect(dialog.getByRole("button", { name: "Invite" })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: sites[0]! }).check();
  await dialog.getByRole("button", { name: "Invite" }).click();
  const link = await page
    .getByRole("dialog", { name: `${username} is invited` })
    .locator("pre")
    .innerText();
  expect(link).toContain(`${server.url}/reset#token=`);
  await page.getByRole("button", { name: "Done" }).click();
  const row = page
    .getByRole("table", { name: "Users" })
    .getByRole("row")
    .filter({ hasText: username });
  await expect(row).toContainText("Operator");
  await expect(row).toContainText(sites[0]!);

  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(link);
  await expect(theirs.getByLabel("Password", { exact: true })).toBeFocused();
  await theirs.keyboard.type("too short");
  await theirs.keyboard.press("Tab");
  await theirs.keyboard.type("too short");
  await theirs.keyboard.press("Enter");
  await expect(theirs.getByText(/at least 16 characters/i).last()).toBeVisible();
  await theirs.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await theirs.getByLabel("Password again").fill(PASSWORD);
  await theirs.keyboard.press("Enter");
  await expect(theirs.getByRole("heading", { name: "Your password is set" })).toBeVisible();
  expect(theirs.url()).not.toContain("token");
  await theirs.keyboard.press("Enter");

  await showPassword(theirs, { username, password: PASSWORD });
  await expect(theirs.getByRole("heading", { name: "Protect your account" })).toBeVisible();
  // Nothing else is reachable before that.
  await theirs.goto(`${server.url}/sites/${sites[0]}`);
  await expect(theirs.getByRole("heading", { name: "Protect your account" })).toBeVisible();
  await theirs.getByRole("button", { name: "Authenticator app" }).click();
  await expect(theirs.getByRole("img", { name: "QR code of the secret" })).toBeVisible();
  await theirs.getByText("Enter the key by hand instead").click();
  const secret = await theirs.locator("pre").innerText();
  await code(theirs).fill(totp(secret));
  await theirs.keyboard.press("Enter");
  await expect(theirs.getByRole("heading", { name: "Keep your recovery codes" })).toBeVisible();
  await theirs.getByRole("button", { name: "I have saved them" }).click();
  await signedIn(theirs);

  await theirs.goto(`${server.url}/`);
  const main = theirs.getByRole("main");
  await expect(main.getByRole("link", { name: sites[0]! })).toBeVisible();
  await expect(main.getByRole("listitem")).toHaveCount(1);
  await theirs.goto(`${server.url}/sites/${sites[1]}`);
  await expect(theirs.getByText(`There is no site ${sites[1]} here.`)).toBeVisible();
  await theirs.goto(`${server.url}/sites/${sites[0]}/settings`);
  await expect(theirs.getByRole("button", { name: "Save" })).toBeVisible();

  // The link works once.
  const again = await (await browser.newContext()).newPage();
  await again.goto(link);
  await again.getByLabel("Password", { exact: true }).fill(`${PASSWORD} again`);
  await again.getByLabel("Password again").fill(`${PASSWORD} again`);
  await again.keyboard.press("Enter");
  await expect(again.getByRole("heading", { name: "This link does not work" })).toBeVisible();
  await again.context().close();
  await theirs.context().close();
});

test("a viewer of one site sees that one, and nothing to administer", async ({
  page,
  server,
  enter,
}) => {
  const domain = `only-${crypto.randomUUID().slice(0, 8)}.test`;
  await server.program.post("/v1/sites", { domain });
  await server.program.post("/v1/sites", { domain: `other-${domain}` });
  await enter({ role: "viewer", grants: [`web/${domain}`] });
  await page.goto("/");
  const main = page.getByRole("main");
  await expect(main.getByRole("link", { name: domain })).toBeVisible();
  await expect(main.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Add a site" })).toBeHidden();
  const nav = page.getByRole("navigation", { name: "Main" });
  for (const name of ["Users", "Sessions", "Limits", "Audit log", "Security check"])
    await expect(nav.getByRole("link", { name })).toHaveCount(0);
  for (const path of ["/users", "/sessions", "/limits", "/audit", "/posture"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: "Not for you" }), path).toBeVisible();
  }
  await page.goto(`/sites/other-${domain}`);
  await expect(page.getByText(`There is no site other-${domain} here.`)).toBeVisible();
});

test("a link without its token says what to do", async ({ page }) => {
  await page.goto("/reset");
  await expect(page.getByRole("heading", { name: "This link does not work" })).toBeVisible();
  await page.getByRole("button", { name: "To the sign-in" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
