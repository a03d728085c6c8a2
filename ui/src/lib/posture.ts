// The security checklist: what is well, what is not, and in which order to read it.

export type Verdict = "fail" | "warn" | "pass" | "not_applicable";

export const VERDICTS: readonly { id: Verdict; label: string }[] = [
  { id: "fail", label: "Failed" },
  { id: "warn", label: "Warning" },
  { id: "pass", label: "Passed" },
  { id: "not_applicable", label: "Does not apply" },
];

const SOURCES: Record<string, string> = {
  startup: "Before the server starts",
  duckling: "Duckling's checklist",
  "draco-metric": "DRACO METRIC's checklist",
};

/** Whose list an item is on, in words. */
export function sourceLabel(source: string): string {
  return SOURCES[source] ?? source;
}

export interface Checked {
  verdict: Verdict;
  source: string;
}

export function countOf(items: readonly Checked[], verdict: Verdict): number {
  return items.filter((item) => item.verdict === verdict).length;
}

const place = (verdict: Verdict) => VERDICTS.findIndex(({ id }) => id === verdict);

/** By where they come from, in the order they came; what failed first within each. */
export function bySource<C extends Checked>(items: readonly C[]): [string, C[]][] {
  const sources = [...new Set(items.map(({ source }) => source))];
  return sources.map((source) => [
    source,
    items
      .filter((item) => item.source === source)
      .toSorted((one, other) => place(one.verdict) - place(other.verdict)),
  ]);
}
