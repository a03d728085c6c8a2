// Writes `.br` and `.gz` twins beside each text file of `dist/` and prints the sizes.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(html|js|css|svg|json)$/;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

const totals = { raw: 0, gzip: 0, brotli: 0 };
for (const name of readdirSync(DIST, { recursive: true }).sort()) {
  const path = join(DIST, name);
  if (!/\.(html|js|css|svg|json|woff2)$/.test(name)) continue;
  const raw = readFileSync(path);
  const gzip = TEXT.test(name) ? gzipSync(raw, { level: 9 }) : raw;
  const brotli = TEXT.test(name)
    ? brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
    : raw;
  if (gzip.length < raw.length) writeFileSync(`${path}.gz`, gzip);
  if (brotli.length < raw.length) writeFileSync(`${path}.br`, brotli);
  totals.raw += raw.length;
  totals.gzip += gzip.length;
  totals.brotli += brotli.length;
  console.log(kilobytes(raw.length), kilobytes(gzip.length), kilobytes(brotli.length), name);
}
console.log(
  kilobytes(totals.raw),
  kilobytes(totals.gzip),
  kilobytes(totals.brotli),
  "total (raw, gzip, brotli)",
);
