// Signing in by hand, and the state that saves every other test from doing it.

import { expect, type Page } from "@playwright/test";
import { fileURLToPath } from "node:url";
import type { Demo } from "./demo";

export const stateFile = fileURLToPath(new URL("../output/session.json", import.meta.url));

export const signIn = async (page: Page, demo: Pick<Demo, "admin_user" | "admin_password">) => {
  await page.getByLabel("Username").fill(demo.admin_user);
  await page.getByLabel("Password", { exact: true }).fill(demo.admin_password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
};
