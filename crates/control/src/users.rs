//! Users: who may sign in, with what password hash and in which role.
//!
//! The name is the one the caller made canonical; it is unique. A role is a word of the caller's; its meaning is a table in
//! `api`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use crate::database::Control;
use crate::error::{StoreError, is_duplicate};
use crate::tokens::raise_epoch;
use crate::{passwords, row};

/// How many users a store holds at most.
pub const USERS_MAX: u32 = 1_000;

const SELECT: &str = "SELECT id, name, role, grants, password_phc, must_change_password, disabled, created_at, password_changed_at, last_login_at
     FROM users";

/// The id of a user, never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

impl FromStr for UserId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The canonical, unique name.
    pub name: String,
    /// The role, a word of the caller's.
    pub role: String,
    /// Where the role counts, in the caller's words.
    pub grants: Vec<String>,
    /// The password's PHC string; none until one is chosen.
    pub password_phc: Option<String>,
    /// Whether another password must be chosen.
    pub must_change_password: bool,
    /// Whether the account is switched off.
    pub disabled: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
    /// When somebody last signed in; set by [`Control::note_login`] and by nothing else.
    pub last_login_at: Option<Timestamp>,
}

impl fmt::Debug for User {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, role, grants, disabled, .. } = self;
        formatter
            .debug_struct("User")
            .field("id", id)
            .field("name", name)
            .field("role", role)
            .field("grants", grants)
            .field("disabled", disabled)
            .finish_non_exhaustive()
    }
}

/// What happens to a user's sessions when the account changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionsAfter {
    /// They go on.
    Keep,
    /// All end.
    End,
    /// All but the one of this hash end.
    EndAllBut([u8; 32]),
}

/// Why users could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// Another user has this name or id.
    #[error("the user name is taken")]
    Taken,
    /// There is no user of this id.
    #[error("there is no such user")]
    Unknown,
    /// There are [`USERS_MAX`] users.
    #[error("there are {USERS_MAX} users, which is the most")]
    TooMany,
    /// Nobody with the role that must be kept would be left.
    #[error("the last enabled user of this role cannot lose it")]
    LastOfRole,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for UserError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl Control {
    /// The user of this id.
    ///
    /// # Errors
    /// The store's.
    pub fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    /// The user of this canonical name.
    ///
    /// # Errors
    /// The store's.
    pub fn user_by_name(&self, name: &str) -> Result<Option<User>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE name = ?1"))?;
            Ok(statement.query_row([name], read_user).optional()?)
        })
    }

    /// All users, by name.
    ///
    /// # Errors
    /// The store's.
    pub fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY name"))?;
            let users = statement.query_map([], read_user)?.collect::<Result<_, _>>()?;
            Ok(users)
        })
    }

    /// Whether there is any user.
    ///
    /// # Errors
    /// The store's.
    pub fn has_users(&self) -> Result<bool, StoreError> {
        self.read(exist)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`UserError::Taken`], [`UserError::TooMany`], or the store's.
    pub fn insert_user(&self, user: &User) -> Result<(), UserError> {
        self.write(|transaction| insert(transaction, user))
    }

    /// Replaces a user of the same id, and ends sessions as told. Disabling ends, in the same step, everything that could act in
    /// the user's name.
    /// With `kept_role` given, a change that would leave nobody enabled in that role is refused.
    ///
    /// # Errors
    /// [`UserError::Unknown`], [`UserError::Taken`], [`UserError::LastOfRole`], or the store's.
    pub fn update_user(
        &self,
        user: &User,
        sessions: SessionsAfter,
        kept_role: Option<&str>,
        now: Timestamp,
    ) -> Result<(), UserError> {
        self.write(|transaction| {
            let before = find(transaction, user.id)?.ok_or(UserError::Unknown)?;
            update(transaction, user)?;
            if let Some(kept) = kept_role
                && before.role == kept
                && !before.disabled
                && !is_held(transaction, kept)?
            {
                return Err(UserError::LastOfRole);
            }
            if user.disabled {
                shut(transaction, user.id, now)?;
            } else {
                end_sessions(transaction, user.id, sessions)?;
            }
            Ok(())
        })
    }

    /// Notes that a user signed in; nothing happens when there is none of this id.
    ///
    /// # Errors
    /// The store's.
    pub fn note_login(&self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE users SET last_login_at = max(coalesce(last_login_at, ?2), ?2) WHERE id = ?1",
                params![id.to_string(), row::millis(at)],
            )?;
            Ok(())
        })
    }
}

/// Ends everything that could act in the user's name. Whatever else comes to do so is ended here too.
fn shut(connection: &Connection, id: UserId, now: Timestamp) -> rusqlite::Result<()> {
    end_sessions(connection, id, SessionsAfter::End)?;
    passwords::end_reset(connection, id)?;
    connection.execute(
        "UPDATE api_keys SET revoked_at = ?2 WHERE owner_id = ?1 AND revoked_at IS NULL",
        params![id.to_string(), row::millis(now)],
    )?;
    Ok(())
}

/// Ends a user's sessions as told, inside a transaction that does more. Whatever else a sign-in began and a new password ends
/// is ended here too.
pub(crate) fn end_sessions(
    connection: &Connection,
    id: UserId,
    sessions: SessionsAfter,
) -> rusqlite::Result<()> {
    if sessions != SessionsAfter::Keep {
        raise_epoch(connection, id)?;
    }
    let id = id.to_string();
    match sessions {
        SessionsAfter::Keep => 0,
        SessionsAfter::End => {
            connection.execute("DELETE FROM sessions WHERE user_id = ?1", [&id])?
        }
        SessionsAfter::EndAllBut(spared) => connection.execute(
            "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2",
            params![id, spared],
        )?,
    };
    Ok(())
}

/// Whether there is any user.
pub(crate) fn exist(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
}

/// Adds a user inside a transaction that may do more.
pub(crate) fn insert(connection: &Connection, user: &User) -> Result<(), UserError> {
    let count: u32 = connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?;
    if count >= USERS_MAX {
        return Err(UserError::TooMany);
    }
    connection
        .execute(
            "INSERT INTO users (id, name, role, grants, password_phc, must_change_password, disabled, created_at, password_changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                user.id.to_string(),
                user.name,
                user.role,
                row::to_json(&user.grants)?,
                user.password_phc.as_deref().unwrap_or_default(),
                user.must_change_password,
                user.disabled,
                row::millis(user.created_at),
                row::millis(user.password_changed_at)
            ],
        )
        .map_err(taken)?;
    Ok(())
}

fn update(connection: &Connection, user: &User) -> Result<(), UserError> {
    connection
        .execute(
            "UPDATE users SET name = ?2, role = ?3, grants = ?4, password_phc = ?5, must_change_password = ?6, disabled = ?7,
                 password_changed_at = ?8
             WHERE id = ?1",
            params![
                user.id.to_string(),
                user.name,
                user.role,
                row::to_json(&user.grants)?,
                user.password_phc.as_deref().unwrap_or_default(),
                user.must_change_password,
                user.disabled,
                row::millis(user.password_changed_at)
            ],
        )
        .map_err(taken)?;
    Ok(())
}

fn taken(error: rusqlite::Error) -> UserError {
    if is_duplicate(&error) { UserError::Taken } else { error.into() }
}

fn find(connection: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?;
    Ok(statement.query_row([id.to_string()], read_user).optional()?)
}

fn is_held(connection: &Connection, role: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE role = ?1 AND disabled = 0)";
    connection.query_row(sql, [role], |row| row.get(0))
}

fn read_user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row::parsed(row, 0)?,
        name: row.get(1)?,
        role: row.get(2)?,
        grants: row::json(row, 3)?,
        password_phc: Some(row.get::<_, String>(4)?).filter(|phc| !phc.is_empty()),
        must_change_password: row.get(5)?,
        disabled: row.get(6)?,
        created_at: row::time(row, 7)?,
        password_changed_at: row::time(row, 8)?,
        last_login_at: row::optional_time(row, 9)?,
    })
}
