// Builds the tracker's two files into `dist/`, with compressed twins, and fails when one outgrows its budget.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const FILES = [
  { file: "script.js", extensions: false, gzipBytesMax: 1500 },
  { file: "script.all.js", extensions: true, gzipBytesMax: 2300 },
];

/** Leaves a file alone that is already so: the binary embeds it, and would be built anew for a new date. */
const write = async (file, bytes) => {
  const before = await readFile(file).catch(() => undefined);
  if (!before?.equals(bytes)) await writeFile(file, bytes);
};

await mkdir("dist", { recursive: true });

for (const { file, extensions, gzipBytesMax } of FILES) {
  const { outputFiles } = await build({
    entryPoints: ["src/script.ts"],
    write: false,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
    define: { EXTENSIONS: String(extensions) },
  });
  const bytes = Buffer.from(outputFiles[0].contents);
  const gzipped = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes);
  await write(`dist/${file}`, bytes);
  // The server answers with these twins where the browser takes them.
  await write(`dist/${file}.gz`, gzipped);
  await write(`dist/${file}.br`, brotli);
  console.log(
    `${file}: ${bytes.length} bytes, ${gzipped.length} gzipped (at most ${gzipBytesMax}), ${brotli.length} brotli`,
  );
  if (gzipped.length > gzipBytesMax) {
    console.error(`${file} is over its budget`);
    process.exitCode = 1;
  }
}
