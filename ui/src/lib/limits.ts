// How near callers are to their limits.

export interface Usage {
  used: number;
  quota: number;
  refused: number;
  shadow: number;
}

export type Nearness = "over" | "near" | "fine";

/** From this share of a quota on, a caller is near its limit. */
const NEAR = 0.8;

/** The part of the quota that is used, 0 to 1. */
export function shareOf(usage: Usage): number {
  return usage.quota > 0 ? Math.min(1, usage.used / usage.quota) : 1;
}

/** A caller is over its limit as soon as something was refused, or would have been. */
export function nearness(usage: Usage): Nearness {
  if (usage.refused > 0 || usage.shadow > 0 || usage.used > usage.quota) return "over";
  return shareOf(usage) >= NEAR ? "near" : "fine";
}

const URGENCY: Record<Nearness, number> = { over: 0, near: 1, fine: 2 };

/** Those who are over first, then by how much of the quota is used. */
export function byUrgency<U extends Usage>(items: readonly U[]): U[] {
  return items.toSorted(
    (one, other) =>
      URGENCY[nearness(one)] - URGENCY[nearness(other)] ||
      shareOf(other) - shareOf(one) ||
      other.used - one.used,
  );
}

export interface Totals {
  over: number;
  near: number;
  refused: number;
  shadow: number;
}

export function totalsOf(items: readonly Usage[]): Totals {
  const sum = (pick: (usage: Usage) => number) => items.reduce((all, each) => all + pick(each), 0);
  return {
    over: items.filter((each) => nearness(each) === "over").length,
    near: items.filter((each) => nearness(each) === "near").length,
    refused: sum((each) => each.refused),
    shadow: sum((each) => each.shadow),
  };
}
