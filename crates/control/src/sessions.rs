//! Sessions: signed-in browsers, found by the hash of their secret.
//!
//! A session that ends is deleted, and overwritten by `secure_delete`; the audit trail, not this table, remembers it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::database::Control;
use crate::error::StoreError;
use crate::row;
use crate::users::UserId;

const SELECT: &str =
    "SELECT token_hash, id, user_id, created_at, last_seen_at, expires_at, user_agent,
     factors, authenticated_at FROM sessions";

/// The public id of a session: safe to list and to log, useless as a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

impl FromStr for SessionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A live or expired session. Whether it still counts is the caller's to decide, by its clock.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of the secret in the cookie.
    pub token_hash: [u8; 32],
    /// The public id.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// What the browser called itself, shortened by the caller.
    pub user_agent: Option<String>,
    /// What was proved in it, in the caller's words.
    pub factors: String,
    /// When it was last proved.
    pub authenticated_at: Timestamp,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, user_id, created_at, last_seen_at, expires_at, .. } = self;
        formatter
            .debug_struct("Session")
            .field("id", id)
            .field("user_id", user_id)
            .field("created_at", created_at)
            .field("last_seen_at", last_seen_at)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

impl Control {
    /// The session of this secret's hash.
    ///
    /// # Errors
    /// The store's.
    pub fn session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT} WHERE token_hash = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row([token_hash], read_session).optional()?)
        })
    }

    /// A user's sessions, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn sessions_of(&self, user_id: UserId) -> Result<Vec<Session>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT} WHERE user_id = ?1 ORDER BY created_at, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let sessions = statement
                .query_map([user_id.to_string()], read_session)?
                .collect::<Result<_, _>>()?;
            Ok(sessions)
        })
    }

    /// Adds a session.
    ///
    /// # Errors
    /// The store's; [`StoreError::Failed`] when the user is gone or the hash or id is taken.
    pub fn insert_session(&self, session: &Session) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO sessions (token_hash, id, user_id, created_at, last_seen_at, expires_at, user_agent, factors, authenticated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    session.token_hash,
                    session.id.to_string(),
                    session.user_id.to_string(),
                    row::millis(session.created_at),
                    row::millis(session.last_seen_at),
                    row::millis(session.expires_at),
                    session.user_agent,
                    session.factors,
                    row::millis(session.authenticated_at)
                ],
            )?;
            Ok(())
        })
    }

    /// Notes that a session was used; nothing happens when it is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn touch_session(
        &self,
        token_hash: &[u8; 32],
        seen_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE sessions SET last_seen_at = max(last_seen_at, ?2) WHERE token_hash = ?1",
                params![token_hash, row::millis(seen_at)],
            )?;
            Ok(())
        })
    }

    /// The sessions of all users whose end has not passed, oldest first.
    ///
    /// # Errors
    /// The store's.
    pub fn sessions(&self, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT} WHERE expires_at > ?1 ORDER BY created_at, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let sessions =
                statement.query_map([row::millis(now)], read_session)?.collect::<Result<_, _>>()?;
            Ok(sessions)
        })
    }

    /// Ends every session. Returns how many.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_sessions(&self) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let ended = transaction.execute("DELETE FROM sessions", [])?;
            Ok(u64::try_from(ended).unwrap_or(u64::MAX))
        })
    }

    /// Gives the session of one hash another, and notes what was proved in it and when; false when there is none of the first.
    ///
    /// # Errors
    /// The store's; [`StoreError::Failed`] when the other hash is taken.
    pub fn renew_session(
        &self,
        old_hash: &[u8; 32],
        renewed: &Session,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let found = transaction.execute(
                "UPDATE sessions SET token_hash = ?2, last_seen_at = max(last_seen_at, ?3), factors = ?4, authenticated_at = ?5
                 WHERE token_hash = ?1",
                params![
                    old_hash,
                    renewed.token_hash,
                    row::millis(renewed.last_seen_at),
                    renewed.factors,
                    row::millis(renewed.authenticated_at)
                ],
            )?;
            Ok(found == 1)
        })
    }

    /// Ends a session; nothing happens when it is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE token_hash = ?1", [token_hash])?;
            Ok(())
        })
    }

    /// Ends all sessions whose end has passed. Returns how many.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_expired_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let sql = "DELETE FROM sessions WHERE expires_at <= ?1";
            let ended = transaction.execute(sql, [row::millis(now)])?;
            Ok(u64::try_from(ended).unwrap_or(u64::MAX))
        })
    }
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token_hash: row.get(0)?,
        id: row::parsed(row, 1)?,
        user_id: row::parsed(row, 2)?,
        created_at: row::time(row, 3)?,
        last_seen_at: row::time(row, 4)?,
        expires_at: row::time(row, 5)?,
        user_agent: row.get(6)?,
        factors: row.get(7)?,
        authenticated_at: row::time(row, 8)?,
    })
}
