// The events of the audit log, in words. The server's names are those of the OWASP logging vocabulary.

const LABELS: Record<string, string> = {
  authn_login_success: "Signed in",
  authn_login_successafterfail: "Signed in after failures",
  authn_login_fail: "Could not sign in",
  authn_login_fail_max: "Tried while locked",
  authn_login_lock: "Locked after failures",
  authn_login_unlock: "Lock ended",
  authn_factor_asked: "Password right, second factor asked",
  authn_factor_fail: "Second factor wrong",
  authn_factor_enrolled: "Second factor set up",
  authn_factor_removed: "Second factor given up",
  authn_factor_reset: "Second factors taken away",
  authn_recovery_code_used: "Recovery code used",
  authn_passkey_cloned: "Passkey may be a copy",
  authn_step_up: "Confirmed who it is",
  authn_step_up_fail: "Could not confirm who it is",
  authn_password_change: "Password changed",
  authn_password_change_fail: "Password change refused",
  authn_token_created: "Key or token made",
  authn_token_revoked: "Key or token taken back",
  authn_token_reuse: "Used-up token shown again",
  authn_token_expiring: "Key or token ends soon",
  authn_token_invalid: "Worthless credential shown",
  session_expired: "Session ended",
  session_use_after_expire: "Ended session shown",
  authz_fail: "Asked for what is not allowed",
  authz_allow: "Asked for what is allowed",
  authz_change: "Rights changed",
  authz_admin: "Administrator acted",
  user_created: "Account made",
  user_updated: "Account changed",
  crypt_key_rotated: "Server key rotated",
  crypt_decrypt_fail: "Sealed data does not open",
  excess_rate_limit_exceeded: "Over a limit",
  malicious_csrf: "Foreign page tried to act",
  malicious_excess_404: "Looked for many things",
  input_validation_fail: "Unreadable input",
  sensitive_delete: "Data deleted for good",
  sys_startup: "Server started",
  sys_shutdown: "Server stopped",
  sys_crash: "Server had ended unexpectedly",
  sys_monitor_disabled: "Protection switched off",
  sys_log_forward: "Audit log sent on to syslog",
  sys_certificate_renewal: "Certificate renewed",
  sys_error: "Server error",
};

export const EVENTS = Object.entries(LABELS).map(([id, label]) => ({ id, label }));

/** The event in words; an event to come, by its own name. */
export function eventLabel(event: string): string {
  return LABELS[event] ?? event.replaceAll("_", " ");
}

const TONES: Record<string, "good" | "warn" | "bad"> = {
  success: "good",
  denied: "bad",
  shadow: "warn",
  failure: "bad",
};

export function outcomeTone(outcome: string): "good" | "warn" | "bad" | "plain" {
  return TONES[outcome] ?? "plain";
}
