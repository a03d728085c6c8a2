// Made by `npm run schema` from the server's OpenAPI document. Do not change by hand.

/** One record. */
export interface AuditItem {
  /** The operation that was asked for. */
  action?: string | null;
  actor: string;
  at: string;
  database?: string | null;
  event: string;
  /** The network around it. */
  network?: string | null;
  object?: string | null;
  /** A code for the address, which changes every month. */
  origin?: string | null;
  outcome: string;
  request_id?: string | null;
  sequence: number;
}

/** Some of the items, and where to go on. */
export interface AuditItemList {
  /** The items. */
  items: AuditItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** What the sign-in page must know. */
export interface AuthState {
  passkeys: PasskeyState;
  /** There is no account yet: the setup link makes the first. */
  setup_required: boolean;
}

/** One value. */
export interface BreakdownItem {
  /** Bounces, in per cent to one decimal; of a page, of the visits that began on it. */
  bounce_rate?: number | null;
  /** The same value in the range compared with. */
  comparison?: ComparedItem | null;
  /** Page views and custom events. */
  events?: number | null;
  /** Its name for people, where that differs. */
  label?: string | null;
  /** Page views. */
  pageviews?: number | null;
  /** The share of all visitors of the range, in per cent to one decimal. */
  percentage: number;
  /** The value; nothing when it is not set. */
  value?: string | null;
  /** Mean length of a visit in seconds, to one decimal; of a page, of the visits that began on it. */
  visit_duration_s?: number | null;
  /** Distinct visitors. */
  visitors: number;
  /** Visits. */
  visits?: number | null;
}

/** The values of a dimension. */
export interface BreakdownResponse {
  /** The id of the dimension. */
  dimension: string;
  /** The values asked for. */
  items: BreakdownItem[];
  /** What to send as `cursor` to get the next values; nothing after the last. */
  next_cursor?: string | null;
  /** The range. */
  range: RangeResponse;
  /** How many values there are, all pages together. */
  total_rows: number;
}

/** A value in the range compared with. */
export interface ComparedItem {
  /** Distinct visitors. */
  visitors: number;
}

/** The metrics of the range compared with. */
export interface ComparedMetrics {
  /** Its metrics. */
  metrics: Metrics;
  /** The range. */
  range: RangeResponse;
}

/** The points of the range compared with. */
export interface ComparedPoints {
  /** Its buckets in order. */
  points: Point[];
  /** The range. */
  range: RangeResponse;
}

/** Who is signed in, and in which session. */
export interface CurrentSession {
  /** When the password must be changed, where passwords expire; null elsewhere. */
  password_expires_at?: string | null;
  /** What must be done before anything else: until then only `/v1/auth` and `/v1/me` answer. */
  required: Requirements;
  session: SessionState;
  user: SignedUser;
}

/** A dimension as the API lists it. */
export interface DimensionItem {
  /** The operators filters may use on it. */
  filter_operators: Operator[];
  /** The name in paths, filters and answers. */
  id: string;
  /** What a value is. */
  kind: Kind;
  /** The name for people. */
  label: string;
  /** Per event or per visit. */
  level: Level;
  /** The version that brought it. */
  since: string;
}

/** Some of the items, and where to go on. */
export interface DimensionItemList {
  /** The items. */
  items: DimensionItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** Events not counted for one reason. */
export interface DroppedCount {
  /** How many. */
  count: number;
  /** The reason. */
  reason: string;
}

/** What ended. */
export interface Ended {
  /** API keys that had not ended before. */
  keys?: number | null;
  /** Sessions of browsers, and what programs hold from one sign-in. */
  sessions?: number | null;
}

/** One way to prove who one is. */
export type Factor = "password" | "totp" | "recovery_code" | "passkey";

/** Alive, or ready. */
export interface Health {
  /** `ok`. */
  status: string;
}

/** Heavy work of all callers. */
export interface Heavy {
  /** Units in use. */
  units: number;
  /** Units there are. */
  units_max: number;
  /** Callers waiting for some. */
  waiting: number;
}

/** A key to take over. */
export interface ImportedKey {
  /** Networks it may be used from; none means any. */
  cidrs?: string[];
  /** How long it works from now on; without it, as configured. */
  expires_in_days?: number | null;
  name: string;
  /** Scopes, written `action:database` or `action:database/site`. */
  scopes: string[];
  /** The key itself: 64 hexadecimal digits or 43 letters of base64url; 32 characters where `auth.keys.short_imports` allows it. */
  secret: Password;
}

/** The width of a bucket. */
export type Interval = "minute" | "hour" | "day" | "week" | "month";

/** Public keys, as a JSON Web Key Set (RFC 7517). */
export interface Jwks {
  /** The keys; none where the server signs with a secret. */
  keys: VerifyingKey[];
}

/** The public half of a key: names it, opens nothing. */
export type KeyId = string;

/** A key, without its secret. */
export interface KeyItem {
  /** Networks it may be used from; none means any. */
  cidrs: string[];
  created_at: string;
  expires_at?: string | null;
  id: KeyId;
  /** Whether it was brought along from another system. */
  imported: boolean;
  /** To the day. */
  last_used_at?: string | null;
  /** From what kind of network; no address is kept. */
  last_used_from?: NetworkKind | null;
  name: string;
  /** Whose it is; null for a key made on the machine itself. */
  owner_id?: UserId | null;
  /** When it got a successor. */
  replaced_at?: string | null;
  revoked_at?: string | null;
  /** Scopes, written `action:database` or `action:database/site`. */
  scopes: string[];
}

/** Some of the items, and where to go on. */
export interface KeyItemList {
  /** The items. */
  items: KeyItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** What a value is, so that a reader can show it well. */
export type Kind = "text" | "page" | "hostname" | "url" | "country" | "language";

/** Whether a dimension has one value per visit or one per event. */
export type Level = "event" | "visit";

/** The quota of one class. */
export interface Limit {
  /** The class of route. */
  class: string;
  /** Units one call takes. */
  cost: number;
  /** `enforce` or `shadow`. */
  mode: string;
  /** Units per minute. */
  per_minute: Tiers;
}

/** The limit table. */
export interface Limits {
  /** Queries of one caller at a time. */
  in_flight: Tiers;
  /** Calls per minute and caller, in units of cost. */
  items: Limit[];
  /** `enforce`, or `shadow`: counted and reported, not refused. */
  mode: string;
  /** What the caller has used in the last minute. */
  own: Standing[];
}

/** One quota in use. */
export interface Live {
  /** The class of route. */
  class: string;
  /** The database it is about, if it is about one. */
  database?: string | null;
  /** Queries that run. */
  in_flight: number;
  /** Units there are. */
  quota: number;
  /** Requests refused within the last minute. */
  refused: number;
  /** Requests that a limit which only watches would have refused. */
  shadow: number;
  /** Whose: `user:`, `session:`, `key:` or `device:` and an id, or `address:` and the code the audit log has for it. */
  subject: string;
  /** Units used within the last minute. */
  used: number;
}

/** The quotas in use, of everybody. */
export interface LiveLimits {
  /** Heavy work. */
  heavy: Heavy;
  /** Queries that run. */
  in_flight: number;
  /** Those over their limit first, then the fullest; 200 at most. */
  items: Live[];
  /** `enforce`, or `shadow`: counted and reported, not refused. */
  mode: string;
  /** Quotas in use that are not listed. */
  omitted: number;
  /** Quotas remembered, used or not. */
  remembered: number;
}

/** Who is signed in, or what is asked for first. */
export type LoginAnswer = Signed | NeedsFactor;

/** A name and a password. */
export interface LoginRequest {
  password: Password;
  username: string;
}

/** A metric a time series can have. */
export type Metric =
  | "visitors"
  | "visits"
  | "pageviews"
  | "events"
  | "views_per_visit"
  | "bounce_rate"
  | "visit_duration";

/** The metrics of a range. */
export interface Metrics {
  /** Visits that were bounces, in per cent to one decimal; 0 without visits. */
  bounce_rate: number;
  /** Page views and custom events. */
  events: number;
  /** Page views. */
  pageviews: number;
  /** Page views per visit, to two decimals; 0 without visits. */
  views_per_visit: number;
  /** Mean length of a visit in seconds, to one decimal; 0 without visits. */
  visit_duration_s: number;
  /** Distinct visitors. */
  visitors: number;
  /** Visits. */
  visits: number;
}

/** What to show, and with what. */
export interface MfaAsked {
  /** What may be shown, the strongest first. */
  methods: Factor[];
  transaction: TransactionToken;
}

/** What the browser needs. */
export interface MfaOptions {
  options: PasskeyOptions;
}

/** A sign-in that waits. */
export interface MfaOptionsRequest {
  transaction: TransactionToken;
}

/** The second factor: exactly one of `code`, `recovery_code` and `passkey`. */
export interface MfaRequest {
  /** A code of the authenticator app. */
  code?: OneTimeCode | null;
  /** The browser's answer to the options. */
  passkey?: PasskeyAnswer | null;
  /** A recovery code. */
  recovery_code?: OneTimeCode | null;
  /** What the first step answered. */
  transaction: TransactionToken;
}

/** The password is right, and a second factor is asked for. */
export interface NeedsFactor {
  mfa: MfaAsked;
}

/** A kind of network that somebody asks from. */
export type NetworkKind = "machine" | "private" | "public";

/** A key to make. */
export interface NewKey {
  /** Networks it may be used from; none means any. */
  cidrs?: string[];
  /** How long it works; without it, as configured. */
  expires_in_days?: number | null;
  name: string;
  /** Scopes, written `action:database` or `action:database/site`: `read:web`, `query:*`, `read:web/shop.example`. */
  scopes: string[];
}

/** A key that was just made, with its secret. */
export interface NewKeyAnswer {
  expires_at?: string | null;
  id: KeyId;
  name: string;
  scopes: string[];
  /** The key itself: kept nowhere, shown this once. */
  secret: string;
}

/** The browser's answer. */
export interface NewPasskey {
  /** What to call it. */
  name: string;
  passkey: PasskeyAnswer;
  transaction: TransactionToken;
}

/** An account to make. */
export interface NewUser {
  /** Where the role counts: `*` (also without it), a database, or `database/site`. An admin's is `*`. */
  grants?: string[] | null;
  /** To be changed at the first sign-in. Without one its owner chooses it, by a one-time link. */
  password?: Password | null;
  /** `viewer`, `analyst`, `operator`, `admin` or `agent`. */
  role: string;
  username: string;
}

export type OneTimeCode = string;

/** How a filter compares. */
export type Operator = "is" | "is_not" | "contains" | "contains_not";

/** A direction. */
export type Order = "desc" | "asc";

/** The metrics of a range. */
export interface OverviewResponse {
  /** What it is compared with. */
  comparison?: ComparedMetrics | null;
  /** Its metrics. */
  metrics: Metrics;
  /** How exact the metrics are. */
  precision: Precision;
  /** The range. */
  range: RangeResponse;
}

/** What the browser's `credential.toJSON()` gives */
export type PasskeyAnswer = Record<string, unknown>;

/** What the browser needs, and what to send along with its answer. */
export interface PasskeyChallenge {
  options: PasskeyOptions;
  transaction: TransactionToken;
}

/** The passkey counts. */
export interface PasskeyCreated {
  created_at: string;
  id: PasskeyId;
  last_used_at?: string | null;
  name: string;
  /** The recovery codes, shown this once, when this is the account's first second factor; null otherwise. */
  recovery_codes?: string[] | null;
}

/** A passkey as its owner sees it in a list; it opens nothing. */
export type PasskeyId = string;

/** A passkey. */
export interface PasskeyItem {
  created_at: string;
  id: PasskeyId;
  last_used_at?: string | null;
  name: string;
}

/** Some of the items, and where to go on. */
export interface PasskeyItemList {
  /** The items. */
  items: PasskeyItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** Why passkeys do not work here. */
export type PasskeyObstacle = "no_public_url" | "no_domain" | "not_encrypted";

/** What `PublicKeyCredential.parseCreationOptionsFromJSON` and `.parseRequestOptionsFromJSON` take */
export type PasskeyOptions = Record<string, unknown>;

/** A passkey alone. */
export interface PasskeyRequest {
  /** The browser's answer to them. */
  passkey: PasskeyAnswer;
  /** What came with the options. */
  transaction: TransactionToken;
}

/** Whether passkeys work at the server's address. */
export interface PasskeyState {
  available: boolean;
  /** Why they do not work; null when they do. */
  obstacle?: PasskeyObstacle | null;
  /** Where a page must be opened from for them; null when they do not work. */
  origin?: string | null;
}

export type Password = string;

/** The password that was, and the one that shall be. */
export interface PasswordChange {
  current_password: Password;
  new_password: Password;
}

/** A password to set. */
export interface PasswordToSet {
  password: Password;
}

/** One bucket. */
export interface Point {
  /** Its start in the site's time zone, as RFC 3339. */
  at: string;
  /** Whether it is cut off by the range or not over yet. */
  partial: boolean;
  /** The metric; nothing when it is still to come or cannot be said. */
  value?: number | null;
}

/** One condition of safe operation. */
export interface PostureItem {
  /** What was found. */
  detail: string;
  /** A stable name. */
  id: string;
  /** What to do about it. */
  remedy?: string | null;
  /** Whose list it is on. */
  source: Source;
  /** The condition. */
  title: string;
  /** Whether it holds. */
  verdict: Verdict;
}

/** Some of the items, and where to go on. */
export interface PostureItemList {
  /** The items. */
  items: PostureItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** How exact the numbers are. */
export interface Precision {
  /** Of the visitors. */
  visitors: VisitorPrecision;
}

/** Problem details (RFC 9457) */
export interface Problem {
  detail?: string;
  errors?: { field: string; message: string }[];
  request_id: string;
  status: number;
  title: string;
  type: string;
  "violated-policies"?: string[];
}

/** A range as it is answered. */
export interface RangeResponse {
  /** The first day. */
  from: string;
  /** The period it was asked by. */
  period?: string | null;
  /** The site's time zone. */
  time_zone: string;
  /** The last day. */
  to: string;
}

/** One value. */
export interface RealtimeItem {
  /** The value; nothing when it is not set. */
  value?: string | null;
  /** Distinct visitors. */
  visitors: number;
}

/** One minute. */
export interface RealtimeMinute {
  /** Its start in the site's time zone, as RFC 3339. */
  at: string;
  /** Page views. */
  pageviews: number;
  /** Visitors with a page view in it. */
  visitors: number;
}

/** What happens now. */
export interface RealtimeResponse {
  /** The countries with the most visitors. */
  countries: RealtimeItem[];
  /** Visitors with a page view in the last five minutes. */
  current_visitors: number;
  /** Thirty minutes in order; the last one is the present. */
  minutes: RealtimeMinute[];
  /** The pages with the most visitors. */
  pages: RealtimeItem[];
  /** Page views of the last thirty minutes. */
  pageviews_30m: number;
  /** The sources with the most visitors. */
  sources: RealtimeItem[];
  /** Visitors with a page view in the last thirty minutes. */
  visitors_30m: number;
}

/** New recovery codes, shown this once. */
export interface RecoveryCodes {
  codes: string[];
}

/** How many recovery codes are left. */
export interface RecoveryCodesState {
  created_at?: string | null;
  remaining: number;
}

/** A refresh token. */
export interface RefreshRequest {
  refresh_token: string;
}

/** One thing an account must do first. */
export type Requirement = "change_password" | "enrol_factor";

export type Requirements = Requirement[];

/** A one-time link by which a password is chosen: shown this once. */
export interface ResetAnswer {
  expires_at: string;
  /** Opens the page where it is chosen. */
  url: string;
}

/** The secret of a one-time link, and the password to have. */
export interface ResetRequest {
  password: Password;
  token: Password;
}

/** A session as its owner sees it in a list; it opens nothing. */
export type SessionId = string;

/** A session. */
export interface SessionItem {
  created_at: string;
  /** Whether it carried this request. */
  current: boolean;
  /** When it ends whatever happens; unused, it ends before. */
  expires_at: string;
  id: SessionId;
  last_seen_at: string;
  /** What the browser called itself. */
  user_agent?: string | null;
}

/** Some of the items, and where to go on. */
export interface SessionItemList {
  /** The items. */
  items: SessionItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** A session and whose it is. */
export interface SessionOfUser {
  created_at: string;
  /** Whether it carried this request. */
  current: boolean;
  /** When it ends whatever happens; unused, it ends before. */
  expires_at: string;
  id: SessionId;
  last_seen_at: string;
  /** What the browser or program called itself. */
  user_agent?: string | null;
  user_id: UserId;
  username: string;
}

/** Some of the items, and where to go on. */
export interface SessionOfUserList {
  /** The items. */
  items: SessionOfUser[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** A session, and what was proved in it. */
export interface SessionState {
  authenticated_at: string;
  factors: Factor[];
  /** Until when dangerous things may be done; null when the account has a stronger factor than was proved. */
  fresh_until?: string | null;
  id: SessionId;
}

/** The one-time secret, and the account to make. */
export interface SetupRequest {
  password: Password;
  secret: Password;
  username: string;
}

/** Who is signed in. */
export interface Signed {
  /** When the password must be changed, where passwords expire; null elsewhere. */
  password_expires_at?: string | null;
  /** What must be done before anything else: until then only `/v1/auth` and `/v1/me` answer. */
  required: Requirements;
  user: SignedUser;
}

/** A user, with what the role may do where the grants say. */
export interface SignedUser {
  id: UserId;
  role: string;
  /** Scopes, written `action:database` or `action:database/site`. */
  scopes: string[];
  username: string;
}

/** What shall be different; what is left out stays. */
export interface SiteChangeRequest {
  /** Further hosts its pages are on; replaces those there are. */
  allowed_hostnames?: string[] | null;
  /** IANA name. */
  time_zone?: string | null;
}

/** A site. */
export interface SiteItem {
  /** Further hosts its pages are on. */
  allowed_hostnames: string[];
  created_at: string;
  /** The host that names it. */
  domain: string;
  /** IANA name of the time zone its days are in. */
  time_zone: string;
  /** Distinct visitors of the last 24 hours. */
  visitors_24h: number;
}

/** Some of the items, and where to go on. */
export interface SiteItemList {
  /** The items. */
  items: SiteItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** The data of an event named `site`. */
export interface SiteNews {
  /** Visitors with a page view in the last five minutes. */
  current_visitors: number;
  /** When the last counted event happened; null until one does. */
  last_event_at?: string | null;
  site: string;
}

/** A site to add. */
export interface SiteRequest {
  /** Further hosts its pages are on. */
  allowed_hostnames?: string[];
  /** The host that names it; `www.` is dropped. */
  domain: string;
  /** IANA name; without it, UTC. */
  time_zone?: string | null;
}

/** What came in for a site. */
export interface SiteStatusResponse {
  /** Events of the last 24 hours that are not counted, by reason, most first. */
  dropped_24h: DroppedCount[];
  /** Page views and custom events of the last 24 hours. */
  events_24h: number;
  /** The first event counted, RFC 3339 in UTC. */
  first_event_at?: string | null;
  /** The last one. */
  last_event_at?: string | null;
  /** The address of the tracker. */
  script_url: string;
  /** What to put into the head of the site's pages. */
  snippet: string;
}

/** A metric to sort by. */
export type Sort =
  "visitors" | "visits" | "pageviews" | "events" | "bounce_rate" | "visit_duration";

/** Whose list an item is on. */
export type Source = "startup" | "duckling" | "draco-metric";

/** What is used of one quota. */
export interface Standing {
  /** The class of route. */
  class: string;
  /** The database it is about, if it is about one. */
  database?: string | null;
  /** Queries that run. */
  in_flight: number;
  /** Units there are. */
  quota: number;
  /** Requests refused within the last minute. */
  refused: number;
  /** Requests that a limit which only watches would have refused. */
  shadow: number;
  /** Units used within the last minute. */
  used: number;
}

/** A proof: exactly one of `password`, `code`, `recovery_code` and `passkey`, the last with its `transaction`. */
export interface StepUpRequest {
  /** A code of the authenticator app; enough where there is no passkey. */
  code?: OneTimeCode | null;
  /** The browser's answer to the options. */
  passkey?: PasskeyAnswer | null;
  /** Enough where no second factor is set up. */
  password?: Password | null;
  /** A recovery code, in place of a lost factor. */
  recovery_code?: OneTimeCode | null;
  /** What came with the options. */
  transaction?: TransactionToken | null;
}

/** A number for each kind of caller. */
export interface Tiers {
  anonymous: number;
  key: number;
  signed_in: number;
}

/** One metric over time. */
export interface TimeseriesResponse {
  /** What it is compared with; its points belong to those of the range by their place. */
  comparison?: ComparedPoints | null;
  /** The width of a bucket. */
  interval: Interval;
  /** The metric. */
  metric: Metric;
  /** The buckets in order, without gaps. */
  points: Point[];
  /** The range. */
  range: RangeResponse;
}

/** A name, a password and, where the account has a second factor, one code. */
export interface TokenRequest {
  /** What the authenticator app shows. */
  code?: OneTimeCode | null;
  password: Password;
  /** One of the recovery codes, instead of the app's. */
  recovery_code?: OneTimeCode | null;
  username: string;
}

/** A pair of tokens. */
export interface Tokens {
  /** Opens doors as `Authorization: Bearer`. */
  access_token: string;
  /** How long the access token works. */
  expires_in_s: number;
  /** When no exchange works any more; unused, it ends before. */
  refresh_expires_at: string;
  /** Is exchanged, once, for the next pair. */
  refresh_token: string;
  /** Always `Bearer`. */
  token_type: string;
}

/** A code of the new app. */
export interface TotpConfirmation {
  code: OneTimeCode;
}

/** The app counts. */
export interface TotpConfirmed {
  /** The recovery codes, shown this once, when this is the account's first second factor; null otherwise. */
  recovery_codes?: string[] | null;
}

/** A new authenticator app, shown this once. */
export interface TotpOffer {
  /** The secret with everything else, as an address. */
  otpauth_url: string;
  /** The address as a QR code: an SVG of one `rect` and one `path`, without styles or scripts. */
  qr_svg: string;
  /** The secret as one types it (base32). */
  secret: string;
}

/** Whether there is an authenticator app. */
export interface TotpState {
  created_at?: string | null;
  enabled: boolean;
}

export type TransactionToken = string;

/** What shall be different; what is left out stays. */
export interface UserChange {
  disabled?: boolean | null;
  /** Where the role counts; replaces what there is. */
  grants?: string[] | null;
  /** Have another password chosen before anything else. */
  must_change_password?: boolean | null;
  role?: string | null;
}

/** A user's identity, stable for the life of the account. */
export type UserId = string;

/** An account. */
export interface UserItem {
  created_at: string;
  disabled: boolean;
  /** What it has beside its password. */
  factors: Factor[];
  /** Where the role counts: `*`, a database, or `database/site`. */
  grants: string[];
  id: UserId;
  /** Null until somebody signs in. */
  last_login_at?: string | null;
  /** Another password must be chosen before anything else. */
  must_change_password: boolean;
  password_changed_at: string;
  role: string;
  username: string;
}

/** Some of the items, and where to go on. */
export interface UserItemList {
  /** The items. */
  items: UserItem[];
  /** What to send as `cursor` for more; null when these were the last. */
  next_cursor?: string | null;
}

/** An account that was just made. */
export type UserMade =
  | UserItem
  | {
      /** The link by which its owner chooses a password. */
      reset: ResetAnswer;
      /** The account. */
      user: UserItem;
    };

/** An account to take over. */
export interface UserToImport {
  /** Where the role counts; everywhere without it. */
  grants?: string[] | null;
  /** As the other system keeps it: bcrypt, or Argon2id in PHC form. */
  password_hash: string;
  /** `viewer`, `analyst`, `operator`, `admin` or `agent`. */
  role: string;
  username: string;
}

/** Whether a condition holds. */
export type Verdict = "pass" | "fail" | "warn" | "not_applicable";

/** The public half of a key, as a JSON Web Key (RFC 8037). */
export interface VerifyingKey {
  /** The algorithm: `EdDSA`. */
  alg: string;
  /** The curve: `Ed25519`. */
  crv: string;
  /** The name of the key: its thumbprint (RFC 7638). */
  kid: string;
  /** The kind of key: `OKP`. */
  kty: string;
  /** What it is for: `sig`. */
  use: string;
  /** The public key, in base64url. */
  x: string;
}

/** How exact the number of visitors is. */
export type VisitorPrecision = "exact" | "sum_of_days";
