// House rules for the source that no linter knows. Prints each breach and exits 1.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SOURCE = new URL("../src/", import.meta.url).pathname;
const LINES_MAX = 250;
const TOKENS = "css/tokens.css";
const GENERATED = "api/schema.ts";
const breaches = [];

/** The parts of a file that are CSS, with media and container conditions taken out. */
function styles(name, text) {
  const css = name.endsWith(".css") ? text : (/<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? "");
  return css.replace(/@(media|container)[^{]*/g, "").replace(/\/\*[\s\S]*?\*\//g, "");
}

function checkStyle(name, text) {
  const css = styles(name, text);
  const colors = css.match(/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch)\(/gi) ?? [];
  for (const color of colors) breaches.push(`${name}: ${color} belongs in ${TOKENS}`);
  const lengths = name === "css/base.css" ? [] : (css.match(/\b\d+(?:\.\d+)?px\b/g) ?? []);
  for (const length of lengths) breaches.push(`${name}: ${length} belongs in ${TOKENS}`);
}

function checkMarkup(name, text) {
  // The content security policy refuses style attributes and everything that takes HTML as text.
  if (/\sstyle=["{]/.test(text)) breaches.push(`${name}: a style attribute; use style:property`);
  if (/innerHTML|outerHTML|insertAdjacentHTML|\{@html/.test(text)) {
    breaches.push(`${name}: HTML from text`);
  }
}

function checkEffects(name, text) {
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!line.includes("$effect(")) continue;
    const before = lines.slice(Math.max(0, index - 4), index).join("\n");
    if (!before.includes("// The outside world")) {
      breaches.push(`${name}:${index + 1}: an $effect without its "// The outside world: ..."`);
    }
  }
}

for (const name of readdirSync(SOURCE, { recursive: true })) {
  if (!/\.(svelte|ts|css)$/.test(name) || name === GENERATED) continue;
  const text = readFileSync(join(SOURCE, name), "utf8");
  const lines = text.trimEnd().split("\n").length;
  if (lines > LINES_MAX) breaches.push(`${name}: ${lines} lines, ${LINES_MAX} at most`);
  if (name !== TOKENS) checkStyle(name, text);
  if (!name.endsWith(".css")) checkMarkup(name, text);
  checkEffects(name, text);
}

for (const breach of breaches) console.error(breach);
console.log(`style: ${breaches.length} breaches`);
process.exit(breaches.length > 0 ? 1 : 0);
