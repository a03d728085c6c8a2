// What the pages make of the server's types.

import type { Factor, MfaRequest } from "./schema";

/** The ways to show a second factor. */
export type SecondFactor = Exclude<Factor, "password">;

/** One of them proves a second factor. */
export type FactorProof = Omit<MfaRequest, "transaction">;
