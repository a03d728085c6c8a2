//! Each statement of `fixtures/statements.sql` as it reaches the engine.
//!
//! That both sides answer the same is what `fixtures/compare.py` asks MariaDB and DuckDB.

use crate::query;

#[test]
fn statements_are_translated_as_was_compared() {
    let pairs = include_str!("../fixtures/statements.sql")
        .lines()
        .map(|statement| format!("{statement}\n=> {}", query(statement)));
    insta::assert_snapshot!("statements", pairs.collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn columns_are_called_as_mysql_calls_them() {
    let cases = [
        ("SELECT COUNT(*) FROM t", "SELECT \"COUNT\"(*) AS \"COUNT(*)\" FROM \"t\""),
        ("SELECT a, t.b FROM t", "SELECT \"a\", \"t\".\"b\" FROM \"t\""),
        ("SELECT 'x'", "SELECT 'x' AS \"x\""),
        ("SELECT VERSION()", "SELECT '8.0.40-test' AS \"VERSION()\""),
        (
            "SELECT @@version_comment LIMIT 1",
            "SELECT 'it''s a test' AS \"@@version_comment\" LIMIT 1",
        ),
        ("SELECT @@session.auto_increment_increment AS a", "SELECT 1 AS \"a\""),
        (
            "SELECT DATABASE(), CONNECTION_ID(), @@init_connect",
            "SELECT 'shop' AS \"DATABASE()\", 7 AS \"CONNECTION_ID()\", NULL AS \"@@init_connect\"",
        ),
    ];
    for (statement, expected) in cases {
        assert_eq!(query(statement), expected);
    }
}

#[test]
fn parameters_keep_their_numbers_where_they_are_used_twice() {
    let sql = query("SELECT GREATEST(?, 2) FROM t WHERE a = ? LIMIT ?");
    assert_eq!(
        sql,
        "SELECT CASE WHEN $1 IS NULL OR 2 IS NULL THEN NULL ELSE greatest($1, 2) END AS \"GREATEST($1, 2)\" \
         FROM \"t\" WHERE \"a\" = $2 LIMIT $3"
    );
}
