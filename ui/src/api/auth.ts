// Signing in, in one step or two, and proving again who one is.

import { path, type Client } from "./client";
import type {
  AuthState,
  CurrentSession,
  LoginAnswer,
  LoginRequest,
  PasskeyAnswer,
  PasskeyChallenge,
  PasskeyOptions,
  SetupRequest,
  Signed,
  StepUpRequest,
} from "./schema";
import type { FactorProof } from "./shapes";

export const authState = (client: Client, signal?: AbortSignal) =>
  client.get<AuthState>(path("auth", "state"), {}, signal);

export const currentSession = (client: Client) =>
  client.get<CurrentSession>(path("auth", "session"));

export const setup = (client: Client, request: SetupRequest) =>
  client.post<Signed>(path("auth", "setup"), request);

export const login = (client: Client, request: LoginRequest) =>
  client.post<LoginAnswer>(path("auth", "login"), request);

export const logout = (client: Client) => client.post<undefined>(path("auth", "logout"));

/** The second step of a sign-in. */
export const proveFactor = (client: Client, transaction: string, proof: FactorProof) =>
  client.post<Signed>(path("auth", "mfa"), { transaction, ...proof });

export const factorPasskeyOptions = (client: Client, transaction: string) =>
  client.post<{ options: PasskeyOptions }>(path("auth", "mfa", "passkey"), { transaction });

/** The only step of a sign-in with a passkey alone. */
export const passkeyOptions = (client: Client) =>
  client.post<PasskeyChallenge>(path("auth", "passkey", "options"));

export const passkeyLogin = (client: Client, transaction: string, passkey: PasskeyAnswer) =>
  client.post<Signed>(path("auth", "passkey"), { transaction, passkey });

/** Makes the session fresh again. */
export const stepUp = (client: Client, proof: StepUpRequest) =>
  client.post<undefined>(path("auth", "step-up"), proof);

export const stepUpPasskeyOptions = (client: Client) =>
  client.post<PasskeyChallenge>(path("auth", "step-up", "passkey"));

/** Sets the password that a one-time link stands for. */
export const resetPassword = (client: Client, token: string, password: string) =>
  client.post<undefined>(path("auth", "reset"), { token, password });
