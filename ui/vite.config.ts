import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The server that `npm run dev` forwards API calls to. */
const server = process.env["SHELDUCK_URL"] ?? "http://127.0.0.1:8080";

/** The page is not painted before the theme is known: no flash of the wrong one. */
const paintAfterScript: Plugin = {
  name: "paint-after-script",
  transformIndexHtml: (html) =>
    html.replace('<script type="module"', '<script type="module" blocking="render"'),
};

export default defineConfig({
  plugins: [svelte(), paintAfterScript],
  build: {
    target: "es2022",
    // Browsers with light-dark() of their own: rewritten, it would no longer follow the theme switch.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // A data: URI is refused by the content security policy, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/v1": server, "/api": server, "/js": server } },
  resolve: process.env["VITEST"] ? { conditions: ["browser"] } : {},
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
