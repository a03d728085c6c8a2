// What a row of a breakdown is called.

import { countryName } from "./countries";

const languages = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** What "not set" is called in each dimension; `(none)` elsewhere. */
const NOT_SET: Record<string, string> = {
  source: "Direct / None",
  referrer: "Direct / None",
  country: "Unknown",
  region: "Unknown",
  city: "Unknown",
  browser: "Unknown",
  os: "Unknown",
  device: "Unknown",
  screen: "Unknown",
  language: "Unknown",
};

function languageName(tag: string): string {
  try {
    return languages.of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** The name of a value; the label is the server's, where it has one. */
export function displayValue(
  dimension: string,
  value: string | null | undefined,
  label?: string | null,
): string {
  if (!value) return NOT_SET[dimension] ?? "(none)";
  if (dimension === "country") return countryName(value);
  if (label) return label;
  if (dimension === "language") return languageName(value);
  if (dimension === "screen") return `${value.replace("-", "–")} px`;
  return value;
}

/** A short code before the name, if the dimension has one. (Flags are not in every system's fonts.) */
export function valueCode(dimension: string, value: string | null | undefined): string {
  return dimension === "country" && value ? value : "";
}
