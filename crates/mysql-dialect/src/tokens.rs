//! Tokens of a statement, bounded, and brought into what both dialects read.

use sqlparser::{
    ast::Statement,
    dialect::MySqlDialect,
    keywords::Keyword,
    parser::{Parser, ParserError},
    tokenizer::{Token, Tokenizer},
};

use crate::DialectError;

/// The longest statement.
pub const SQL_BYTES_MAX: usize = 1 << 20;
/// The deepest nesting of parentheses, subqueries and cases.
pub const NESTING_MAX: usize = 50;
/// The most operators in one statement: each may put the tree one level deeper without any parenthesis.
pub const CHAIN_MAX: usize = 400;

/// Parses one statement; `None` when there is nothing but comments.
pub(crate) fn parse(sql: &str) -> Result<Option<Statement>, DialectError> {
    if sql.len() > SQL_BYTES_MAX {
        return Err(DialectError::TooLong { max: SQL_BYTES_MAX });
    }
    let dialect = MySqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize()
        .map_err(|error| DialectError::Syntax(error.to_string()))?;
    let tokens = alike(tokens)?;
    let mut statements = Parser::new(&dialect)
        .with_recursion_limit(NESTING_MAX)
        .with_tokens(tokens)
        .parse_statements()
        .map_err(|error| match error {
            ParserError::RecursionLimitExceeded => DialectError::TooDeep,
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                DialectError::Syntax(text)
            }
        })?;
    let statement = statements.pop();
    if statements.is_empty() { Ok(statement) } else { Err(DialectError::Several) }
}

fn alike(tokens: Vec<Token>) -> Result<Vec<Token>, DialectError> {
    let mut parameters = 0;
    let mut chained = 0;
    let mut alike = Vec::with_capacity(tokens.len());
    for token in tokens {
        chained += usize::from(chains(&token));
        if chained > CHAIN_MAX {
            return Err(DialectError::TooDeep);
        }
        alike.push(match token {
            // In MySQL it binds as OR does, which the parser's operator of the same sign does not.
            Token::StringConcat => Token::make_keyword("OR"),
            Token::DoubleQuotedString(text) => Token::SingleQuotedString(text),
            Token::Placeholder(sign) if sign == "?" => {
                parameters += 1;
                Token::Placeholder(format!("${parameters}"))
            }
            other => other,
        });
    }
    Ok(alike)
}

/// Whether the token may put what follows, or what came before, one level deeper.
fn chains(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::XOR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::RLIKE
                | Keyword::REGEXP
                | Keyword::BETWEEN
                | Keyword::DIV
                | Keyword::MOD
                | Keyword::COLLATE
                | Keyword::INTERVAL
                | Keyword::BINARY
                | Keyword::AT
                | Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::MINUS
                | Keyword::ESCAPE
                | Keyword::MEMBER
                | Keyword::OVERLAPS
        ),
        Token::EOF
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::Comma
        | Token::Whitespace(_)
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::Placeholder(_) => false,
        _ => true,
    }
}
