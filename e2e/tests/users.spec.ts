// Users: what an administrator sees and does.

import { answer, code, expect, PASSWORD, showPassword, signedIn, test } from "../support/gate";
import { totp } from "../support/totp";

test.use({ expectedComplaints: [/status of (4\d\d|500)/] });

const row = (page: import("@playwright/test").Page, username: string) =>
  page.getByRole("table", { name: "Users" }).getByRole("row").filter({ hasText: username });

const manage = async (page: import("@playwright/test").Page, username: string) => {
  await page.getByRole("button", { name: `Manage ${username}` }).click();
  return page.getByRole("dialog", { name: username, exact: true });
};

test("role and grants are changed, and bite at once", async ({ page, server, enter, person }) => {
  const domain = `team-${crypto.randomUUID().slice(0, 8)}.test`;
  await server.program.post("/v1/sites", { domain });
  const grace = await person({ role: "viewer" });
  await enter({ role: "admin" });
  await page.goto("/users");
  const dialog = await manage(page, grace.username);
  await expect(dialog.getByRole("button", { name: "Save" })).toBeDisabled();
  await dialog.getByLabel("Role").selectOption("analyst");
  await dialog.getByRole("radio", { name: "Only here" }).check();
  await dialog.getByRole("checkbox", { name: domain }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByText("Saved.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(row(page, grace.username)).toContainText("Analyst");
  await expect(row(page, grace.username)).toContainText(domain);
  const { items } = await server.program.get("/v1/users");
  expect(items.find(({ id }: { id: string }) => id === grace.id)).toMatchObject({
    role: "analyst",
    grants: [`web/${domain}`],
  });
});

test("an administrator's rights are everywhere, and cannot be narrowed", async ({
  page,
  enter,
  person,
}) => {
  const grace = await person();
  await enter({ role: "admin" });
  await page.goto(`/users?user=${grace.id}`);
  const dialog = page.getByRole("dialog", { name: grace.username });
  await dialog.getByLabel("Role").selectOption("admin");
  await expect(dialog.getByRole("radio", { name: "Only here" })).toBeDisabled();
  await expect(dialog.getByRole("radio", { name: "Everywhere" })).toBeChecked();
});

test("disabled, nobody gets in; enabled again, they do", async ({ page, enter, person }) => {
  const grace = await person();
  await enter({ role: "admin" });
  await page.goto("/users");
  const dialog = await manage(page, grace.username);
  await dialog.getByRole("button", { name: "Disable" }).click();
  await page
    .getByRole("dialog", { name: /^Disable/ })
    .getByRole("button", { name: "Disable" })
    .click();
  await expect(dialog.getByRole("button", { name: "Enable" })).toBeVisible();
  expect((await grace.caller.send("GET", "/v1/auth/session")).status).toBe(401);
  const login = { username: grace.username, password: PASSWORD };
  expect((await grace.caller.send("POST", "/v1/auth/login", login)).status).toBe(401);
  await dialog.getByRole("button", { name: "Enable" }).click();
  await page
    .getByRole("dialog", { name: /^Enable/ })
    .getByRole("button", { name: "Enable" })
    .click();
  await expect(dialog.getByRole("button", { name: "Disable" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(row(page, grace.username)).not.toContainText("Disabled");
  expect((await grace.caller.send("POST", "/v1/auth/login", login)).status).toBe(200);
});

test("a reset link lets them choose another password", async ({ page, browser, enter, person }) => {
  const grace = await person();
  await enter({ role: "admin" });
  await page.goto("/users");
  const dialog = await manage(page, grace.username);
  await dialog.getByRole("button", { name: "Make a reset link" }).click();
  await page.getByRole("button", { name: "Make the link" }).click();
  const shown = page.getByRole("dialog", { name: `A new password for ${grace.username}` });
  const link = await shown.locator("pre").innerText();
  await shown.getByRole("button", { name: "Done" }).click();

  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(link);
  const password = "four swans sleep beside the weir";
  await theirs.getByLabel("Password", { exact: true }).fill(password);
  await theirs.getByLabel("Password again").fill(password);
  await theirs.getByRole("button", { name: "Set the password" }).click();
  await theirs.getByRole("button", { name: "To the sign-in" }).click();
  await showPassword(theirs, { username: grace.username, password });
  await signedIn(theirs);
  await theirs.context().close();
});

test("who has lost everything gets their second factors taken away", async ({
  page,
  browser,
  enter,
  person,
}) => {
  const grace = await person({ role: "operator" });
  await enter({ role: "admin" });
  await page.goto("/users");
  await expect(row(page, grace.username)).toContainText("App");
  const dialog = await manage(page, grace.username);
  await dialog.getByRole("button", { name: "Take them away" }).click();
  await page
    .getByRole("dialog", { name: /^Take the second factors/ })
    .getByRole("button", { name: "Take them away" })
    .click();
  await expect(dialog.getByText("The second factors are gone.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Take them away" })).toBeHidden();

  const theirs = await (await browser.newContext()).newPage();
  await theirs.goto(new URL(page.url()).origin);
  await showPassword(theirs, grace);
  await theirs.getByRole("button", { name: "Authenticator app" }).click();
  await theirs.getByText("Enter the key by hand instead").click();
  await code(theirs).fill(totp(await theirs.locator("pre").innerText()));
  await theirs.keyboard.press("Enter");
  await theirs.getByRole("button", { name: "I have saved them" }).click();
  await signedIn(theirs);
  await theirs.context().close();
});

test("one's own account cannot be cut off here", async ({ page, enter }) => {
  const ada = await enter({ role: "admin" });
  await page.goto("/users");
  const dialog = await manage(page, ada.username);
  await expect(dialog.getByRole("button", { name: "Disable" })).toBeHidden();
  await dialog.getByRole("link", { name: "your account" }).click();
  await expect(page.getByRole("heading", { name: "Account" })).toBeVisible();
});

test("a name that is taken is said beside the field", async ({ page, enter, person }) => {
  const grace = await person();
  await enter({ role: "admin" });
  await page.goto("/users");
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByLabel("Username").fill(grace.username);
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Username")).toHaveAttribute("aria-invalid", "true");
});

test("what the server cannot say can be asked again", async ({ page, enter }) => {
  const ada = await enter({ role: "admin" });
  await answer(page, "/v1/users", 500);
  await page.goto("/users");
  await expect(page.getByRole("alert")).toContainText("Something went wrong");
  await expect(page.getByText("Request r-1")).toBeVisible();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(row(page, ada.username)).toContainText("You");
});
