//! What a statement may ask of its session.

/// A value of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// None.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}

/// What `DATABASE()`, `@@version` and their like are in this session.
///
/// No `Default`: each field is a decision.
pub struct Session<'s> {
    /// The current database.
    pub database: Option<&'s str>,
    /// The user and the host, as `USER()` shows them.
    pub user: &'s str,
    /// The version, as the greeting says it.
    pub version: &'s str,
    /// The number of the connection.
    pub connection_id: u32,
    /// The value of a system variable, whose name comes in lower case and without its scope.
    pub variable: &'s (dyn Fn(&str) -> Option<Scalar> + Sync),
}

impl Session<'_> {
    /// The value of a function of the session, and `None` for any other function.
    pub(crate) fn function(&self, name: &str) -> Option<Scalar> {
        let text = |value: &str| Scalar::Text(value.to_owned());
        Some(match name {
            "database" | "schema" => self.database.map_or(Scalar::Null, text),
            "version" => text(self.version),
            "user" | "current_user" | "session_user" | "system_user" => text(self.user),
            "connection_id" => Scalar::Int(self.connection_id.into()),
            "last_insert_id" | "found_rows" => Scalar::Int(0),
            "row_count" => Scalar::Int(-1),
            _ => return None,
        })
    }
}
