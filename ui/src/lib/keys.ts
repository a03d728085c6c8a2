// What ends some day and is told before: how it stands. API keys and passwords do.

export interface Expiring {
  expires_at?: string | null;
  revoked_at?: string | null;
}

export type KeyStanding = "fine" | "soon" | "tomorrow" | "expired" | "revoked";

const DAY_MS = 86_400_000;
/** From so many days before the end on, its owner is reminded. */
const REMIND_DAYS = 14;

/** Whole days until the key ends, rounded up; null for a key that does not. */
export function daysLeft(key: Expiring, nowMs: number): number | null {
  if (!key.expires_at) return null;
  return Math.ceil((Date.parse(key.expires_at) - nowMs) / DAY_MS);
}

export function standingOf(key: Expiring, nowMs: number): KeyStanding {
  if (key.revoked_at && Date.parse(key.revoked_at) <= nowMs) return "revoked";
  const days = daysLeft(key, nowMs);
  if (days === null) return "fine";
  if (days <= 0) return "expired";
  if (days <= 1) return "tomorrow";
  return days <= REMIND_DAYS ? "soon" : "fine";
}

/** Keys that still work but not for long, the most urgent first. */
export function ending<K extends Expiring>(keys: readonly K[], nowMs: number): K[] {
  return keys
    .filter((key) => ["soon", "tomorrow"].includes(standingOf(key, nowMs)))
    .toSorted((one, other) => String(one.expires_at).localeCompare(String(other.expires_at)));
}

/** Keys that work first, then by name. */
export function inOrder<K extends Expiring & { name: string }>(
  keys: readonly K[],
  nowMs: number,
): K[] {
  const over = (key: K) => Number(["expired", "revoked"].includes(standingOf(key, nowMs)));
  return keys.toSorted(
    (one, other) => over(one) - over(other) || one.name.localeCompare(other.name),
  );
}
