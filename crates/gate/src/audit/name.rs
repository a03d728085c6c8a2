//! The table of events: one line per event, everything else is derived from it.

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $kinship:ident;)*) => {
        /// The kinds of events.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventName {
            $($(#[$doc])* $variant,)*
        }

        impl EventName {
            /// Every event, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its written name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Where its name comes from.
            #[must_use]
            pub const fn kinship(self) -> Kinship {
                match self {
                    $(Self::$variant => Kinship::$kinship,)*
                }
            }
        }
    };
}

/// Where the name of an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinship {
    /// The OWASP logging vocabulary has the word.
    Owasp,
    /// It has no word for this; ours is made in its manner: a category, then what happened.
    Own,
}

events! {
    /// Somebody signed in.
    AuthnLoginSuccess = "authn_login_success", Owasp;
    /// Somebody signed in after failures.
    AuthnLoginSuccessafterfail = "authn_login_successafterfail", Owasp;
    /// Somebody could not sign in.
    AuthnLoginFail = "authn_login_fail", Owasp;
    /// An attempt met a lock.
    AuthnLoginFailMax = "authn_login_fail_max", Owasp;
    /// One failure too many: the account, address or pair is locked.
    AuthnLoginLock = "authn_login_lock", Owasp;
    /// An account's lock was ended by an administrator.
    AuthnLoginUnlock = "authn_login_unlock", Own;
    /// The password was right and a second factor was asked for.
    AuthnFactorAsked = "authn_factor_asked", Own;
    /// A second factor was wrong, used before, or not that account's.
    AuthnFactorFail = "authn_factor_fail", Own;
    /// An account got a factor, or new recovery codes.
    AuthnFactorEnrolled = "authn_factor_enrolled", Own;
    /// A factor was taken from an account by its owner.
    AuthnFactorRemoved = "authn_factor_removed", Own;
    /// All factors were taken from an account by an administrator.
    AuthnFactorReset = "authn_factor_reset", Own;
    /// A recovery code was used.
    AuthnRecoveryCodeUsed = "authn_recovery_code_used", Own;
    /// A passkey's counter went back: there may be two of it.
    AuthnPasskeyCloned = "authn_passkey_cloned", Own;
    /// Somebody proved themselves again in a session.
    AuthnStepUp = "authn_step_up", Own;
    /// Somebody could not prove themselves again.
    AuthnStepUpFail = "authn_step_up_fail", Own;
    /// A password was changed.
    AuthnPasswordChange = "authn_password_change", Owasp;
    /// A password change was refused.
    AuthnPasswordChangeFail = "authn_password_change_fail", Owasp;
    /// A key or token was made.
    AuthnTokenCreated = "authn_token_created", Owasp;
    /// A key or token was taken back.
    AuthnTokenRevoked = "authn_token_revoked", Owasp;
    /// A token that was used up or taken back was shown again.
    AuthnTokenReuse = "authn_token_reuse", Owasp;
    /// A key ends soon.
    AuthnTokenExpiring = "authn_token_expiring", Own;
    /// A credential that is none was shown.
    AuthnTokenInvalid = "authn_token_invalid", Own;
    /// Somebody signed out, or a session was ended for them.
    SessionExpired = "session_expired", Owasp;
    /// A session was shown that is over, or never was one.
    SessionUseAfterExpire = "session_use_after_expire", Owasp;
    /// Somebody asked for what they may not do.
    AuthzFail = "authz_fail", Owasp;
    /// Somebody asked for what they may do; only recorded when the operator asks for every decision.
    AuthzAllow = "authz_allow", Own;
    /// Rights changed.
    AuthzChange = "authz_change", Owasp;
    /// An administrator acted.
    AuthzAdmin = "authz_admin", Owasp;
    /// An account was made.
    UserCreated = "user_created", Owasp;
    /// An account was changed.
    UserUpdated = "user_updated", Owasp;
    /// The server's secrets were replaced.
    CryptKeyRotated = "crypt_key_rotated", Own;
    /// What was sealed does not open with our keys.
    CryptDecryptFail = "crypt_decrypt_fail", Owasp;
    /// A limit was passed.
    ExcessRateLimitExceeded = "excess_rate_limit_exceeded", Owasp;
    /// A foreign page tried to act in somebody's name.
    MaliciousCsrf = "malicious_csrf", Own;
    /// One address asks for many things that are not there.
    MaliciousExcess404 = "malicious_excess_404", Owasp;
    /// Input that could not be read.
    InputValidationFail = "input_validation_fail", Owasp;
    /// Data was deleted for good.
    SensitiveDelete = "sensitive_delete", Owasp;
    /// The server began to serve.
    SysStartup = "sys_startup", Owasp;
    /// The server stopped in order.
    SysShutdown = "sys_shutdown", Owasp;
    /// The last run ended without being stopped.
    SysCrash = "sys_crash", Owasp;
    /// A layer of defence is switched off.
    SysMonitorDisabled = "sys_monitor_disabled", Owasp;
    /// The audit log does not get to its syslog receiver, or does so again.
    SysLogForward = "sys_log_forward", Own;
    /// A certificate of the server was renewed by itself, or could not be.
    SysCertificateRenewal = "sys_certificate_renewal", Own;
    /// The server itself failed.
    SysError = "sys_error", Own;
}

impl EventName {
    /// The event of that written name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }
}

impl serde::Serialize for EventName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The words of the OWASP application logging vocabulary (cheat sheet of 2026-08), all of them.
    const VOCABULARY: &str = "authn_login_success authn_login_successafterfail authn_login_fail \
        authn_login_fail_max authn_login_lock authn_password_change authn_password_change_fail \
        authn_impossible_travel authn_token_created authn_token_revoked authn_token_reuse \
        authn_token_delete authz_fail authz_change authz_admin crypt_decrypt_fail crypt_encrypt_fail \
        excess_rate_limit_exceeded upload_complete upload_stored upload_validation upload_delete \
        input_validation_fail input_validation_discrete_fail malicious_excess_404 \
        malicious_extraneous malicious_attack_tool malicious_cors malicious_direct_reference \
        privilege_permissions_changed sensitive_create sensitive_read sensitive_update \
        sensitive_delete sequence_fail session_created session_renewed session_expired \
        session_use_after_expire sys_startup sys_shutdown sys_restart sys_crash sys_monitor_disabled \
        sys_monitor_enabled user_created user_updated user_archived user_deleted";

    #[test]
    fn a_standard_name_is_in_the_vocabulary_and_an_own_one_is_of_its_kind() {
        let words: HashSet<&str> = VOCABULARY.split_whitespace().collect();
        let category = |name: &'static str| name.split('_').next();
        let categories: HashSet<_> = words.iter().map(|word| category(word)).collect();
        for event in EventName::ALL {
            let name = event.name();
            match event.kinship() {
                Kinship::Owasp => assert!(words.contains(name), "{name} is not OWASP's"),
                Kinship::Own => {
                    assert!(!words.contains(name), "{name} is OWASP's");
                    assert!(categories.contains(&category(name)), "{name} is in no category");
                }
            }
        }
    }

    #[test]
    fn names_are_unique_read_back_and_fit_a_syslog_message() {
        let names: HashSet<&str> = EventName::ALL.iter().map(|event| event.name()).collect();
        assert_eq!(names.len(), EventName::ALL.len());
        for event in EventName::ALL {
            let name = event.name();
            // RFC 5424: a MSGID has at most 32 printable characters.
            assert!(name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_graphic()), "{name}");
            assert_eq!(EventName::parse(name), Some(*event));
        }
        assert_eq!(EventName::parse("audit_head"), None);
    }
}
