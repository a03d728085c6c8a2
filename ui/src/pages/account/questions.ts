// What is asked before a factor of the account changes.

import type { PasskeyItem, RecoveryCodesState, TotpState } from "../../api/schema";
import { plural } from "../../lib/format";

/** The factors of the account. */
export interface OwnFactors {
  totp: TotpState;
  recovery: RecoveryCodesState;
  passkeys: readonly PasskeyItem[];
  /** Why there can be no new passkey here. */
  hindrance: string | null;
}

/** What is to be taken away or replaced. */
export type FactorChange =
  { kind: "totp" } | { kind: "recovery" } | { kind: "passkey"; passkey: PasskeyItem };

interface Question {
  title: string;
  action: string;
  danger: boolean;
  text: string;
}

export function questionOf(change: FactorChange, own: OwnFactors): Question {
  if (change.kind === "recovery") {
    const left = own.recovery.remaining;
    return {
      title: "Make new recovery codes?",
      action: "Make new codes",
      danger: false,
      text:
        left > 0
          ? `The ${plural(left, "code")} that you still have will be worth nothing.`
          : "You get ten new ones.",
    };
  }
  const factors = own.passkeys.length + Number(own.totp.enabled);
  return {
    title:
      change.kind === "totp"
        ? "Remove the authenticator app?"
        : `Remove the passkey ${change.passkey.name}?`,
    action: "Remove",
    danger: true,
    text:
      factors > 1
        ? "You can no longer sign in with it; your other factors stay."
        : "It is your only second factor: from then on your password alone opens the account, and your recovery codes are worth nothing.",
  };
}
