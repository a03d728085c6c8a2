//! What an operator can set about tokens.

use serde::{Deserialize, Serialize};

use crate::token::TokenAlgorithm;

/// Longest life of an access token.
pub const ACCESS_LIFE_S_MAX: u32 = 60 * 60;
/// Longest time a refresh token may lie unused, and longest life of a family.
const REFRESH_S_MAX: u32 = 90 * 24 * 3600;

/// Tokens for programs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// What signs access tokens.
    pub algorithm: TokenAlgorithm,
    /// How long an access token opens doors.
    pub access_life_s: u32,
    /// How long a refresh token may lie unused.
    pub refresh_idle_s: u32,
    /// How long a family lives at most.
    pub refresh_absolute_s: u32,
    /// Families of one user at a time; the oldest ends.
    pub per_user_max: usize,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            algorithm: TokenAlgorithm::Ed25519,
            access_life_s: 15 * 60,
            refresh_idle_s: 7 * 24 * 3600,
            refresh_absolute_s: 30 * 24 * 3600,
            per_user_max: 10,
        }
    }
}

impl TokensConfig {
    pub(super) fn faults(&self, fault: &mut impl FnMut(&'static str, String)) {
        if !(60..=ACCESS_LIFE_S_MAX).contains(&self.access_life_s) {
            fault("tokens.access_life_s", "must be from one minute to one hour".to_owned());
        }
        let refresh = [self.refresh_idle_s, self.refresh_absolute_s];
        if self.refresh_idle_s < self.access_life_s
            || self.refresh_idle_s > self.refresh_absolute_s
            || refresh.iter().any(|life| *life > REFRESH_S_MAX)
        {
            fault(
                "tokens",
                "refresh_idle_s must be at least access_life_s and at most refresh_absolute_s, and that at most 90 days"
                    .to_owned(),
            );
        }
        if !(1..=100).contains(&self.per_user_max) {
            fault("tokens.per_user_max", "must be from 1 to 100".to_owned());
        }
    }
}
