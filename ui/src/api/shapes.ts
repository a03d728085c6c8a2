// Wire types of the gate's own routes.

import type { Limit, Limits, SignedUser } from "./schema";

/** Why there are no passkeys at the server's address. */
export type PasskeyObstacle = "no_public_url" | "no_domain" | "not_encrypted";

/** Whether passkeys work, and at which origin. */
export interface PasskeySite {
  available: boolean;
  origin?: string | null;
  obstacle?: PasskeyObstacle | null;
}

/** What the sign-in page must know. */
export interface AuthState {
  setup_required: boolean;
  passkeys?: PasskeySite;
}

/** What a session may only do until it is done. */
export type RequiredStep = "enrol_factor" | "change_password";

/** The ways to show a second factor. */
export type SecondFactor = "totp" | "recovery_code" | "passkey";

/** Who is signed in, and what they must do before anything else. */
export interface Signed {
  user: SignedUser;
  required?: RequiredStep[];
}

/** A sign-in that waits for a second factor. */
export interface FactorWanted {
  mfa: { transaction: string; methods: SecondFactor[] };
}

export type LoginAnswer = Signed | FactorWanted;

/** The session that carries the request. */
export interface CurrentSession extends Signed {
  session: {
    id: string;
    factors: string[];
    authenticated_at: string;
    fresh_until?: string | null;
  };
}

/** Options of a WebAuthn ceremony, as JSON. */
export type PasskeyOptions = Record<string, unknown>;

/** A browser's answer to a WebAuthn ceremony, as JSON. */
export type PasskeyAnswer = Record<string, unknown>;

export interface PasskeyCeremony {
  transaction: string;
  options: PasskeyOptions;
}

/** One of them proves a second factor. */
export interface FactorProof {
  code?: string;
  recovery_code?: string;
  passkey?: PasskeyAnswer;
}

export interface StepUpProof extends FactorProof {
  password?: string;
  transaction?: string;
}

export interface TotpState {
  enabled: boolean;
  created_at?: string | null;
}

/** A TOTP secret that waits for its first code. */
export interface TotpEnrolment {
  secret: string;
  otpauth_url: string;
  qr_svg: string;
}

export interface RecoveryState {
  remaining: number;
  created_at?: string | null;
}

export interface PasskeyItem {
  id: string;
  name: string;
  created_at: string;
  last_used_at?: string | null;
}

/** A link that sets a password, once. */
export interface ResetLink {
  url: string;
  expires_at: string;
}

export interface UserItem {
  id: string;
  username: string;
  role: string;
  grants: string[];
  disabled: boolean;
  factors: string[];
  must_change_password: boolean;
  created_at: string;
  password_changed_at: string;
  last_login_at?: string | null;
}

export interface NewUser {
  username: string;
  role: string;
  grants?: string[];
}

export interface NewUserAnswer {
  user: UserItem;
  reset?: ResetLink | null;
}

export interface UserChange {
  role?: string;
  grants?: string[];
  disabled?: boolean;
}

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

export type AuditOutcome = "success" | "denied" | "shadow" | "failure";

export interface AuditItem {
  sequence: number;
  at: string;
  event: string;
  outcome: AuditOutcome;
  actor: string;
  action?: string | null;
  object?: string | null;
  database?: string | null;
  request_id?: string | null;
  origin?: string | null;
  network?: string | null;
}

export type Verdict = "pass" | "fail" | "warn" | "not_applicable";

export interface PostureItem {
  id: string;
  source: string;
  title: string;
  verdict: Verdict;
  detail?: string | null;
  remedy?: string | null;
}
