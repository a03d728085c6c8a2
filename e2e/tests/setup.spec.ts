// The first administrator, from the setup link to the dashboard.

import { resolve } from "node:path";
import { code, expect, signedIn, test } from "../support/gate";
import { audit } from "../support/axe";
import { PASSWORD, startServer } from "../support/server";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of 4\d\d/] });

test("the link, a password, a second factor, and the server is there", async ({
  browser,
}, info) => {
  const log = resolve(info.config.rootDir, `../output/server-setup.log`);
  const server = await startServer(log, { founded: false });
  const page = await (await browser.newContext()).newPage();
  await page.goto(server.setupUrl);
  await expect(page.getByRole("heading", { name: "Create the first administrator" })).toBeVisible();
  await audit(page);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("Password again").fill("something else");
  await expect(page.getByText("The two differ.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Create and sign in" })).toBeDisabled();
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Protect your account" })).toBeVisible();
  expect(page.url()).not.toContain("secret");
  await audit(page);
  await page.getByRole("button", { name: "Authenticator app" }).click();
  await page.getByText("Enter the key by hand instead").click();
  await audit(page);
  await code(page).fill(totp(await page.locator("pre").innerText()));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Keep your recovery codes" })).toBeVisible();
  await audit(page);
  await page.getByRole("button", { name: "I have saved them" }).click();
  await signedIn(page);
  await expect(page.getByRole("link", { name: "Security check" })).toBeVisible();
  await page.context().close();
  await server.stop();
});
