//! Passwords: replacing one, the former ones, and one-time links.
//!
//! A replaced password's hash is kept beside the account, because the next one must not be the same. A link is a row that goes in
//! the step that uses it, so of many who use one at once, one does.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::database::Control;
use crate::error::StoreError;
use crate::row;
use crate::users::{SessionsAfter, UserError, UserId, end_sessions};

/// How many former passwords of a user are kept.
pub const FORMER_PASSWORDS_MAX: u32 = 24;

/// A one-time link by which a user's password is chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordReset {
    /// The hash of its secret.
    pub secret_hash: [u8; 32],
    /// Whose password.
    pub user_id: UserId,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for PasswordReset {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { user_id, expires_at, .. } = self;
        formatter
            .debug_struct("PasswordReset")
            .field("user_id", user_id)
            .field("expires_at", expires_at)
            .finish_non_exhaustive()
    }
}

impl Control {
    /// Replaces a user's password hash and nothing else, and ends sessions as told; `changed_at` is `None` when the
    /// same password was only hashed anew. Otherwise the hash before is kept as a former one, and a link ends.
    ///
    /// # Errors
    /// [`UserError::Unknown`], or the store's.
    pub fn set_password(
        &self,
        id: UserId,
        password_phc: &str,
        changed_at: Option<Timestamp>,
        sessions: SessionsAfter,
    ) -> Result<(), UserError> {
        self.write(|transaction| {
            if let Some(changed_at) = changed_at {
                replace(transaction, id, password_phc, changed_at)?;
            } else {
                let sql = "UPDATE users SET password_phc = ?2 WHERE id = ?1";
                if transaction.execute(sql, params![id.to_string(), password_phc])? == 0 {
                    return Err(UserError::Unknown);
                }
            }
            Ok(end_sessions(transaction, id, sessions)?)
        })
    }

    /// The hashes of a user's former passwords, newest first, at most so many.
    ///
    /// # Errors
    /// The store's.
    pub fn former_passwords(&self, id: UserId, most: u32) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let sql =
                "SELECT password_phc FROM former_passwords WHERE user_id = ?1 ORDER BY number DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let former = statement
                .query_map(params![id.to_string(), most], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(former)
        })
    }

    /// Has another password chosen; nothing happens when there is no such user.
    ///
    /// # Errors
    /// The store's.
    pub fn demand_password_change(&self, id: UserId) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE users SET must_change_password = 1 WHERE id = ?1";
            transaction.execute(sql, [id.to_string()])?;
            Ok(())
        })
    }

    /// Keeps a link, in the place of an older one of the same user.
    ///
    /// # Errors
    /// [`UserError::Unknown`], or the store's.
    pub fn save_password_reset(&self, reset: &PasswordReset) -> Result<(), UserError> {
        self.write(|transaction| {
            let kept = transaction.execute(
                "INSERT OR REPLACE INTO password_resets (user_id, secret_hash, expires_at)
                 SELECT id, ?2, ?3 FROM users WHERE id = ?1",
                params![
                    reset.user_id.to_string(),
                    reset.secret_hash,
                    row::millis(reset.expires_at)
                ],
            )?;
            if kept == 0 { Err(UserError::Unknown) } else { Ok(()) }
        })
    }

    /// The link of this secret's hash.
    ///
    /// # Errors
    /// The store's.
    pub fn password_reset(
        &self,
        secret_hash: &[u8; 32],
    ) -> Result<Option<PasswordReset>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT secret_hash, user_id, expires_at FROM password_resets WHERE secret_hash = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([secret_hash], read_reset).optional()?)
        })
    }

    /// Uses a link up, in one step: it goes, its user gets the password, and the user's sessions end. `false`, and nothing done,
    /// when the link is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn use_password_reset(
        &self,
        reset: &PasswordReset,
        password_phc: &str,
        at: Timestamp,
    ) -> Result<bool, UserError> {
        self.write(|transaction| {
            let used = transaction.execute(
                "DELETE FROM password_resets WHERE secret_hash = ?1 AND user_id = ?2",
                params![reset.secret_hash, reset.user_id.to_string()],
            )?;
            if used == 0 {
                return Ok(false);
            }
            replace(transaction, reset.user_id, password_phc, at)?;
            end_sessions(transaction, reset.user_id, SessionsAfter::End)?;
            Ok(true)
        })
    }
}

/// Ends a user's link, if there is one.
pub(crate) fn end_reset(connection: &Connection, id: UserId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM password_resets WHERE user_id = ?1", [id.to_string()])?;
    Ok(())
}

fn replace(
    connection: &Connection,
    id: UserId,
    password_phc: &str,
    at: Timestamp,
) -> Result<(), UserError> {
    let text = id.to_string();
    connection.execute(
        "INSERT INTO former_passwords (user_id, number, password_phc)
         SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM former_passwords WHERE user_id = ?1), password_phc
         FROM users WHERE id = ?1 AND password_phc <> ''",
        [&text],
    )?;
    connection.execute(
        "DELETE FROM former_passwords
         WHERE user_id = ?1
             AND number <= (SELECT max(number) FROM former_passwords WHERE user_id = ?1) - ?2",
        params![text, FORMER_PASSWORDS_MAX],
    )?;
    end_reset(connection, id)?;
    let changed = connection.execute(
        "UPDATE users SET password_phc = ?2, password_changed_at = ?3, must_change_password = 0 WHERE id = ?1",
        params![text, password_phc, row::millis(at)],
    )?;
    if changed == 0 { Err(UserError::Unknown) } else { Ok(()) }
}

fn read_reset(row: &Row<'_>) -> rusqlite::Result<PasswordReset> {
    Ok(PasswordReset {
        secret_hash: row.get(0)?,
        user_id: row::parsed(row, 1)?,
        expires_at: row::time(row, 2)?,
    })
}
