//! The schema's versions, each applied once, in order, in its own transaction.
//!
//! `user_version` holds the version a file has; it is set in the transaction that makes it true. To change the schema add a
//! file and a row; never edit one that was released.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::{Fault, OpenError};

/// The schema's versions: the place in the list plus one is the version.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_accounts_and_sites.sql"),
    include_str!("migrations/0002_grants.sql"),
    include_str!("migrations/0003_passwords.sql"),
    include_str!("migrations/0004_tokens.sql"),
    include_str!("migrations/0005_factors.sql"),
    include_str!("migrations/0006_authenticators.sql"),
];

/// Brings the file to the newest schema. Returns the version it had.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<u32, OpenError> {
    run(connection, path, MIGRATIONS)
}

fn run(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<u32, OpenError> {
    let refused = |operation| {
        move |error: rusqlite::Error| OpenError::Refused {
            path: path.to_owned(),
            operation,
            source: Fault::from(&error),
        }
    };
    let mut before = None;
    loop {
        // The version is read under the write lock, so two processes that start together cannot both migrate.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(refused("beginning a migration"))?;
        let found: u32 = transaction
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .map_err(refused("reading the version"))?;
        let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(OpenError::Newer { path: path.to_owned(), found, known });
        }
        let before = *before.get_or_insert(found);
        let Some(sql) = usize::try_from(found).ok().and_then(|index| migrations.get(index)) else {
            return Ok(before);
        };
        transaction.execute_batch(sql).map_err(refused("a migration"))?;
        transaction
            .pragma_update(None, "user_version", found.saturating_add(1))
            .map_err(refused("writing the version"))?;
        transaction.commit().map_err(refused("committing a migration"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[&str] = &[
        "CREATE TABLE first (a);",
        "ALTER TABLE first ADD COLUMN b; INSERT INTO first VALUES (1, 2);",
    ];

    fn version(connection: &Connection) -> u32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn each_version_is_applied_once_and_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        let path = Path::new("control.sqlite");
        assert_eq!(run(&mut connection, path, &TWO[..1]).unwrap(), 0);
        assert_eq!(version(&connection), 1);
        assert_eq!(run(&mut connection, path, TWO).unwrap(), 1);
        assert_eq!(run(&mut connection, path, TWO).unwrap(), 2);
        let rows: i64 = connection
            .query_row("SELECT count(*) FROM first WHERE b = 2", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_version_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let broken = &[TWO[0], "CREATE TABLE second (a); CREATE TABLE first (again);"];
        let error = run(&mut connection, Path::new("control.sqlite"), broken).unwrap_err();
        assert!(matches!(error, OpenError::Refused { operation: "a migration", .. }), "{error}");
        assert_eq!(version(&connection), 1);
        let second: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'second'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(second, 0, "half a migration stayed");
    }

    #[test]
    fn a_newer_schema_is_refused_and_untouched() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 3).unwrap();
        let error = run(&mut connection, Path::new("control.sqlite"), TWO).unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 3, known: 2, .. }), "{error}");
        assert_eq!(version(&connection), 3);
    }
}
