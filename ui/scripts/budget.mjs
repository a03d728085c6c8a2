// Fails when a page needs more script than its budget (gzip), or when the built pages would break the
// content security policy.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const PAGES = [
  { name: "sign-in", chunk: /^SignIn-[\w-]+\.js$/, kilobytesMax: 40 },
  { name: "web page of a site", chunk: /^Site-[\w-]+\.js$/, kilobytesMax: 60 },
];

const html = readFileSync(join(DIST, "index.html"), "utf8");
const assets = readdirSync(join(DIST, "assets"));
const failures = [];

/** A chunk and all it imports statically. */
function withImports(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(join(DIST, "assets", name), "utf8");
  for (const [, next] of code.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
    withImports(next, seen);
  return seen;
}

const entry = /src="\/assets\/([\w.-]+\.js)"/.exec(html)?.[1];
if (!entry) throw new Error("dist/index.html names no script");

for (const { name, chunk, kilobytesMax } of PAGES) {
  const files = withImports(entry);
  if (chunk) {
    const found = assets.find((asset) => chunk.test(asset));
    if (!found) throw new Error(`no chunk for the ${name}`);
    withImports(found, files);
  }
  const bytes = [...files]
    .map((file) => gzipSync(readFileSync(join(DIST, "assets", file)), { level: 9 }).length)
    .reduce((sum, each) => sum + each, 0);
  const kilobytes = bytes / 1000;
  console.log(`${name}: ${kilobytes.toFixed(1)} kB of script, ${kilobytesMax} kB at most`);
  if (kilobytes > kilobytesMax) failures.push(`the ${name} is over its budget`);
}

if (/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/i.test(html)) {
  failures.push("index.html has inline script or style");
}
for (const asset of assets.filter((name) => /\.(js|css|html)$/.test(name))) {
  const text = readFileSync(join(DIST, "assets", asset), "utf8");
  if (asset.endsWith(".css") && /url\(["']?(?:data:|https?:)/.test(text)) {
    failures.push(`${asset} loads from elsewhere`);
  }
  if (asset.endsWith(".js") && /\beval\(|new Function\(/.test(text))
    failures.push(`${asset} evaluates text`);
}

for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);
