// API keys: made with just the rights they need, shown once, rotated, revoked.

import { Caller } from "../support/caller";
import { answer, expect, test } from "../support/gate";

test.use({ expectedComplaints: [/status of (4\d\d|500)/] });

const row = (page: import("@playwright/test").Page, name: string) =>
  page.getByRole("table", { name: "API keys" }).getByRole("row").filter({ hasText: name });

test("a key is built, shown once, works where it may, is rotated and revoked", async ({
  page,
  server,
  enter,
}) => {
  const domain = `keys-${crypto.randomUUID().slice(0, 8)}.test`;
  await server.program.post("/v1/sites", { domain });
  await server.program.post("/v1/sites", { domain: `other-${domain}` });
  await enter({ role: "analyst" });
  await page.goto("/keys");
  await expect(page.getByText("No keys")).toBeVisible();
  await page.getByRole("button", { name: "Create a key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a key" });
  // No more is offered than its owner has.
  await expect(dialog.getByRole("checkbox", { name: /Administer/ })).toHaveCount(0);
  await dialog.getByLabel("Name").fill("Nightly export");
  await dialog.getByRole("radio", { name: "Only here" }).check();
  await expect(dialog.getByRole("button", { name: "Create", exact: true })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: domain, exact: true }).check();
  await expect(dialog.getByLabel("Scopes")).toHaveText(`read:web/${domain}`);
  await dialog.getByLabel("Ends").selectOption({ label: "In 7 days" });
  await dialog.getByLabel("Only from these networks").fill("127.0.0.0/8, ::1/128");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();

  const shown = page.getByRole("dialog", { name: "The secret of Nightly export" });
  const secret = await shown.locator("pre").innerText();
  await expect(shown.getByRole("button", { name: "Copy the secret" })).toBeVisible();
  await shown.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByText(secret)).toBeHidden();
  await expect(row(page, "Nightly export")).toContainText(`read:web/${domain}`);
  await expect(row(page, "Nightly export")).toContainText("from 127.0.0.0/8");
  await expect(row(page, "Nightly export")).toContainText("In 7 days");
  await expect(page.getByText("A key ends soon: Nightly export in 7 days.")).toBeVisible();

  const program = new Caller(server.url, secret);
  const { items } = await program.get("/v1/sites");
  expect(items.map((site: { domain: string }) => site.domain)).toEqual([domain]);
  expect((await program.send("GET", `/v1/sites/other-${domain}`)).status).toBe(404);

  await page.getByRole("button", { name: "Rotate Nightly export" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate" }).click();
  const next = await page
    .getByRole("dialog", { name: "The secret of Nightly export" })
    .locator("pre")
    .innerText();
  expect(next).not.toBe(secret);
  await page.getByRole("button", { name: "I have it" }).click();
  for (const each of [secret, next])
    expect((await new Caller(server.url, each).send("GET", "/v1/sites")).status).toBe(200);

  for (const remaining of [1, 0]) {
    await page.getByRole("button", { name: "Revoke Nightly export" }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await expect(page.getByRole("button", { name: "Revoke Nightly export" })).toHaveCount(
      remaining,
    );
  }
  for (const each of [secret, next])
    expect((await new Caller(server.url, each).send("GET", "/v1/sites")).status).toBe(401);
  await expect(row(page, "Nightly export").first()).toContainText("Revoked");
});

test("a network that is none is said beside the field", async ({ page, enter }) => {
  await enter();
  await page.goto("/keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  await page.getByLabel("Name").fill("Odd");
  await page.getByLabel("Only from these networks").fill("somewhere");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await expect(page.getByLabel("Only from these networks")).toHaveAttribute("aria-invalid", "true");
});

test("an administrator sees whose each key is", async ({ page, enter, person }) => {
  const grace = await person();
  await grace.caller.post("/v1/keys", { name: "Hers", scopes: ["read:*"] });
  await enter({ role: "admin" });
  await page.goto("/keys");
  await expect(row(page, "Hers").filter({ hasText: grace.username })).toHaveCount(1);
});

test("what the server cannot say can be asked again", async ({ page, enter }) => {
  await enter();
  await answer(page, "/v1/keys", 500);
  await page.goto("/keys");
  await expect(page.getByRole("alert")).toContainText("Something went wrong");
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("No keys")).toBeVisible();
});
