//! Second factors: who must have one, and how its codes are made.

use api::PostureItem;

use super::super::{Config, MfaRequired};
use super::Subject;
use super::bounds::gate_fault;

const REQUIRED: Subject =
    Subject::new("second_factor", "Whoever may change anything needs more than a password");
const CODES: Subject = Subject::new("totp_codes", "Codes of authenticator apps can be made");

pub(super) fn required(config: &Config) -> PostureItem {
    let auth = &config.auth;
    if let Some(fault) = gate_fault(config, "mfa.databases") {
        return REQUIRED.refused(fault, "name databases in auth.mfa.databases");
    }
    let everywhere = |names: &[String]| match names {
        [] => String::new(),
        names => format!(", and of everybody with a right on {}", names.join(", ")),
    };
    match auth.required {
        MfaRequired::Privileged => REQUIRED.passed(format!(
            "required of admins and of whoever may change anything{}",
            everywhere(&auth.databases)
        )),
        MfaRequired::All => REQUIRED.passed("required of everybody"),
        MfaRequired::None => REQUIRED.warned(
            "auth.mfa.required is `none`: a stolen password is enough to act as an admin",
            "take it out, so that admins and whoever may change anything have a second factor",
        ),
    }
}

pub(super) fn codes(config: &Config) -> PostureItem {
    let auth = &config.auth;
    if auth.previous_codes > 1 {
        return CODES.refused(
            "auth.mfa.previous_codes is too high: a code must not live longer than a minute",
            "auth.mfa.previous_codes must be 0 or 1",
        );
    }
    if !matches!(auth.digits, 6 | 8) {
        return CODES.refused("auth.mfa.digits is out of bounds", "auth.mfa.digits must be 6 or 8");
    }
    CODES.passed(format!("{} digits, {} of before taken", auth.digits, auth.previous_codes))
}
