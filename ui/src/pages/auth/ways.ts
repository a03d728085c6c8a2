// The ways to show a second factor, and what they are called.

import type { Factor } from "../../api/schema";
import type { SecondFactor } from "../../api/shapes";
import type { IconName } from "../../ui/icons";

interface Way {
  /** What to do. */
  ask: string;
  /** On the button that does it. */
  act: string;
  /** On the button that changes to it. */
  instead: string;
  /** Said when the server does not take it. */
  wrong: string;
  icon: IconName;
}

export const WAYS: Record<SecondFactor, Way> = {
  passkey: {
    ask: "Confirm with your passkey: your device asks for your finger, your face, its PIN or a security key.",
    act: "Use the passkey",
    instead: "Use a passkey",
    wrong: "This passkey does not belong to this account.",
    icon: "passkey",
  },
  totp: {
    ask: "Enter the six digits that your authenticator app shows for this server.",
    act: "Sign in",
    instead: "Use the authenticator app",
    wrong: "This code is not right, or was used already. Wait for the next one.",
    icon: "device",
  },
  recovery_code: {
    ask: "Enter one of the recovery codes that you have kept. It works once.",
    act: "Sign in",
    instead: "Use a recovery code",
    wrong: "This is none of your unused recovery codes.",
    icon: "key",
  },
};

const ORDER: readonly SecondFactor[] = ["passkey", "totp", "recovery_code"];

/** What this browser can do of what the account has, the best first. */
export function usableWays(methods: readonly Factor[], passkeys: boolean): SecondFactor[] {
  return ORDER.filter((way) => methods.includes(way) && (way !== "passkey" || passkeys));
}

/** The ways to prove again who is acting. */
export type Proof = SecondFactor | "password";

export const PROOFS: Record<Proof, { ask: string; instead: string; wrong: string }> = {
  passkey: {
    ask: "Confirm it with your passkey.",
    instead: "Use a passkey",
    wrong: WAYS.passkey.wrong,
  },
  totp: {
    ask: "Enter the six digits that your authenticator app shows.",
    instead: "Use the app",
    wrong: WAYS.totp.wrong,
  },
  recovery_code: {
    ask: "Enter one of your recovery codes; it is used up then.",
    instead: "Use a recovery code",
    wrong: WAYS.recovery_code.wrong,
  },
  password: {
    ask: "Enter your password again.",
    instead: "Use the password",
    wrong: "This is not your password.",
  },
};

/** What an account can prove itself by: the strongest it has, a recovery code in its stead, else its password. */
export function proofsOf(own: { totp: boolean; passkeys: number }, passkeys: boolean): Proof[] {
  if (own.passkeys > 0) return passkeys ? ["passkey", "recovery_code"] : ["recovery_code"];
  return own.totp ? ["totp", "recovery_code"] : ["password"];
}
