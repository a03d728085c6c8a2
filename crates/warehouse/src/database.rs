//! What a plane says about its database, and how its schema moves forward.

use duckdb::Connection;

use crate::error::OpenError;

/// A database of the warehouse: its name and the way to its newest schema.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseSpec {
    /// The name: of the file, of the catalogue in SQL (`<name>.<table>`), and of the schema over the MySQL protocol.
    pub name: &'static str,
    /// All migrations, oldest first, versions rising from 1.
    pub migrations: &'static [Migration],
}

/// One step of a schema. It never changes once released; a correction is the next step.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number: one more than the step before.
    pub version: u32,
    /// Statements that name their tables in full (`web.events`).
    pub sql: &'static str,
}

/// Brings the database to its newest schema; each step commits together with its version number.
pub(crate) fn migrate(connection: &Connection, spec: &DatabaseSpec) -> Result<(), OpenError> {
    let name = spec.name;
    let failed = |version, source| OpenError::Migration { database: name, version, source };
    connection
        .execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {name}.warehouse_state (schema_version UINTEGER, journal_offset UBIGINT);
             INSERT INTO {name}.warehouse_state SELECT 0, 0 WHERE NOT EXISTS (FROM {name}.warehouse_state);"
        ))
        .map_err(|source| failed(0, source))?;
    let found: u32 = connection
        .query_row(&format!("SELECT schema_version FROM {name}.warehouse_state"), [], |row| {
            row.get(0)
        })
        .map_err(|source| failed(0, source))?;
    let known = spec.migrations.last().map_or(0, |migration| migration.version);
    if found > known {
        return Err(OpenError::NewerSchema { database: name, found, known });
    }
    for migration in spec.migrations.iter().filter(|migration| migration.version > found) {
        let version = migration.version;
        let step = format!(
            "BEGIN; {} ; UPDATE {name}.warehouse_state SET schema_version = {version}; COMMIT;",
            migration.sql.trim_end().trim_end_matches(';')
        );
        if let Err(source) = connection.execute_batch(&step) {
            if let Err(error) = connection.execute_batch("ROLLBACK") {
                tracing::debug!(%error, "nothing to roll back after a failed migration");
            }
            return Err(failed(version, source));
        }
        tracing::info!(database = name, version, "schema migrated");
    }
    Ok(())
}
