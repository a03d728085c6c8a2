// The gate's pages by the keyboard alone.

import { expect, test } from "../support/gate";

test.use({ expectedComplaints: [/status of 4\d\d/] });

/** Presses Tab until something of that name has the focus. */
const tabTo = async (page: import("@playwright/test").Page, name: string | RegExp) => {
  const TABS_MAX = 60;
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press("Tab");
    const spoken = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      const label = element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent;
      return label ?? element?.textContent ?? "";
    });
    if (typeof name === "string" ? spoken.trim() === name : name.test(spoken.trim())) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
};

test("a key is created", async ({ page, enter }) => {
  await enter();
  await page.goto("/keys");
  await expect(page.getByText("No keys")).toBeVisible();
  await tabTo(page, "Create a key");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("By hand");
  await tabTo(page, "Read reports");
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Create", exact: true })).toBeDisabled();
  await page.keyboard.press("Space");
  await tabTo(page, /^Everywhere/);
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "All of web analytics");
  await page.keyboard.press("Space");
  await expect(page.getByLabel("Scopes")).toHaveText("read:web");
  await tabTo(page, "Create");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "The secret of By hand" })).toBeVisible();
  await tabTo(page, "I have it");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("table", { name: "API keys" })).toContainText("By hand");
});

test("a user is managed, and the focus comes back", async ({ page, enter, person }) => {
  const grace = await person();
  await enter({ role: "admin" });
  await page.goto("/users");
  const manage = page.getByRole("button", { name: `Manage ${grace.username}` });
  await expect(manage).toBeVisible();
  await tabTo(page, `Manage ${grace.username}`);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: grace.username });
  await tabTo(page, /^Role/);
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "Save");
  await page.keyboard.press("Enter");
  await expect(dialog.getByText("Saved.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(manage).toBeFocused();
  await expect(page).toHaveURL(/\/users$/);
});

test("verdicts are walked with the arrows", async ({ page, enter }) => {
  await enter({ role: "admin" });
  await page.goto("/posture");
  const all = page.getByRole("tab", { name: /^All/ });
  await all.focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("tab", { name: /^Failed/ })).toBeFocused();
  await expect(page).toHaveURL(/verdict=fail/);
  await page.keyboard.press("ArrowLeft");
  await expect(all).toHaveAttribute("aria-selected", "true");
  const condition = page.getByRole("main").locator("summary").last();
  await condition.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main").locator("details").last()).toHaveAttribute("open", "");
});
