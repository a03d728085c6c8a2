//! API keys: found by their public id and proved by a MAC.

use std::fmt;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::database::Control;
use crate::error::{StoreError, is_duplicate};
use crate::row;
use crate::users::UserId;

/// How many usable keys one user may have; as many for the operator.
pub const KEYS_PER_OWNER_MAX: u32 = 100;

const SELECT: &str = "SELECT id, name, mac, owner_id, scopes, cidrs, created_at, expires_at, last_used_at, revoked_at, successor_id,
     label, imported, last_used_from, replaced_at, reminded_days FROM api_keys";

/// An API key as it is stored: enough to check one, not to use it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public id, part of the key's text.
    pub id: String,
    /// What its maker called it.
    pub name: String,
    /// The MAC of the key's text.
    pub mac: [u8; 32],
    /// Whose it is; none for a key of the operator's, made on the machine itself.
    pub owner_id: Option<UserId>,
    /// What it may do, in the caller's words.
    pub scopes: Vec<String>,
    /// From which networks; empty means from anywhere.
    pub cidrs: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, as coarse as the caller says it.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that replaced it; set by [`Control::rotate_key`] and by nothing else.
    pub successor_id: Option<String>,
    /// Under which of the server's secrets the MAC was made, in the caller's words.
    pub label: Option<String>,
    /// Whether it was brought along from another system.
    pub imported: bool,
    /// From what kind of network it was last used, in the caller's words.
    pub last_used_from: Option<String>,
    /// When it was replaced.
    pub replaced_at: Option<Timestamp>,
    /// How many days before its end the last reminder was.
    pub reminded_days: Option<u32>,
}

/// What is noted of a key's use.
#[derive(Clone, Copy)]
pub struct KeyUse<'a> {
    /// When, as coarse as the caller says it.
    pub at: Timestamp,
    /// From what kind of network.
    pub from: &'a str,
    /// Another MAC and its label, instead of the stored ones.
    pub mac: Option<(&'a str, &'a [u8; 32])>,
}

impl fmt::Debug for KeyUse<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KeyUse").field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, owner_id, scopes, .. } = self;
        formatter
            .debug_struct("ApiKey")
            .field("id", id)
            .field("name", name)
            .field("owner_id", owner_id)
            .field("scopes", scopes)
            .finish_non_exhaustive()
    }
}

/// Why keys could not be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no key of this id.
    #[error("there is no such key")]
    Unknown,
    /// The key was already replaced.
    #[error("the key has a successor already")]
    AlreadyRotated,
    /// The public id is taken; make another.
    #[error("the key id is taken")]
    Taken,
    /// The owner does not exist or is disabled.
    #[error("the owner of the key does not exist or is disabled")]
    NoOwner,
    /// The owner has [`KEYS_PER_OWNER_MAX`] usable keys.
    #[error("a user has at most {KEYS_PER_OWNER_MAX} usable keys")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for KeyError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl Control {
    /// The key of this public id, usable or not.
    ///
    /// # Errors
    /// The store's.
    pub fn key(&self, id: &str) -> Result<Option<ApiKey>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    /// All keys, newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|connection| {
            let sql = format!("{SELECT} ORDER BY created_at DESC, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let keys = statement.query_map([], read_key)?.collect::<Result<_, _>>()?;
            Ok(keys)
        })
    }

    /// Adds a key.
    ///
    /// # Errors
    /// [`KeyError::NoOwner`], [`KeyError::TooMany`], [`KeyError::Taken`], or the store's.
    pub fn insert_key(&self, key: &ApiKey) -> Result<(), KeyError> {
        self.write(|transaction| {
            let usable: u32 = transaction.query_row(
                "SELECT count(*) FROM api_keys
                 WHERE owner_id IS ?1 AND revoked_at IS NULL AND successor_id IS NULL
                     AND (expires_at IS NULL OR expires_at > ?2)",
                params![key.owner_id.map(|id| id.to_string()), row::millis(key.created_at)],
                |row| row.get(0),
            )?;
            if usable >= KEYS_PER_OWNER_MAX {
                return Err(KeyError::TooMany);
            }
            insert(transaction, key)
        })
    }

    /// Replaces what can change of a key: its name, networks, end, last use and revocation. A revoked key stays revoked, an end
    /// only comes nearer, a last use only moves on: a caller who read the key before another changed it undoes nothing.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], or the store's.
    pub fn update_key(&self, key: &ApiKey) -> Result<(), KeyError> {
        self.write(|transaction| update(transaction, key))
    }

    /// Notes a key's use, and nothing else about it; nothing happens when it is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn touch_key(&self, id: &str, used: &KeyUse<'_>) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, ?2), ?2), last_used_from = ?3,
                     label = coalesce(?4, label), mac = coalesce(?5, mac)
                 WHERE id = ?1",
                params![
                    id,
                    row::millis(used.at),
                    used.from,
                    used.mac.map(|(label, _)| label),
                    used.mac.map(|(_, mac)| mac)
                ],
            )?;
            Ok(())
        })
    }

    /// Notes the reminder somebody was given of a key's end; nothing happens when it is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn note_reminder(&self, id: &str, days: u32) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE api_keys SET reminded_days = ?2 WHERE id = ?1";
            transaction.execute(sql, params![id, days])?;
            Ok(())
        })
    }

    /// Revokes every key that was not. Returns how many.
    ///
    /// # Errors
    /// The store's.
    pub fn revoke_keys(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE api_keys SET revoked_at = ?1 WHERE revoked_at IS NULL";
            let revoked = transaction.execute(sql, [row::millis(now)])?;
            Ok(u64::try_from(revoked).unwrap_or(u64::MAX))
        })
    }

    /// Adds a successor and replaces its predecessor, in one step. Of two calls at once one succeeds.
    ///
    /// # Errors
    /// [`KeyError::Unknown`] when the predecessor is gone or revoked, [`KeyError::AlreadyRotated`], those of
    /// [`Control::insert_key`] but the count: the successor takes the place of the predecessor.
    pub fn rotate_key(&self, successor: &ApiKey, predecessor: &ApiKey) -> Result<(), KeyError> {
        self.write(|transaction| {
            let stored = find(transaction, &predecessor.id)?.ok_or(KeyError::Unknown)?;
            if stored.revoked_at.is_some() {
                return Err(KeyError::Unknown);
            }
            if stored.successor_id.is_some() {
                return Err(KeyError::AlreadyRotated);
            }
            insert(transaction, successor)?;
            update(transaction, predecessor)?;
            transaction.execute(
                "UPDATE api_keys SET successor_id = ?2 WHERE id = ?1",
                params![predecessor.id, successor.id],
            )?;
            Ok(())
        })
    }
}

fn insert(connection: &Connection, key: &ApiKey) -> Result<(), KeyError> {
    let inserted = connection
        .execute(
            "INSERT INTO api_keys (id, name, mac, owner_id, scopes, cidrs, created_at, expires_at, label, imported)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10
             WHERE ?4 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?4 AND disabled = 0)",
            params![
                key.id,
                key.name,
                key.mac,
                key.owner_id.map(|id| id.to_string()),
                row::to_json(&key.scopes)?,
                row::to_json(&key.cidrs)?,
                row::millis(key.created_at),
                key.expires_at.map(row::millis),
                key.label,
                key.imported
            ],
        )
        .map_err(|error| if is_duplicate(&error) { KeyError::Taken } else { error.into() })?;
    if inserted == 0 { Err(KeyError::NoOwner) } else { Ok(()) }
}

fn update(connection: &Connection, key: &ApiKey) -> Result<(), KeyError> {
    let changed = connection.execute(
        "UPDATE api_keys SET name = ?2, cidrs = ?3, expires_at = min(coalesce(expires_at, ?4), coalesce(?4, expires_at)),
             last_used_at = coalesce(max(last_used_at, ?5), last_used_at, ?5), revoked_at = coalesce(revoked_at, ?6),
             replaced_at = coalesce(replaced_at, ?7)
         WHERE id = ?1",
        params![
            key.id,
            key.name,
            row::to_json(&key.cidrs)?,
            key.expires_at.map(row::millis),
            key.last_used_at.map(row::millis),
            key.revoked_at.map(row::millis),
            key.replaced_at.map(row::millis)
        ],
    )?;
    if changed == 0 { Err(KeyError::Unknown) } else { Ok(()) }
}

fn find(connection: &Connection, id: &str) -> Result<Option<ApiKey>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id], read_key).optional()?)
}

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        name: row.get(1)?,
        mac: row.get(2)?,
        owner_id: row::optional_parsed(row, 3)?,
        scopes: row::json(row, 4)?,
        cidrs: row::json(row, 5)?,
        created_at: row::time(row, 6)?,
        expires_at: row::optional_time(row, 7)?,
        last_used_at: row::optional_time(row, 8)?,
        revoked_at: row::optional_time(row, 9)?,
        successor_id: row.get(10)?,
        label: row.get(11)?,
        imported: row.get(12)?,
        last_used_from: row.get(13)?,
        replaced_at: row::optional_time(row, 14)?,
        reminded_days: row.get(15)?,
    })
}
