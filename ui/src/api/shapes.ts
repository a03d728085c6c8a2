// What the pages make of the server's types, and those that its document does not have yet.

import type { Factor, Limit, Limits, MfaRequest } from "./schema";

/** The ways to show a second factor. */
export type SecondFactor = Exclude<Factor, "password">;

/** One of them proves a second factor. */
export type FactorProof = Omit<MfaRequest, "transaction">;

export interface SessionOfUser {
  id: string;
  user_id: string;
  username: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  user_agent?: string | null;
  factors?: string[];
  current: boolean;
}

/** The limit table. */
export interface LimitRules extends Limits {
  items: (Limit & { mode?: string; cost?: number })[];
}

export interface LiveLimit {
  subject: string;
  class: string;
  database?: string | null;
  used: number;
  quota: number;
  refused: number;
  shadow: number;
  in_flight: number;
}

export interface LiveLimits {
  mode: string;
  items: LiveLimit[];
  omitted: number;
  remembered: number;
  in_flight: number;
  heavy: { units: number; units_max: number; waiting: number };
}
