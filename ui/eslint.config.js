import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/** Which folders a folder must not import from: `lib` <- `ui`, `charts` <- `state` <- `panels` <- `pages`. */
const FORBIDDEN = {
  lib: ["ui", "charts", "state", "panels", "pages"],
  api: ["ui", "charts", "state", "panels", "pages"],
  ui: ["api", "charts", "state", "panels", "pages"],
  charts: ["state", "panels", "pages"],
  state: ["ui", "charts", "panels", "pages"],
  panels: ["pages"],
};

const layers = Object.entries(FORBIDDEN).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: forbidden.map((name) => `../${name}/**`),
            message: `src/${folder} is below that layer.`,
          },
        ],
      },
    ],
  },
}));

export default ts.config(
  { ignores: ["dist/", "node_modules/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { extraFileExtensions: [".svelte"], parser: ts.parser, svelteConfig },
    },
  },
  {
    rules: {
      "no-eval": "error",
      "no-console": "error",
      eqeqeq: "error",
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      "svelte/prefer-writable-derived": "error",
      // Instances that are replaced, never changed, need no reactive twin.
      "svelte/prefer-svelte-reactivity": "off",
      // Plain paths: there is no SvelteKit router to resolve them.
      "svelte/no-navigation-without-resolve": "off",
    },
  },
  { files: ["scripts/**"], rules: { "no-console": "off" } },
  ...layers,
);
