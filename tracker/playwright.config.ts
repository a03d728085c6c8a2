import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "test",
  outputDir: "../e2e/output/tracker",
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  retries: 0,
  reporter: [["list"]],
  use: {
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
        // Every name leads to this machine, so that a site can have a name that is not local.
        "--host-resolver-rules=MAP * 127.0.0.1",
        // The tracker leaves out automated browsers; one test puts the flag back.
        "--disable-blink-features=AutomationControlled",
      ],
    },
  },
});
