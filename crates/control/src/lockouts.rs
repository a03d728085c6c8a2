//! Lockout counters: failed attempts that a restart does not forgive.
//!
//! A counter's key is the caller's keyed code of an account or address: neither is stored. Attackers choose what is coded, so
//! the table has a bound; counters without a running lock make room first, the oldest of them before the others.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use crate::database::Control;
use crate::error::StoreError;
use crate::row;

/// How many counters are kept: as many as the gate remembers, so that a restart forgets none of its locks.
pub const LOCKOUTS_MAX: u32 = 150_000;

/// One counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// What is counted, as a keyed code.
    pub key: [u8; 16],
    /// Failures since the last success or lock.
    pub failures: u32,
    /// How many locks came of it since the last success.
    pub locks: u32,
    /// When the last of the failures happened.
    pub last_failure_at: Timestamp,
    /// Until when nothing is tried.
    pub locked_until: Option<Timestamp>,
}

impl Control {
    /// All counters, newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn lockouts(&self) -> Result<Vec<Lockout>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT key, failures, locks, last_failure_at, locked_until FROM lockouts
                 ORDER BY last_failure_at DESC, key",
            )?;
            let lockouts = statement.query_map([], read_lockout)?.collect::<Result<_, _>>()?;
            Ok(lockouts)
        })
    }

    /// Adds or replaces counters and makes room for them.
    ///
    /// # Errors
    /// The store's.
    pub fn save_lockouts(&self, lockouts: &[Lockout]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for lockout in lockouts {
                save(transaction, lockout)?;
            }
            Ok(())
        })
    }

    /// Forgets a counter; nothing happens when it is gone.
    ///
    /// # Errors
    /// The store's.
    pub fn delete_lockout(&self, key: &[u8; 16]) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM lockouts WHERE key = ?1", [key])?;
            Ok(())
        })
    }
}

fn save(transaction: &Transaction<'_>, lockout: &Lockout) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO lockouts (key, failures, locks, last_failure_at, locked_until) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, locks = excluded.locks,
                 last_failure_at = excluded.last_failure_at, locked_until = excluded.locked_until",
        )?
        .execute(params![
            lockout.key,
            lockout.failures,
            lockout.locks,
            row::millis(lockout.last_failure_at),
            lockout.locked_until.map(row::millis)
        ])?;
    let count: u32 =
        transaction.query_row("SELECT count(*) FROM lockouts", [], |row| row.get(0))?;
    if let Some(excess) = count.checked_sub(LOCKOUTS_MAX).filter(|excess| *excess > 0) {
        // The time of the failure just saved is the newest there is, so it tells which locks are over.
        transaction.execute(
            "DELETE FROM lockouts WHERE key IN (
                 SELECT key FROM lockouts WHERE key <> ?3
                 ORDER BY coalesce(locked_until, 0) > ?1,
                     CASE WHEN locked_until > ?1 THEN locked_until ELSE last_failure_at END
                 LIMIT ?2)",
            params![row::millis(lockout.last_failure_at), excess, lockout.key],
        )?;
    }
    Ok(())
}

fn read_lockout(row: &Row<'_>) -> rusqlite::Result<Lockout> {
    Ok(Lockout {
        key: row.get(0)?,
        failures: row.get(1)?,
        locks: row.get(2)?,
        last_failure_at: row::time(row, 3)?,
        locked_until: row::optional_time(row, 4)?,
    })
}
