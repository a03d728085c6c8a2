// Makes `src/api/schema.ts` from the server's OpenAPI document, as its tests keep it.
//   node scripts/schema.mjs           writes it
//   node scripts/schema.mjs --check   exits 1 when it is stale
import { readFileSync, writeFileSync } from "node:fs";
import * as prettier from "prettier";

const SNAPSHOT = new URL(
  "../../crates/api/tests/it/snapshots/it__documents__openapi.snap",
  import.meta.url,
);
const SCHEMA = new URL("../src/api/schema.ts", import.meta.url);
const SCALARS = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/** The document after the head that the snapshot tool writes. */
function readDocument() {
  const text = readFileSync(SNAPSHOT, "utf8");
  return JSON.parse(text.slice(text.indexOf("\n---\n") + 5));
}

function comment(schema) {
  return schema.description ? `/** ${schema.description.replaceAll("\n", " ")} */\n` : "";
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice) return choice.map(typeOf).join(" | ");
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  }
  if (schema.type === "array") return `(${typeOf(schema.items)})[]`;
  // An object whose members are somebody else's to know.
  if (schema.type === "object" && !schema.properties) return "Record<string, unknown>";
  if (schema.type === "object") return `{${fields(schema)}}`;
  const scalar = SCALARS[schema.type];
  if (!scalar) throw new Error(`no type for ${JSON.stringify(schema)}`);
  return scalar;
}

function fields(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      const mark = required.has(name) ? "" : "?";
      return `${comment(field)}${JSON.stringify(name)}${mark}: ${typeOf(field)};`;
    })
    .join("\n");
}

function declaration(name, schema) {
  const head = comment(schema);
  if (schema.properties) return `${head}export interface ${name} {\n${fields(schema)}\n}`;
  return `${head}export type ${name} = ${typeOf(schema)};`;
}

/** Query strings are put together by hand. */
const isWanted = (name) => !name.endsWith("Params");

const document = readDocument();
const declarations = Object.entries(document.components.schemas)
  .filter(([name]) => isWanted(name))
  .map(([name, schema]) => declaration(name, schema));
const text = [
  "// Made by `npm run schema` from the server's OpenAPI document. Do not change by hand.",
  ...declarations,
].join("\n\n");
const options = await prettier.resolveConfig(SCHEMA.pathname);
const made = await prettier.format(text, { ...options, parser: "typescript" });

if (process.argv.includes("--check")) {
  if (readFileSync(SCHEMA, "utf8") !== made) {
    console.error("src/api/schema.ts is stale: run `npm run schema`");
    process.exit(1);
  }
} else {
  writeFileSync(SCHEMA, made);
}
