//! Settings: small named values, and the one-time setup secret among them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::database::Control;
use crate::error::{Fault, StoreError};
use crate::row;
use crate::users::{self, User, UserError};

/// The longest value.
pub const SETTING_BYTES_MAX: usize = 64 * 1024;

const SETUP_SECRET: &str = "setup_secret_hash";

impl Control {
    /// A value.
    ///
    /// # Errors
    /// The store's.
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| get(connection, name))
    }

    /// Sets a value.
    ///
    /// # Errors
    /// The store's; [`StoreError::Failed`] for a value over [`SETTING_BYTES_MAX`].
    pub fn set_setting(&self, name: &str, value: &[u8], now: Timestamp) -> Result<(), StoreError> {
        self.write(|transaction| set(transaction, name, value, now))
    }

    /// The value, setting it first if there is none: two processes that start together agree on one.
    ///
    /// # Errors
    /// Those of [`Control::set_setting`].
    pub fn setting_or(
        &self,
        name: &str,
        value: &[u8],
        now: Timestamp,
    ) -> Result<Vec<u8>, StoreError> {
        self.write(|transaction| match get(transaction, name)? {
            Some(held) => Ok(held),
            None => set(transaction, name, value, now).map(|()| value.to_vec()),
        })
    }

    /// The hash of the setup secret, while there is one.
    ///
    /// # Errors
    /// The store's; [`StoreError::Damaged`] when it is not 32 bytes.
    pub fn setup_secret(&self) -> Result<Option<[u8; 32]>, StoreError> {
        let stored = self.setting(SETUP_SECRET)?;
        let whole = |bytes: Vec<u8>| {
            <[u8; 32]>::try_from(bytes).map_err(|_| {
                StoreError::Damaged(Fault::new("the setup secret's hash has another length"))
            })
        };
        stored.map(whole).transpose()
    }

    /// Keeps the hash of a fresh setup secret.
    ///
    /// # Errors
    /// The store's.
    pub fn set_setup_secret(&self, hash: &[u8; 32], now: Timestamp) -> Result<(), StoreError> {
        self.set_setting(SETUP_SECRET, hash, now)
    }

    /// Makes the first user and forgets the setup secret, in one step; `false`, and nothing done, when there is a user already.
    ///
    /// # Errors
    /// The user's.
    pub fn insert_first_user(&self, user: &User) -> Result<bool, UserError> {
        self.write(|transaction| {
            if users::exist(transaction)? {
                return Ok(false);
            }
            transaction.execute("DELETE FROM settings WHERE name = ?1", [SETUP_SECRET])?;
            users::insert(transaction, user).map(|()| true)
        })
    }
}

fn get(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

fn set(
    connection: &Connection,
    name: &str,
    value: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    if value.len() > SETTING_BYTES_MAX {
        return Err(StoreError::Failed(Fault::new("the value of a setting is too long")));
    }
    connection.execute(
        "INSERT INTO settings (name, value, changed_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
        params![name, value, row::millis(now)],
    )?;
    Ok(())
}
