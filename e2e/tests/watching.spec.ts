// The pages by which an administrator watches the gate: limits, audit log, checklist, sessions.

import { answer, expect, showPassword, takeSession, test } from "../support/gate";

test.use({ expectedComplaints: [/status of (4\d\d|500)/] });

test.describe("limits", () => {
  test("who calls is seen, and what they use", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await page.goto("/limits");
    const table = page.getByRole("table", { name: "Callers and their limits" });
    await expect(table.getByRole("row").nth(1)).toBeVisible();
    await expect(table.getByRole("meter").first()).toHaveAttribute(
      "aria-valuetext",
      /^\d+ of \d+$/,
    );
    await expect(page.getByRole("table", { name: "Quotas" })).toContainText("auth");
  });

  const live = (items: object[]) => ({
    mode: "enforce",
    items,
    omitted: 0,
    remembered: items.length,
    in_flight: 0,
    heavy: { units: 0, units_max: 10, waiting: 0 },
  });

  const caller = (used: number, rest = {}) => ({
    subject: "user:ada",
    class: "read",
    database: null,
    used,
    quota: 100,
    refused: 0,
    shadow: 0,
    in_flight: 0,
    ...rest,
  });

  test("it refreshes by itself, and the urgent come first", async ({ page, enter }) => {
    await enter({ role: "admin" });
    let used = 10;
    await page.route("**/v1/limits/live", (route) =>
      route.fulfill({
        json: live([caller(used), caller(3, { subject: "key:export", refused: 2, shadow: 4 })]),
      }),
    );
    await page.goto("/limits");
    const rows = page.getByRole("table", { name: "Callers and their limits" }).locator("tbody tr");
    await expect(rows.nth(0)).toContainText("key export");
    await expect(rows.nth(0)).toContainText("Over");
    await expect(rows.nth(1)).toContainText("10 of 100");
    used = 95;
    await expect(rows.nth(1)).toContainText("95 of 100");
    await expect(rows.nth(1)).toContainText("Near");
    await expect(page.getByText("Shadow hits").locator("..").first()).toContainText("4");
    used = 20;
    await page.getByLabel("Show").selectOption({ label: "Near or over" });
    await expect(rows).toHaveCount(1);
    await expect(page).toHaveURL(/show=urgent/);
  });

  test("shadow mode is said, and nobody is too", async ({ page, enter }) => {
    await enter({ role: "admin" });
    const limits = await (await page.context().request.get("/v1/limits")).json();
    const items = limits.items.map((item: object) => ({ ...item, mode: "shadow" }));
    await answer(page, "/v1/limits", 200, { ...limits, mode: "shadow", items });
    await answer(page, "/v1/limits/live", 200, live([]));
    await page.goto("/limits");
    await expect(page.getByText("Limits only watch")).toBeVisible();
    await expect(page.getByText("Nobody has called in the last minute")).toBeVisible();
  });

  test("what the server cannot say can be asked again", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await answer(page, "/v1/limits/live", 500);
    await page.goto("/limits");
    await expect(page.getByRole("alert")).toContainText("Something went wrong");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("table", { name: "Callers and their limits" })).toBeVisible();
  });
});

test.describe("the audit log", () => {
  const rows = (page: import("@playwright/test").Page) =>
    page.getByRole("table", { name: "Events" }).locator("tbody tr");

  test("what happens is in it, and is found by event, outcome and actor", async ({
    page,
    enter,
    person,
  }) => {
    const grace = await person();
    await grace.caller.send("POST", "/v1/users", { username: "x", role: "admin" });
    const ada = await enter({ role: "admin" });
    await page.goto("/audit");
    await expect(rows(page).first()).toBeVisible();
    await page.getByRole("combobox", { name: "Event" }).selectOption("authz_fail");
    await expect(page).toHaveURL(/event=authz_fail/);
    const theirs = rows(page).filter({ hasText: grace.username });
    await expect(theirs.first()).toContainText("Refused");
    await theirs.first().getByRole("button", { name: grace.username }).click();
    await page.getByRole("combobox", { name: "Event" }).selectOption("");
    await expect(
      page.getByRole("button", { name: `Remove the filter: by ${grace.username}` }),
    ).toBeVisible();
    await expect(rows(page).filter({ hasText: ada.username })).toHaveCount(0);
    await page.getByRole("combobox", { name: "Outcome" }).selectOption({ label: "Done" });
    await expect(rows(page).filter({ hasText: "Refused" })).toHaveCount(0);
    await page.reload();
    await expect(page.getByRole("combobox", { name: "Outcome" })).toHaveValue("success");
    await page.getByRole("button", { name: "Clear" }).click();
    await expect(page).toHaveURL(/\/audit$/);
  });

  test("days in which nothing happened are empty", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await page.goto("/audit");
    await page.getByRole("combobox", { name: "Time" }).selectOption({ label: "Days" });
    await page.getByRole("textbox", { name: "From" }).fill("2020-01-01");
    await page.getByRole("textbox", { name: "To" }).fill("2020-01-31");
    await expect(page.getByText("No such event")).toBeVisible();
    await expect(page).toHaveURL(/from=2020-01-01&to=2020-01-31/);
    await page.getByRole("combobox", { name: "Time" }).selectOption({ label: "Last hour" });
    await expect(rows(page).first()).toBeVisible();
  });

  test("older events are loaded behind the newer ones", async ({ page, enter }) => {
    await enter({ role: "admin" });
    const event = (sequence: number) => ({
      sequence,
      at: "2026-11-22T12:00:00Z",
      event: "authn_login_success",
      outcome: "success",
      actor: "operator",
      object: `user:${sequence}`,
      request_id: null,
      origin: null,
    });
    await page.route("**/v1/audit?*", (route) => {
      const cursor = new URL(route.request().url()).searchParams.get("cursor");
      return route.fulfill({
        json: cursor
          ? { items: [event(1)], next_cursor: null }
          : { items: [event(3), event(2)], next_cursor: "2" },
      });
    });
    await page.goto("/audit");
    await expect(rows(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Older events" }).click();
    await expect(rows(page)).toHaveCount(3);
    await expect(page.getByText("That is all.")).toBeVisible();
  });

  test("what the server cannot say can be asked again", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await answer(page, "/v1/audit?*", 500);
    await page.goto("/audit");
    await expect(page.getByRole("alert")).toContainText("Something went wrong");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(rows(page).first()).toBeVisible();
  });
});

test.describe("the security check", () => {
  const item = (id: string, verdict: string, rest = {}) => ({
    id,
    source: "startup",
    title: `Condition ${id}`,
    verdict,
    detail: `Found ${id}`,
    remedy: null,
    ...rest,
  });

  test("each condition is there with its verdict", async ({ page, enter }) => {
    await enter({ role: "admin" });
    const { items } = await (await page.context().request.get("/v1/posture")).json();
    await page.goto("/posture");
    await expect(page.getByRole("tab", { name: `All ${items.length}` })).toBeVisible();
    const passed = items.filter(({ verdict }: { verdict: string }) => verdict === "pass");
    await page.getByRole("tab", { name: "Passed" }).click();
    await expect(page).toHaveURL(/verdict=pass/);
    await expect(page.getByRole("main").getByRole("listitem")).toHaveCount(passed.length);
    await expect(page.getByText(passed[0].title).first()).toBeVisible();
  });

  test("what fails comes first, open, with the way to mend it", async ({ page, enter }) => {
    await enter({ role: "admin" });
    const items = [
      item("one", "pass"),
      item("two", "fail", { remedy: "Set two to true." }),
      item("three", "not_applicable"),
    ];
    await answer(page, "/v1/posture", 200, { items });
    await page.goto("/posture");
    await expect(page.getByText("1 check fails")).toBeVisible();
    const first = page.getByRole("main").getByRole("listitem").first();
    await expect(first).toContainText("Condition two");
    await expect(first.getByText("Set two to true.")).toBeVisible();
    await expect(page.getByText("Found one")).toBeHidden();
    await page.getByText("Condition one").click();
    await expect(page.getByText("Found one")).toBeVisible();
    await page.getByRole("tab", { name: /Warning/ }).click();
    await expect(page.getByText("Nothing with this verdict")).toBeVisible();
  });

  test("all well is said, and a failing server too", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await answer(page, "/v1/posture", 200, { items: [item("one", "pass")] });
    await page.goto("/posture");
    await expect(page.getByText("Everything is as it should be")).toBeVisible();
    await page.unrouteAll();
    await answer(page, "/v1/posture", 500);
    await page.getByRole("button", { name: "Check again" }).click();
    await expect(page.getByRole("alert")).toContainText("Something went wrong");
  });
});

test.describe("sessions of all", () => {
  test("one is found by name and ended", async ({ page, browser, enter, person, server }) => {
    const grace = await person();
    const theirs = await (await browser.newContext()).newPage();
    await takeSession(theirs.context(), server.url, grace.caller);
    await theirs.goto(`${server.url}/account`);
    await expect(theirs.getByRole("heading", { name: "Account" })).toBeVisible();

    await enter({ role: "admin" });
    await page.goto("/sessions");
    await page.getByRole("searchbox", { name: "Search by username" }).fill(grace.username);
    await expect(page).toHaveURL(new RegExp(`user=${grace.username}`));
    const rows = page.getByRole("table", { name: "Sessions of all users" }).locator("tbody tr");
    await expect(rows).toHaveCount(1);
    await page.getByRole("button", { name: `End the session of ${grace.username}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End the session" }).click();
    await expect(page.getByText("Nobody of that name is signed in")).toBeVisible();

    await theirs.getByRole("link", { name: "API keys" }).click();
    await expect(theirs.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await showPassword(theirs, grace);
    await expect(theirs.getByRole("heading", { name: "API keys" })).toBeVisible();
    await theirs.context().close();
  });

  test("what the server cannot say can be asked again", async ({ page, enter }) => {
    await enter({ role: "admin" });
    await answer(page, "/v1/sessions", 500);
    await page.goto("/sessions");
    await expect(page.getByRole("alert")).toContainText("Something went wrong");
    await page.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByText("This one")).toBeVisible();
  });
});
