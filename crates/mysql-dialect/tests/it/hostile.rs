//! Literals that want to end early, statements to be two, trees the stack.

use mysql_dialect::{CHAIN_MAX, DialectError, NESTING_MAX, SQL_BYTES_MAX};
use proptest::prelude::*;

use crate::{query, read};

/// A literal as drivers write it.
fn escaped(text: &str, quote: char) -> String {
    let mut literal = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\0' => literal.push_str("\\0"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\x1a' => literal.push_str("\\Z"),
            '\\' | '\'' | '"' => {
                literal.push('\\');
                literal.push(letter);
            }
            other => literal.push(other),
        }
    }
    literal.push(quote);
    literal
}

proptest! {
    #[test]
    fn a_literal_is_the_same_literal_whatever_it_holds(text in "[a'\"\\\\%_\n\0ä;#-]{0,12}", double in any::<bool>()) {
        let quote = if double { '"' } else { '\'' };
        let expected = format!("'{}'", text.replace('\'', "''"));
        let sql = query(&format!("SELECT {} AS x", escaped(&text, quote)));
        prop_assert_eq!(sql, format!("SELECT {expected} AS \"x\""));
        let sql = query(&format!("SELECT a FROM t WHERE b IN (1, {})", escaped(&text, quote)));
        prop_assert_eq!(sql, format!("SELECT \"a\" FROM \"t\" WHERE \"b\" IN (1, {expected})"));
    }

    #[test]
    fn a_name_is_the_same_name_whatever_it_holds(name in "[a'\"\\\\;#-]{1,8}") {
        let sql = query(&format!("SELECT `{name}` FROM t"));
        prop_assert_eq!(sql, format!("SELECT \"{}\" FROM \"t\"", name.replace('"', "\"\"")));
    }

    #[test]
    fn any_text_is_read_or_refused(sql in "\\PC{0,80}") {
        let _ = read(&sql);
    }

    #[test]
    fn words_of_sql_in_any_order_are_read_or_refused(words in proptest::collection::vec(
        prop::sample::select(vec![
            "SELECT", "FROM", "t", "(", ")", ",", "1", "'x'", "*", "WHERE", "AND", "NOT", "CASE", "WHEN", "THEN", "END", "INTERVAL", "DAY",
            "UNION", "GROUP BY", "ORDER BY", "LIMIT", "||", "IF(", "GROUP_CONCAT(", "SHOW", "SET", "=", "@@x", "LIKE", "IN", "AS", "JOIN",
        ]), 0..25,
    )) {
        let _ = read(&words.join(" "));
    }
}

#[test]
fn a_second_statement_is_refused() {
    for statement in ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "SELECT 1;; SELECT 2"] {
        assert_eq!(read(statement), Err(DialectError::Several), "{statement}");
    }
    assert_eq!(query("SELECT 1 AS x;"), "SELECT 1 AS \"x\"");
}

#[test]
fn chains_of_operators_end_at_their_bound_and_not_on_the_stack() {
    for (first, link) in
        [("1", "+1"), ("1", " OR 1"), ("NOT 1", " AND NOT 1"), ("1", " IS NULL = 1")]
    {
        let per_link = read(&format!("SELECT {first}{link}")).map(|_| ());
        assert_eq!(per_link, Ok(()), "{link}");
        let operators = if link.contains("NOT") || link.contains("IS") { 2 } else { 1 };
        let fitting = (CHAIN_MAX - operators) / operators - 1;
        let sql = format!("SELECT {first}{}", link.repeat(fitting));
        assert!(read(&sql).is_ok(), "{link}");
        let sql = format!("SELECT {first}{}", link.repeat(CHAIN_MAX + 1));
        assert_eq!(read(&sql), Err(DialectError::TooDeep), "{link}");
    }
    let unions = format!("SELECT 1{}", " UNION SELECT 1".repeat(CHAIN_MAX - 1));
    assert!(read(&unions).is_ok());
}

#[test]
fn nesting_ends_at_its_bound() {
    let nested = |depth: usize| format!("SELECT {}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(NESTING_MAX / 2)).is_ok());
    assert_eq!(read(&nested(NESTING_MAX + 1)), Err(DialectError::TooDeep));
    assert_eq!(read(&nested(100_000)), Err(DialectError::TooDeep));
}

#[test]
fn a_text_one_past_its_bound_is_refused() {
    let filled = |bytes: usize| format!("SELECT 1{}", " ".repeat(bytes - 8));
    assert!(read(&filled(SQL_BYTES_MAX)).is_ok());
    assert_eq!(read(&filled(SQL_BYTES_MAX + 1)), Err(DialectError::TooLong { max: SQL_BYTES_MAX }));
    let list = format!("SELECT a FROM t WHERE a IN (1{})", ",1".repeat(100_000));
    assert!(read(&list).is_ok(), "a long list is no deep one");
}
