import { defineConfig } from "@playwright/test";
import { userAgent } from "./support/browser";

const screenshots = process.env["SHELDUCK_SCREENSHOTS"] === "1";

export default defineConfig({
  testDir: "tests",
  outputDir: "output/results",
  globalSetup: "./support/start.ts",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  projects: screenshots
    ? // Pictures for the documentation are made on request only, so that a test run leaves the tree as it was.
      [{ name: "screenshots", testMatch: "screenshots.ts" }]
    : [
        { name: "pages", testMatch: "*.spec.ts", testIgnore: "live.spec.ts" },
        // What has to happen within two seconds is tried when nothing else loads the machine.
        { name: "live", testMatch: "live.spec.ts", fullyParallel: false, dependencies: ["pages"] },
      ],
  use: {
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    colorScheme: "light",
    viewport: { width: 1360, height: 900 },
    // The server does not count robots, and headless Chromium says that it is one.
    userAgent,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Names of sites that only these tests know lead to this machine.
        "--host-resolver-rules=MAP *.test 127.0.0.1",
        // The tracker leaves out automated browsers; the sites of these tests are visited by people.
        "--disable-blink-features=AutomationControlled",
      ],
    },
  },
});
