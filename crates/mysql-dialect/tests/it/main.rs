//! Translations, requests of the session, and what must not get through.

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod translations;

#[cfg(test)]
fn read(sql: &str) -> Result<mysql_dialect::Statement, mysql_dialect::DialectError> {
    use mysql_dialect::{Scalar, Session};
    let variable = |name: &str| match name {
        "version_comment" => Some(Scalar::Text("it's a test".to_owned())),
        "auto_increment_increment" => Some(Scalar::Int(1)),
        "init_connect" => Some(Scalar::Null),
        _ => None,
    };
    let session = Session {
        database: Some("shop"),
        user: "reader@localhost",
        version: "8.0.40-test",
        connection_id: 7,
        variable: &variable,
    };
    mysql_dialect::read(sql, &session)
}

#[cfg(test)]
fn query(sql: &str) -> String {
    match read(sql) {
        Ok(mysql_dialect::Statement::Query(query)) => query.sql,
        other => panic!("{sql}: {other:?}"),
    }
}
