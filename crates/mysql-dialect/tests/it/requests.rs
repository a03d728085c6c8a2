//! What a session asks for besides queries, as data.

use mysql_dialect::{
    Assignment, DialectError, Explained, Filter, Kill, Query, Scalar, Scope, Show, Statement,
    TableName,
};

use crate::read;

fn table(database: Option<&str>, table: &str) -> TableName {
    TableName { database: database.map(str::to_owned), table: table.to_owned() }
}

fn like(pattern: &str) -> Option<Filter> {
    Some(Filter::Like(pattern.to_owned()))
}

#[test]
fn lists_are_recognised() {
    let cases = [
        ("SHOW VARIABLES LIKE 'sql_mode'", Show::Variables(like("sql_mode"))),
        ("SHOW SESSION VARIABLES", Show::Variables(None)),
        ("show global status like 'Uptime'", Show::Status(like("Uptime"))),
        ("SHOW DATABASES", Show::Databases(None)),
        ("SHOW SCHEMAS LIKE 'w%'", Show::Databases(like("w%"))),
        ("SHOW TABLES", Show::Tables { full: false, database: None, filter: None }),
        (
            "SHOW FULL TABLES FROM `web` LIKE 'e%'",
            Show::Tables { full: true, database: Some("web".to_owned()), filter: like("e%") },
        ),
        (
            "SHOW FULL COLUMNS FROM `events` FROM `web`",
            Show::Columns { full: true, table: table(Some("web"), "events"), filter: None },
        ),
        (
            "SHOW COLUMNS FROM web.events LIKE 'a'",
            Show::Columns { full: false, table: table(Some("web"), "events"), filter: like("a") },
        ),
        ("SHOW CREATE TABLE `web`.`events`", Show::CreateTable(table(Some("web"), "events"))),
        ("SHOW INDEX FROM `events` FROM `web`", Show::Indexes(table(Some("web"), "events"))),
        ("SHOW KEYS FROM events", Show::Indexes(table(None, "events"))),
        ("SHOW COLLATION", Show::Collations(None)),
        ("SHOW CHARACTER SET LIKE 'utf8%'", Show::Charsets(like("utf8%"))),
        ("SHOW FULL PROCESSLIST", Show::Processes { full: true }),
        ("SHOW WARNINGS", Show::Warnings),
        ("SHOW ENGINES", Show::Engines),
        ("SHOW PLUGINS", Show::Plugins),
        ("SHOW GRANTS", Show::Grants),
        (
            "SHOW VARIABLES WHERE Variable_name = 'a''b'",
            Show::Variables(Some(Filter::Where("\"Variable_name\" = 'a''b'".to_owned()))),
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(read(statement), Ok(Statement::Show(expected)), "{statement}");
    }
}

#[test]
fn settings_are_recognised() {
    let set = |scope, name: &str, value| {
        Statement::Set(vec![Assignment { scope, name: name.to_owned(), value }])
    };
    let text = |value: &str| Some(Scalar::Text(value.to_owned()));
    let cases = [
        ("SET autocommit=1", set(Scope::Session, "autocommit", Some(Scalar::Int(1)))),
        ("SET SESSION sql_mode = 'ANSI'", set(Scope::Session, "sql_mode", text("ANSI"))),
        ("SET @@session.time_zone = '+00:00'", set(Scope::Session, "time_zone", text("+00:00"))),
        ("SET GLOBAL read_only = OFF", set(Scope::Global, "read_only", text("OFF"))),
        ("SET @mine = 5", set(Scope::User, "mine", Some(Scalar::Int(5)))),
        ("SET net_write_timeout = 600 + 1", set(Scope::Session, "net_write_timeout", None)),
        (
            "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
            Statement::SetNames {
                charset: Some("utf8mb4".to_owned()),
                collation: Some("utf8mb4_bin".to_owned()),
            },
        ),
        ("SET NAMES DEFAULT", Statement::SetNames { charset: None, collation: None }),
        ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", Statement::SetTransaction),
    ];
    for (statement, expected) in cases {
        assert_eq!(read(statement), Ok(expected), "{statement}");
    }
    let two = read("SET autocommit = 1, sql_mode = concat(@@sql_mode, ',STRICT_TRANS_TABLES')");
    assert!(matches!(two, Ok(Statement::Set(all)) if all.len() == 2 && all[1].value.is_none()));
}

#[test]
fn transactions_databases_and_other_connections_are_recognised() {
    let cases = [
        ("", Statement::Nothing),
        ("/* ping */", Statement::Nothing),
        ("USE `web`", Statement::Use("web".to_owned())),
        ("BEGIN", Statement::Begin { read_write: false }),
        ("START TRANSACTION READ ONLY", Statement::Begin { read_write: false }),
        ("START TRANSACTION READ WRITE", Statement::Begin { read_write: true }),
        ("COMMIT", Statement::Commit),
        ("ROLLBACK", Statement::Rollback),
        ("SAVEPOINT sp", Statement::Savepoint),
        ("KILL 5", Statement::Kill(Kill { connection: 5, query_only: false })),
        ("KILL QUERY 5", Statement::Kill(Kill { connection: 5, query_only: true })),
        ("DESCRIBE web.events", Statement::Explain(Explained::Table(table(Some("web"), "events")))),
        (
            "EXPLAIN SELECT a FROM t",
            Statement::Explain(Explained::Query(Query {
                sql: "SELECT \"a\" FROM \"t\"".to_owned(),
            })),
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(read(statement), Ok(expected), "{statement}");
    }
}

#[test]
fn what_would_write_is_refused_as_such() {
    for statement in [
        "INSERT INTO t VALUES (1)",
        "REPLACE INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "TRUNCATE t",
        "CREATE TABLE t (a INT)",
        "CREATE TEMPORARY TABLE t (a INT)",
        "CREATE DATABASE d",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN b INT",
        "GRANT ALL ON *.* TO 'x'@'%'",
        "LOCK TABLES t READ",
        "EXPLAIN DELETE FROM t",
        "WITH x AS (SELECT 1) DELETE FROM t",
    ] {
        assert_eq!(read(statement), Err(DialectError::Write), "{statement}");
    }
}

#[test]
fn what_is_not_done_here_is_said() {
    for statement in [
        "SELECT @mine",
        "SELECT DATE_FORMAT(a, b) FROM t",
        "SELECT WEEK(a, 1) FROM t",
        "SELECT CONVERT_TZ(a, 'UTC', 'Europe/Berlin') FROM t",
        "SELECT MATCH(a) AGAINST ('x') FROM t",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL p()",
        "SHOW SOMETHING",
    ] {
        let answer = read(statement);
        assert!(matches!(answer, Err(DialectError::Unsupported(_))), "{statement}: {answer:?}");
    }
    let unknown = read("SELECT @@no_such_thing");
    assert_eq!(unknown, Err(DialectError::UnknownVariable("no_such_thing".to_owned())));
}
