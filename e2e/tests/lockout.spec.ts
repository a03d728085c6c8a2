// Who guesses is locked out, and the owner is not.

import { Caller } from "../support/caller";
import { expect, showPassword, signedIn, test } from "../support/gate";

test.use({ expectedComplaints: [/status of 4\d\d/] });

test("strangers who guess do not lock out the browser the owner signed in from before", async ({
  page,
  browser,
  server,
  person,
}) => {
  const ada = await person();
  await page.goto("/");
  await showPassword(page, ada);
  await signedIn(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  const stranger = new Caller(server.url);
  for (let tries = 0; tries < 5; tries += 1) {
    const guess = { username: ada.username, password: `a wrong guess, number ${tries}` };
    expect((await stranger.send("POST", "/v1/auth/login", guess)).status).toBe(401);
  }
  const elsewhere = await (await browser.newContext()).newPage();
  await elsewhere.goto(server.url);
  await showPassword(elsewhere, ada);
  await expect(elsewhere.getByText(/Too many attempts\. Try again in \dm/)).toBeVisible();
  await elsewhere.context().close();

  await showPassword(page, ada);
  await signedIn(page);
});
