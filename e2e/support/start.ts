// Runs once: starts the product and signs in, so that each test begins as a signed-in user.

import { chromium, type FullConfig } from "@playwright/test";
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { signIn, stateFile } from "./session";
import { startDemo, stopDemo } from "./demo";

export default async (config: FullConfig) => {
  const binary = process.env["SHELDUCK_BIN"];
  if (!binary) throw new Error("SHELDUCK_BIN names the binary to test");
  const output = resolve(config.rootDir, "../output");
  await mkdir(output, { recursive: true });
  const [demo, child] = await startDemo(binary, resolve(output, "server.log"));
  // Should anything below fail, nobody else would end it.
  process.once("exit", () => child.kill("SIGKILL"));
  process.env["SHELDUCK_DEMO"] = JSON.stringify(demo);

  const browser = await chromium.launch(config.projects[0]!.use.launchOptions);
  const page = await browser.newPage({ baseURL: demo.url });
  await page.goto("/");
  await signIn(page, demo);
  await page.context().storageState({ path: stateFile });
  await browser.close();

  return () => stopDemo(demo, child);
};
