//! How often in a row each way of proving who one is has failed, for each user.
//!
//! Counted before the proof is looked at, so a crash in between costs a try and gives none away.

use rusqlite::{OptionalExtension as _, params};

use crate::database::Control;
use crate::error::StoreError;
use crate::users::UserId;

/// Authenticators of one user that are counted apart.
pub const AUTHENTICATORS_PER_USER_MAX: u32 = 256;

impl Control {
    /// Counts a try; false, and nothing counted, when that many are counted already. When a user has no room for another
    /// authenticator, the one that failed least makes it.
    ///
    /// # Errors
    /// The store's.
    pub fn count_try(
        &self,
        user: UserId,
        authenticator: &str,
        most: u32,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let user = user.to_string();
            let known: Option<u32> = transaction
                .prepare_cached(
                    "SELECT tries FROM authenticator_tries WHERE user_id = ?1 AND authenticator = ?2",
                )?
                .query_row(params![user, authenticator], |row| row.get(0))
                .optional()?;
            if known.is_none() {
                transaction.prepare_cached(
                    "DELETE FROM authenticator_tries WHERE user_id = ?1 AND authenticator IN (
                         SELECT authenticator FROM authenticator_tries WHERE user_id = ?1
                         ORDER BY tries DESC, authenticator LIMIT -1 OFFSET ?2
                     )",
                )?
                .execute(params![user, AUTHENTICATORS_PER_USER_MAX - 1])?;
            }
            let counts = known.is_none_or(|tries| tries < most);
            if counts {
                transaction.prepare_cached(
                    "INSERT INTO authenticator_tries (user_id, authenticator, tries) VALUES (?1, ?2, 1)
                     ON CONFLICT (user_id, authenticator) DO UPDATE SET tries = tries + 1",
                )?
                .execute(params![user, authenticator])?;
            }
            Ok(counts)
        })
    }

    /// Takes one try back that did not happen.
    ///
    /// # Errors
    /// The store's.
    pub fn uncount_try(&self, user: UserId, authenticator: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let user = user.to_string();
            transaction.execute(
                "UPDATE authenticator_tries SET tries = tries - 1 WHERE user_id = ?1 AND authenticator = ?2",
                params![user, authenticator],
            )?;
            transaction.execute(
                "DELETE FROM authenticator_tries WHERE user_id = ?1 AND authenticator = ?2 AND tries <= 0",
                params![user, authenticator],
            )?;
            Ok(())
        })
    }

    /// Forgets all tries of one authenticator; says how many there were.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_tries(&self, user: UserId, authenticator: &str) -> Result<u32, StoreError> {
        self.write(|transaction| {
            let tries = transaction
                .prepare_cached(
                    "DELETE FROM authenticator_tries WHERE user_id = ?1 AND authenticator = ?2 RETURNING tries",
                )?
                .query_row(params![user.to_string(), authenticator], |row| row.get(0))
                .optional()?;
            Ok(tries.unwrap_or(0))
        })
    }

    /// Forgets all tries of a user's authenticators whose name begins so.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_tries_like(&self, user: UserId, prefix: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM authenticator_tries WHERE user_id = ?1 AND substr(authenticator, 1, length(?2)) = ?2",
                params![user.to_string(), prefix],
            )?;
            Ok(())
        })
    }
}
