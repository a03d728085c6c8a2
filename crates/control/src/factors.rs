//! Second factors: apps, recovery codes, passkeys.
//!
//! What must happen once is one conditional statement, so that of many that race one finds the row as it was. An app's secret
//! comes here sealed and a recovery code as a MAC; the caller makes both.

mod passkeys;

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::database::Control;
use crate::error::StoreError;
use crate::row;
use crate::users::{SessionsAfter, UserId, end_sessions};

pub use self::passkeys::{PASSKEYS_PER_USER_MAX, Passkey, PasskeyId};

/// An authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct Totp {
    /// Whose it is.
    pub user_id: UserId,
    /// Its secret, sealed by the caller.
    pub sealed: Vec<u8>,
    /// How its codes are made, a word of the caller's.
    pub algorithm: String,
    /// How many digits its codes have.
    pub digits: u8,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// The newest step whose code was used.
    pub last_step: u64,
    /// Failures in a row.
    pub failures: u32,
}

impl fmt::Debug for Totp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Totp").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// A set of recovery codes.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes {
    /// Whose they are.
    pub user_id: UserId,
    /// The MAC of each.
    pub macs: Vec<[u8; 32]>,
    /// When they were made.
    pub created_at: Timestamp,
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user_id, macs, .. } = self;
        formatter
            .debug_struct("RecoveryCodes")
            .field("user_id", user_id)
            .field("number", &macs.len())
            .finish_non_exhaustive()
    }
}

/// How many factors a user has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorCounts {
    /// Authenticator apps, 0 or 1.
    pub totp: u32,
    /// Passkeys.
    pub passkeys: u32,
    /// Recovery codes that were not used.
    pub recovery_codes: u32,
}

/// Why factors could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactorError {
    /// There is no user of this id.
    #[error("there is no such user")]
    Unknown,
    /// The credential, or the id, is another passkey's.
    #[error("the passkey is enrolled already")]
    Taken,
    /// The user has [`PASSKEYS_PER_USER_MAX`] passkeys.
    #[error("the user has {PASSKEYS_PER_USER_MAX} passkeys, which is the most")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for FactorError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl Control {
    /// How many factors a user has.
    ///
    /// # Errors
    /// The store's.
    pub fn factor_counts(&self, user_id: UserId) -> Result<FactorCounts, StoreError> {
        self.read(|connection| Ok(counts(connection, user_id)?))
    }

    /// A user's authenticator app.
    ///
    /// # Errors
    /// The store's.
    pub fn totp(&self, user_id: UserId) -> Result<Option<Totp>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT user_id, sealed, algorithm, digits, created_at, last_step, failures FROM totp WHERE user_id = ?1",
            )?;
            Ok(statement.query_row([user_id.to_string()], read_totp).optional()?)
        })
    }

    /// Adds or replaces a user's app; in the same step sets its recovery codes, if any are given, and ends sessions as told.
    ///
    /// # Errors
    /// [`FactorError::Unknown`], or the store's.
    pub fn set_totp(
        &self,
        totp: &Totp,
        codes: Option<&RecoveryCodes>,
        sessions: SessionsAfter,
    ) -> Result<(), FactorError> {
        self.write(|transaction| {
            known(transaction, totp.user_id)?;
            transaction.execute(
                "INSERT OR REPLACE INTO totp (user_id, sealed, algorithm, digits, created_at, last_step, failures)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    totp.user_id.to_string(),
                    totp.sealed,
                    totp.algorithm,
                    totp.digits,
                    row::millis(totp.created_at),
                    step(totp.last_step),
                    totp.failures
                ],
            )?;
            change(transaction, totp.user_id, codes, sessions)
        })
    }

    /// Uses the code of a step and forgets failures; false when that step or a later one was used, or there is no app.
    ///
    /// # Errors
    /// The store's.
    pub fn use_totp(&self, user_id: UserId, step: u64) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let used = transaction.execute(
                "UPDATE totp SET last_step = ?2, failures = 0 WHERE user_id = ?1 AND last_step < ?2",
                params![user_id.to_string(), self::step(step)],
            )?;
            Ok(used == 1)
        })
    }

    /// Puts a secret that was sealed anew in place of the one it was; nothing happens when it is another by now.
    ///
    /// # Errors
    /// The store's.
    pub fn reseal_totp(
        &self,
        user_id: UserId,
        before: &[u8],
        after: &[u8],
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE totp SET sealed = ?3 WHERE user_id = ?1 AND sealed = ?2";
            transaction.execute(sql, params![user_id.to_string(), before, after])?;
            Ok(())
        })
    }

    /// Counts a failure; nothing happens when there is no app.
    ///
    /// # Errors
    /// The store's.
    pub fn fail_totp(&self, user_id: UserId) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE totp SET failures = failures + 1 WHERE user_id = ?1";
            transaction.execute(sql, [user_id.to_string()])?;
            Ok(())
        })
    }

    /// Removes a user's app, and the recovery codes when no second factor is left, and ends sessions as told; false when there
    /// was none.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_totp(
        &self,
        user_id: UserId,
        sessions: SessionsAfter,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "DELETE FROM totp WHERE user_id = ?1";
            let removed = transaction.execute(sql, [user_id.to_string()])? == 1;
            after_removal(transaction, user_id, removed, sessions)?;
            Ok(removed)
        })
    }

    /// How many of a user's recovery codes are left, and when they were made; none when there never were any.
    ///
    /// # Errors
    /// The store's.
    pub fn recovery_codes(&self, user_id: UserId) -> Result<Option<(u32, Timestamp)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*) FILTER (WHERE used_at IS NULL), max(created_at) FROM recovery_codes WHERE user_id = ?1",
            )?;
            let state = statement.query_row([user_id.to_string()], |row| {
                Ok(row::optional_time(row, 1)?.map(|made| (row.get(0), made)))
            })?;
            Ok(state.map(|(left, made)| left.map(|left| (left, made))).transpose()?)
        })
    }

    /// Replaces a user's recovery codes and ends sessions as told.
    ///
    /// # Errors
    /// [`FactorError::Unknown`], or the store's.
    pub fn set_recovery_codes(
        &self,
        codes: &RecoveryCodes,
        sessions: SessionsAfter,
    ) -> Result<(), FactorError> {
        self.write(|transaction| {
            known(transaction, codes.user_id)?;
            change(transaction, codes.user_id, Some(codes), sessions)
        })
    }

    /// Uses one of that user's recovery codes; false when it is none of them, or used.
    ///
    /// # Errors
    /// The store's.
    pub fn use_recovery_code(
        &self,
        user_id: UserId,
        mac: &[u8; 32],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let used = transaction.execute(
                "UPDATE recovery_codes SET used_at = ?3 WHERE user_id = ?1 AND mac = ?2 AND used_at IS NULL",
                params![user_id.to_string(), mac, row::millis(at)],
            )?;
            Ok(used == 1)
        })
    }

    /// Removes all a user's factors and the mark of the one sign-in without, and ends all sessions.
    ///
    /// # Errors
    /// The store's.
    pub fn reset_factors(&self, user_id: UserId) -> Result<(), StoreError> {
        self.write(|transaction| {
            for table in ["totp", "passkeys", "recovery_codes", "factor_graces"] {
                let sql = format!("DELETE FROM {table} WHERE user_id = ?1");
                transaction.execute(&sql, [user_id.to_string()])?;
            }
            Ok(end_sessions(transaction, user_id, SessionsAfter::End)?)
        })
    }

    /// Marks that a user had the one sign-in without the factor that is asked of it; false when it had it before.
    ///
    /// # Errors
    /// The store's.
    pub fn take_factor_grace(&self, user_id: UserId, at: Timestamp) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let taken = transaction.execute(
                "INSERT INTO factor_graces (user_id, taken_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![user_id.to_string(), row::millis(at)],
            )?;
            Ok(taken == 1)
        })
    }
}

fn known(connection: &Connection, user_id: UserId) -> Result<(), FactorError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1)";
    let known: bool = connection.query_row(sql, [user_id.to_string()], |row| row.get(0))?;
    if known { Ok(()) } else { Err(FactorError::Unknown) }
}

fn counts(connection: &Connection, user_id: UserId) -> rusqlite::Result<FactorCounts> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM totp WHERE user_id = ?1),
                (SELECT count(*) FROM passkeys WHERE user_id = ?1),
                (SELECT count(*) FROM recovery_codes WHERE user_id = ?1 AND used_at IS NULL)",
    )?;
    statement.query_row([user_id.to_string()], |row| {
        Ok(FactorCounts { totp: row.get(0)?, passkeys: row.get(1)?, recovery_codes: row.get(2)? })
    })
}

/// What else happens when a factor comes to be.
fn change(
    connection: &Connection,
    user_id: UserId,
    codes: Option<&RecoveryCodes>,
    sessions: SessionsAfter,
) -> Result<(), FactorError> {
    if let Some(codes) = codes {
        forget_codes(connection, user_id)?;
        for mac in &codes.macs {
            connection.execute(
                "INSERT INTO recovery_codes (user_id, mac, created_at) VALUES (?1, ?2, ?3)",
                params![user_id.to_string(), mac, row::millis(codes.created_at)],
            )?;
        }
    }
    Ok(end_sessions(connection, user_id, sessions)?)
}

/// What else happens when a factor goes.
fn after_removal(
    connection: &Connection,
    user_id: UserId,
    removed: bool,
    sessions: SessionsAfter,
) -> rusqlite::Result<()> {
    if !removed {
        return Ok(());
    }
    let left = counts(connection, user_id)?;
    if left.totp == 0 && left.passkeys == 0 {
        forget_codes(connection, user_id)?;
    }
    end_sessions(connection, user_id, sessions)
}

fn forget_codes(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    let sql = "DELETE FROM recovery_codes WHERE user_id = ?1";
    connection.execute(sql, [user_id.to_string()]).map(|_| ())
}

/// A step as it is stored; steps of thirty seconds fit for longer than there are years to write.
fn step(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}

fn read_totp(row: &Row<'_>) -> rusqlite::Result<Totp> {
    let last_step: i64 = row.get(5)?;
    Ok(Totp {
        user_id: row::parsed(row, 0)?,
        sealed: row.get(1)?,
        algorithm: row.get(2)?,
        digits: row.get(3)?,
        created_at: row::time(row, 4)?,
        last_step: u64::try_from(last_step)
            .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(5, last_step))?,
        failures: row.get(6)?,
    })
}
