//! Passkeys: one row each, whose counter only goes up.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{FactorError, RecoveryCodes, after_removal, change, counts, known};
use crate::database::Control;
use crate::error::{StoreError, is_duplicate};
use crate::row;
use crate::users::{SessionsAfter, UserId};

/// How many passkeys a user has at most.
pub const PASSKEYS_PER_USER_MAX: u32 = 16;

const SELECT_PASSKEY: &str = "SELECT id, user_id, name, credential_id, credential, counter, created_at, last_used_at FROM passkeys";

/// The public id of a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PasskeyId(pub Uuid);

impl fmt::Display for PasskeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

impl FromStr for PasskeyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// The public id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// The authenticator's name for it, unique in the store.
    pub credential_id: Vec<u8>,
    /// Its public key and what belongs to it, as JSON of the caller's.
    pub credential: String,
    /// The authenticator's counter.
    pub counter: u32,
    /// When it was enrolled.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl Control {
    /// A user's passkeys, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn passkeys_of(&self, user_id: UserId) -> Result<Vec<Passkey>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT_PASSKEY} WHERE user_id = ?1 ORDER BY created_at, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let passkeys = statement
                .query_map([user_id.to_string()], read_passkey)?
                .collect::<Result<_, _>>()?;
            Ok(passkeys)
        })
    }

    /// The passkey of this credential, whosever it is.
    ///
    /// # Errors
    /// The store's.
    pub fn passkey(&self, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT_PASSKEY} WHERE credential_id = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row([credential_id], read_passkey).optional()?)
        })
    }

    /// Adds a passkey; in the same step sets the user's recovery codes, if any are given, and ends sessions as told.
    ///
    /// # Errors
    /// [`FactorError::Unknown`], [`FactorError::Taken`], [`FactorError::TooMany`], or the store's.
    pub fn insert_passkey(
        &self,
        passkey: &Passkey,
        codes: Option<&RecoveryCodes>,
        sessions: SessionsAfter,
    ) -> Result<(), FactorError> {
        self.write(|transaction| {
            known(transaction, passkey.user_id)?;
            if counts(transaction, passkey.user_id)?.passkeys >= PASSKEYS_PER_USER_MAX {
                return Err(FactorError::TooMany);
            }
            let inserted = transaction.execute(
                "INSERT INTO passkeys (id, user_id, name, credential_id, credential, counter, created_at, last_used_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    passkey.id.to_string(),
                    passkey.user_id.to_string(),
                    passkey.name,
                    passkey.credential_id,
                    passkey.credential,
                    passkey.counter,
                    row::millis(passkey.created_at),
                    passkey.last_used_at.map(row::millis)
                ],
            );
            inserted.map_err(|error| match is_duplicate(&error) {
                true => FactorError::Taken,
                false => error.into(),
            })?;
            change(transaction, passkey.user_id, codes, sessions)
        })
    }

    /// Moves a passkey's counter from one number to another; false when it is not at the first, or there is no such passkey.
    ///
    /// # Errors
    /// The store's.
    pub fn use_passkey(
        &self,
        id: PasskeyId,
        counter: (u32, u32),
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let (from, to) = counter;
            let used = transaction.execute(
                "UPDATE passkeys SET counter = ?3, last_used_at = ?4 WHERE id = ?1 AND counter = ?2",
                params![id.to_string(), from, to, row::millis(at)],
            )?;
            Ok(used == 1)
        })
    }

    /// Removes one of that user's passkeys, and the recovery codes when no second factor is left, and ends sessions as told;
    /// false when the user has none of this id.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_passkey(
        &self,
        user_id: UserId,
        id: PasskeyId,
        sessions: SessionsAfter,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2";
            let removed =
                transaction.execute(sql, params![id.to_string(), user_id.to_string()])? == 1;
            after_removal(transaction, user_id, removed, sessions)?;
            Ok(removed)
        })
    }
}

fn read_passkey(row: &Row<'_>) -> rusqlite::Result<Passkey> {
    Ok(Passkey {
        id: row::parsed(row, 0)?,
        user_id: row::parsed(row, 1)?,
        name: row.get(2)?,
        credential_id: row.get(3)?,
        credential: row.get(4)?,
        counter: row.get(5)?,
        created_at: row::time(row, 6)?,
        last_used_at: row::optional_time(row, 7)?,
    })
}
