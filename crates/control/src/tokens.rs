//! Tokens: their families, the epochs they must be of, and access tokens that
//! ended before their time.
//!
//! An epoch is a number that only grows. What was made in an older one is void; so everything of a user, or of everybody, ends
//! with one small write, in the transaction of the change that is the reason.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::database::Control;
use crate::error::StoreError;
use crate::row;
use crate::sessions::SessionId;
use crate::users::UserId;

/// How many access tokens that ended before their time are remembered.
pub const DENIED_TOKENS_MAX: u32 = 10_000;

const ERA: &str = "token_era";
const SELECT: &str = "SELECT id, name, user_id, refresh_hash, created_at, factors, refreshed_at, expires_at, ended, era, epoch,
     user_agent FROM token_families";

/// The epochs that tokens must have been made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epochs {
    /// Everybody's.
    pub era: u64,
    /// The user's.
    pub user: u64,
}

/// A family of tokens: one sign-in of a program.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenFamily {
    /// The public id: safe to list and to log.
    pub id: SessionId,
    /// What its refresh tokens call it.
    pub name: String,
    /// Whose it is.
    pub user_id: UserId,
    /// The hash of the refresh token that is good now.
    pub refresh_hash: [u8; 32],
    /// When the user signed in.
    pub created_at: Timestamp,
    /// By what, in the caller's words.
    pub factors: Vec<String>,
    /// When a refresh token was last exchanged.
    pub refreshed_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// Whether it was ended before that.
    pub ended: bool,
    /// The epochs it began in.
    pub epochs: Epochs,
    /// What the program called itself, shortened by the caller.
    pub user_agent: Option<String>,
}

impl fmt::Debug for TokenFamily {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, user_id, created_at, expires_at, ended, .. } = self;
        formatter
            .debug_struct("TokenFamily")
            .field("id", id)
            .field("user_id", user_id)
            .field("created_at", created_at)
            .field("expires_at", expires_at)
            .field("ended", ended)
            .finish_non_exhaustive()
    }
}

impl Control {
    /// The epochs that tokens of this user must have been made in.
    ///
    /// # Errors
    /// The store's.
    pub fn epochs(&self, user_id: UserId) -> Result<Epochs, StoreError> {
        self.read(|connection| {
            let sql = "SELECT epoch FROM users WHERE id = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let epoch = statement.query_row([user_id.to_string()], |row| row.get(0)).optional()?;
            Ok(Epochs { era: era(connection)?, user: epoch.map_or(0, whole) })
        })
    }

    /// Ends everything of a user that was made before.
    ///
    /// # Errors
    /// The store's.
    pub fn raise_epoch(&self, user_id: UserId) -> Result<(), StoreError> {
        self.write(|transaction| Ok(raise_epoch(transaction, user_id)?))
    }

    /// Adds a family and ends the user's oldest, so that at most `most` run.
    ///
    /// # Errors
    /// The store's; [`StoreError::Failed`] when the user is gone or the name or id is taken.
    pub fn insert_family(&self, family: &TokenFamily, most: usize) -> Result<(), StoreError> {
        self.write(|transaction| {
            let others = i64::try_from(most.saturating_sub(1)).unwrap_or(i64::MAX);
            transaction.execute(
                "UPDATE token_families SET ended = 1 WHERE id IN (
                     SELECT id FROM token_families WHERE user_id = ?1 AND ended = 0 AND expires_at > ?2
                     ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?3)",
                params![family.user_id.to_string(), row::millis(family.created_at), others],
            )?;
            transaction.execute(
                "INSERT INTO token_families (id, name, user_id, refresh_hash, created_at, factors, refreshed_at, expires_at, ended,
                     era, epoch, user_agent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                params![
                    family.id.to_string(),
                    family.name,
                    family.user_id.to_string(),
                    family.refresh_hash,
                    row::millis(family.created_at),
                    row::to_json(&family.factors)?,
                    row::millis(family.refreshed_at),
                    row::millis(family.expires_at),
                    family.ended,
                    stored(family.epochs.era),
                    stored(family.epochs.user),
                    family.user_agent
                ],
            )?;
            Ok(())
        })
    }

    /// The family of this name, ended or not.
    ///
    /// # Errors
    /// The store's.
    pub fn family(&self, name: &str) -> Result<Option<TokenFamily>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
            Ok(statement.query_row([name], read_family).optional()?)
        })
    }

    /// The family of this id, ended or not.
    ///
    /// # Errors
    /// The store's.
    pub fn family_by_id(&self, id: SessionId) -> Result<Option<TokenFamily>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
            Ok(statement.query_row([id.to_string()], read_family).optional()?)
        })
    }

    /// The families that run, of one user or of all, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn families(&self, of: Option<UserId>) -> Result<Vec<TokenFamily>, StoreError> {
        self.read(|connection| {
            let sql = format!(
                "{SELECT} WHERE ended = 0 AND (?1 IS NULL OR user_id = ?1) ORDER BY created_at, id"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let families = statement
                .query_map([of.map(|id| id.to_string())], read_family)?
                .collect::<Result<_, _>>()?;
            Ok(families)
        })
    }

    /// Replaces the good refresh token, if it is still the one of this hash and the family runs. Of two calls at once one
    /// succeeds.
    ///
    /// # Errors
    /// The store's.
    pub fn refresh_family(
        &self,
        name: &str,
        shown: &[u8; 32],
        next: &[u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE token_families SET refresh_hash = ?3, refreshed_at = max(refreshed_at, ?4)
                 WHERE name = ?1 AND refresh_hash = ?2 AND ended = 0",
                params![name, shown, next, row::millis(now)],
            )?;
            Ok(changed == 1)
        })
    }

    /// Ends a family; nothing happens when it has ended or is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn end_family(&self, id: SessionId) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE token_families SET ended = 1 WHERE id = ?1";
            transaction.execute(sql, [id.to_string()])?;
            Ok(())
        })
    }

    /// Forgets families whose time is over and denied tokens that have ended by themselves.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_old_tokens(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| {
            let now = row::millis(now);
            transaction.execute("DELETE FROM token_families WHERE expires_at <= ?1", [now])?;
            transaction.execute("DELETE FROM denied_tokens WHERE until <= ?1", [now])?;
            Ok(())
        })
    }

    /// Remembers an access token that ended before its time; false, and nothing done, when [`DENIED_TOKENS_MAX`] are.
    ///
    /// # Errors
    /// The store's.
    pub fn deny_token(&self, id: Uuid, until: Timestamp) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "INSERT INTO denied_tokens (id, until) SELECT ?1, ?2
                 WHERE (SELECT count(*) FROM denied_tokens) < ?3 OR EXISTS (SELECT 1 FROM denied_tokens WHERE id = ?1)
                 ON CONFLICT (id) DO UPDATE SET until = max(until, excluded.until)",
                params![id.to_string(), row::millis(until), DENIED_TOKENS_MAX],
            )?;
            Ok(changed == 1)
        })
    }

    /// Whether that access token ended before its time.
    ///
    /// # Errors
    /// The store's.
    pub fn is_denied(&self, id: Uuid) -> Result<bool, StoreError> {
        self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM denied_tokens WHERE id = ?1)";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([id.to_string()], |row| row.get(0))?)
        })
    }

    /// Ends every session, every family and every link that resets a password, and begins a new era, in one step. Returns how many
    /// sessions and families ended.
    ///
    /// # Errors
    /// The store's.
    pub fn end_everything(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let sessions = transaction.execute("DELETE FROM sessions", [])?;
            let sql = "UPDATE token_families SET ended = 1 WHERE ended = 0";
            let families = transaction.execute(sql, [])?;
            transaction.execute("DELETE FROM password_resets", [])?;
            let next = era(transaction)?.saturating_add(1);
            transaction.execute(
                "INSERT INTO settings (name, value, changed_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
                params![ERA, next.to_be_bytes(), row::millis(now)],
            )?;
            Ok(u64::try_from(sessions + families).unwrap_or(u64::MAX))
        })
    }
}

/// Ends everything of a user that was made before, inside a transaction that is the reason.
pub(crate) fn raise_epoch(connection: &Connection, user_id: UserId) -> rusqlite::Result<()> {
    let id = user_id.to_string();
    connection.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", [&id])?;
    connection.execute("UPDATE token_families SET ended = 1 WHERE user_id = ?1", [&id])?;
    Ok(())
}

/// Everybody's epoch: none was ended yet when nothing is stored.
fn era(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    let stored: Option<[u8; 8]> = statement.query_row([ERA], |row| row.get(0)).optional()?;
    Ok(stored.map_or(0, u64::from_be_bytes))
}

fn read_family(row: &Row<'_>) -> rusqlite::Result<TokenFamily> {
    Ok(TokenFamily {
        id: row::parsed(row, 0)?,
        name: row.get(1)?,
        user_id: row::parsed(row, 2)?,
        refresh_hash: row.get(3)?,
        created_at: row::time(row, 4)?,
        factors: row::json(row, 5)?,
        refreshed_at: row::time(row, 6)?,
        expires_at: row::time(row, 7)?,
        ended: row.get(8)?,
        epochs: Epochs { era: whole(row.get(9)?), user: whole(row.get(10)?) },
        user_agent: row.get(11)?,
    })
}

/// `SQLite` counts with a sign.
fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
