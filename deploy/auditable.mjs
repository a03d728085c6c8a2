// Writes into a binary of what it is linked, in the section that auditors of Rust programs read (the form of `cargo auditable`), so
// that somebody who has only the binary can compare it with the advisories: `cargo audit bin shelduck`.
//
// Written here and not by `cargo auditable`, whose wrapper of the compiler would build every crate a second time beside
// everything else that is built for release.
//
//   node deploy/auditable.mjs BINARY
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const PLATFORM = "x86_64-unknown-linux-gnu";
const SECTION = ".dep-v0";
const here = dirname(dirname(fileURLToPath(import.meta.url)));

/** The packages as cargo says they are linked, each with those it uses; what only runs while building is left out. */
function linked() {
  const asked = ["tree", "--locked", "--package", "shelduck", "--edges", "normal", "--target", PLATFORM, "--prefix", "depth"];
  const tree = execFileSync("cargo", asked, { cwd: here, encoding: "utf8" });
  const packages = new Map();
  const path = [];
  let skipped = Infinity;
  for (const line of tree.trim().split("\n")) {
    const [, level, name, version, rest] = /^(\d+)(\S+) v(\S+)(.*)$/.exec(line);
    const depth = Number(level);
    if (depth > skipped) continue;
    skipped = rest.includes("(proc-macro)") ? depth : Infinity;
    if (skipped !== Infinity) continue;
    const key = `${name} ${version}`;
    const source = rest.includes("(/") ? "local" : "crates.io";
    if (!packages.has(key)) packages.set(key, { name, version, source, uses: new Set() });
    path[depth] = key;
    if (depth > 0) packages.get(path[depth - 1]).uses.add(key);
  }
  return packages;
}

function listed(packages) {
  const order = [...packages.keys()].sort();
  const place = new Map(order.map((key, index) => [key, index]));
  return order.map((key) => {
    const { name, version, source, uses } = packages.get(key);
    const dependencies = [...uses].map((used) => place.get(used)).sort((one, other) => one - other);
    return { name, version, source, ...(dependencies.length && { dependencies }), ...(name === "shelduck" && { root: true }) };
  });
}

const [binary] = process.argv.slice(2);
const packages = listed(linked());
const folder = mkdtempSync(join(tmpdir(), "auditable-"));
try {
  const file = join(folder, "packages");
  writeFileSync(file, deflateSync(JSON.stringify({ packages }), { level: 9 }));
  execFileSync("objcopy", ["--remove-section", SECTION, binary]);
  execFileSync("objcopy", ["--add-section", `${SECTION}=${file}`, "--set-section-flags", `${SECTION}=noload,readonly`, binary]);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`auditable: ${packages.length} packages in ${binary}`);
