// The own account: password, factors, sessions.

import { path, type Client } from "./client";
import type {
  PasskeyAnswer,
  PasskeyChallenge,
  PasskeyItem,
  PasswordChange,
  RecoveryCodesState,
  SessionItemList,
  TotpOffer,
  TotpState,
} from "./schema";

export const changePassword = (client: Client, change: PasswordChange) =>
  client.post<undefined>(path("me", "password"), change);

export const totpState = (client: Client, signal?: AbortSignal) =>
  client.get<TotpState>(path("me", "totp"), {}, signal);

/** Makes a secret, which counts once a code of it was confirmed. */
export const beginTotp = (client: Client) => client.post<TotpOffer>(path("me", "totp"));

/** Answers with recovery codes when these are the first. */
export const confirmTotp = (client: Client, code: string) =>
  client.post<{ recovery_codes?: string[] | null } | undefined>(path("me", "totp", "confirm"), {
    code,
  });

export const removeTotp = (client: Client) => client.delete(path("me", "totp"));

export const recoveryState = (client: Client, signal?: AbortSignal) =>
  client.get<RecoveryCodesState>(path("me", "recovery-codes"), {}, signal);

/** Makes new recovery codes; the old ones are worth nothing from then on. */
export const newRecoveryCodes = (client: Client) =>
  client.post<{ codes: string[] }>(path("me", "recovery-codes"));

export const ownPasskeys = (client: Client, signal?: AbortSignal) =>
  client.get<{ items: PasskeyItem[] }>(path("me", "passkeys"), {}, signal);

export const newPasskeyOptions = (client: Client) =>
  client.post<PasskeyChallenge>(path("me", "passkeys", "options"));

export const addPasskey = (
  client: Client,
  passkey: { transaction: string; name: string; passkey: PasskeyAnswer },
) => client.post<{ recovery_codes?: string[] | null } | undefined>(path("me", "passkeys"), passkey);

export const removePasskey = (client: Client, id: string) =>
  client.delete(path("me", "passkeys", id));

export const ownSessions = (client: Client, signal?: AbortSignal) =>
  client.get<SessionItemList>(path("me", "sessions"), {}, signal);

export const endSession = (client: Client, id: string) => client.delete(path("me", "sessions", id));

/** Ends all own sessions but this one. */
export const endOtherSessions = (client: Client) => client.delete(path("me", "sessions"));
