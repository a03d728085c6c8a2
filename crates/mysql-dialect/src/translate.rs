//! The tree of a query, rewritten from its leaves up.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, DataType, Expr, GroupByExpr, GroupByWithModifier, Ident, Interval,
    JoinConstraint, JoinOperator, LimitClause, Offset, OffsetRows, OrderByExpr, OrderBySort, Query,
    Select, SelectItem, SetExpr, TableFactor, UnaryOperator, Value, ValueWithSpan, VisitMut,
    VisitorMut,
};

use crate::{
    DialectError, Session,
    functions::{self, alone, moment},
    quote::{self, literal, plain, raw, raw_name},
};

/// Rewrites a query and gives it the names of columns that MySQL would.
pub(crate) fn query(query: &mut Query, session: &Session<'_>) -> Result<String, DialectError> {
    name_columns(&mut query.body);
    rewrite(query, session)?;
    Ok(query.to_string())
}

/// Rewrites an expression or anything else that stands alone.
pub(crate) fn rewrite(tree: &mut impl VisitMut, session: &Session<'_>) -> Result<(), DialectError> {
    match tree.visit(&mut Rewriter { session }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// A column without an alias is called as its expression is written.
fn name_columns(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            for item in &mut select.projection {
                let SelectItem::UnnamedExpr(expr) = item else { continue };
                let name = match &*expr {
                    Expr::Identifier(ident) if !ident.value.starts_with('@') => continue,
                    Expr::CompoundIdentifier(parts)
                        if !parts.iter().any(|part| part.value.starts_with('@')) =>
                    {
                        continue;
                    }
                    Expr::Value(ValueWithSpan {
                        value: Value::SingleQuotedString(text), ..
                    }) => text.clone(),
                    other => other.to_string(),
                };
                // The visitor quotes it.
                let alias = Ident::new(name);
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
            }
        }
        SetExpr::Query(query) => name_columns(&mut query.body),
        SetExpr::SetOperation { left, .. } => name_columns(left),
        _ => {}
    }
}

struct Rewriter<'s> {
    session: &'s Session<'s>,
}

type Flow = ControlFlow<DialectError>;

fn refuse(what: &str) -> Flow {
    ControlFlow::Break(DialectError::unsupported(what))
}

impl VisitorMut for Rewriter<'_> {
    type Break = DialectError;

    fn post_visit_ident(&mut self, ident: &mut Ident) -> Flow {
        *ident = raw_name(quote::name(&ident.value));
        ControlFlow::Continue(())
    }

    fn post_visit_value(&mut self, value: &mut ValueWithSpan) -> Flow {
        let sql = match &value.value {
            Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) => {
                quote::text(text)
            }
            Value::HexStringLiteral(digits) => format!("unhex({})", quote::text(digits)),
            Value::Number(..) | Value::Boolean(_) | Value::Null | Value::Placeholder(_) => {
                return ControlFlow::Continue(());
            }
            _ => return refuse("this kind of literal"),
        };
        value.value = Value::Number(sql, false);
        ControlFlow::Continue(())
    }

    fn pre_visit_order_by_expr(&mut self, by: &mut OrderByExpr) -> Flow {
        let descending = by.options.sort == Some(OrderBySort::Desc);
        by.options.nulls_first.get_or_insert(!descending);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> Flow {
        query.locks.clear();
        if let Some(LimitClause::OffsetCommaLimit { offset, limit }) = &query.limit_clause {
            query.limit_clause = Some(LimitClause::LimitOffset {
                limit: Some(limit.clone()),
                offset: Some(Offset { value: offset.clone(), rows: OffsetRows::None }),
                limit_by: Vec::new(),
            });
        }
        match &*query.body {
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                ControlFlow::Break(DialectError::Write)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_select(&mut self, select: &mut Select) -> Flow {
        if select.into.is_some() {
            return ControlFlow::Break(DialectError::Write);
        }
        select.optimizer_hints.clear();
        select.select_modifiers = None;
        if let [only] = select.from.as_slice()
            && only.joins.is_empty()
            && is_dual(&only.relation)
        {
            select.from.clear();
        }
        for join in select.from.iter_mut().flat_map(|from| &mut from.joins) {
            join.join_operator = match &join.join_operator {
                // Without a condition every row meets every other, which the engine wants to be said.
                JoinOperator::Join(JoinConstraint::None)
                | JoinOperator::Inner(JoinConstraint::None)
                | JoinOperator::StraightJoin(JoinConstraint::None) => {
                    JoinOperator::CrossJoin(JoinConstraint::None)
                }
                JoinOperator::StraightJoin(constraint) => JoinOperator::Join(constraint.clone()),
                _ => continue,
            };
        }
        if let GroupByExpr::Expressions(by, modifiers) = &mut select.group_by
            && modifiers.as_slice() == [GroupByWithModifier::Rollup]
        {
            let columns: Vec<String> = by.iter().map(ToString::to_string).collect();
            *by = vec![raw(format!("ROLLUP ({})", columns.join(", ")))];
            modifiers.clear();
        }
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> Flow {
        if let TableFactor::Table { index_directives, partitions, .. } = factor {
            index_directives.clear();
            if !partitions.is_empty() {
                return refuse("choosing partitions");
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        match self.expression(expr) {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(other)) => {
                *expr = other;
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }
}

fn is_dual(factor: &TableFactor) -> bool {
    match factor {
        TableFactor::Table { name, .. } => {
            matches!(quote::parts(name).as_slice(), [only] if only.eq_ignore_ascii_case("dual"))
        }
        _ => false,
    }
}

impl Rewriter<'_> {
    fn expression(&self, expr: &mut Expr) -> Result<Option<Expr>, DialectError> {
        Ok(match expr {
            Expr::Identifier(ident) => self.variable(&[&*ident])?,
            Expr::CompoundIdentifier(parts) => self.variable(&parts.iter().collect::<Vec<_>>())?,
            Expr::BinaryOp { left, op, right } => binary(left, op, right),
            Expr::UnaryOp { op: op @ UnaryOperator::BangNot, .. } => {
                *op = UnaryOperator::Not;
                None
            }
            Expr::RLike { negated, expr, pattern, .. } => {
                let not = if *negated { "NOT " } else { "" };
                let (text, pattern) = (alone(expr), alone(pattern));
                Some(raw(format!("({not}regexp_matches({text}, {pattern}, 'i'))")))
            }
            Expr::Like { negated, expr, pattern, escape_char, .. } => {
                let not = if *negated { "NOT " } else { "" };
                let escape =
                    escape_char.as_ref().map_or_else(|| "'\\'".to_owned(), |escape| alone(escape));
                let (text, pattern) = (alone(expr), alone(pattern));
                Some(raw(format!("({text} {not}ILIKE {pattern} ESCAPE {escape})")))
            }
            Expr::Cast { expr, data_type, .. } => Some(cast(expr, data_type)?),
            Expr::Convert { expr, data_type: Some(data_type), .. } => Some(cast(expr, data_type)?),
            Expr::Convert { expr, .. } | Expr::Collate { expr, .. } => Some(*expr.clone()),
            Expr::Prefixed { value, .. } => Some(*value.clone()),
            Expr::Interval(interval) => Some(span(interval)?),
            Expr::Function(function) => functions::translate(function, self.session)?,
            Expr::MatchAgainst { .. } => return Err(DialectError::unsupported("MATCH")),
            _ => None,
        })
    }

    /// The value of a system variable.
    fn variable(&self, parts: &[&Ident]) -> Result<Option<Expr>, DialectError> {
        let names: Vec<String> = parts.iter().map(|part| plain(part)).collect();
        let Some(first) = names.first().filter(|first| first.starts_with('@')) else {
            return Ok(None);
        };
        let Some(global) = first.strip_prefix("@@") else {
            return Err(DialectError::unsupported("a user variable"));
        };
        let scoped = matches!(global.to_lowercase().as_str(), "global" | "session" | "local");
        let name = match names.get(1..) {
            Some([name]) if scoped => name,
            Some([]) => global,
            _ => return Err(DialectError::UnknownVariable(names.join("."))),
        };
        match (self.session.variable)(&name.to_lowercase()) {
            Some(value) => Ok(Some(functions::scalar(&value))),
            None => Err(DialectError::UnknownVariable(name.to_owned())),
        }
    }
}

fn is_interval(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.value.starts_with("INTERVAL "))
}

fn binary(left: &Expr, op: &mut BinaryOperator, right: &Expr) -> Option<Expr> {
    if *op == BinaryOperator::PGOverlap {
        *op = BinaryOperator::And;
    }
    let additive = matches!(op, BinaryOperator::Plus | BinaryOperator::Minus);
    let rewritten = matches!(
        op,
        BinaryOperator::Spaceship
            | BinaryOperator::Xor
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::MyIntegerDivide
    );
    if !rewritten && !(additive && (is_interval(left) || is_interval(right))) {
        return None;
    }
    let (a, b) = (alone(left), alone(right));
    Some(raw(match op {
        BinaryOperator::Spaceship => format!("({a} IS NOT DISTINCT FROM {b})"),
        BinaryOperator::Xor => format!("(CAST({a} AS BOOLEAN) <> CAST({b} AS BOOLEAN))"),
        BinaryOperator::Divide => format!("({a} / nullif({b}, 0))"),
        BinaryOperator::Modulo => format!("({a} % nullif({b}, 0))"),
        BinaryOperator::MyIntegerDivide => {
            format!("CAST(trunc({a} / nullif({b}, 0)) AS BIGINT)")
        }
        BinaryOperator::Plus | BinaryOperator::Minus if is_interval(right) => {
            format!("({} {op} {right})", moment(left))
        }
        BinaryOperator::Plus if is_interval(left) => format!("({} + {left})", moment(right)),
        _ => return None,
    }))
}

fn span(interval: &Interval) -> Result<Expr, DialectError> {
    let unit = interval.leading_field.as_ref().map(ToString::to_string).unwrap_or_default();
    let unit = unit.to_uppercase();
    if interval.last_field.is_some() || !functions::is_unit(&unit) {
        return Err(DialectError::unsupported("this unit of time"));
    }
    let value = match literal(&interval.value) {
        Some(text) if text.parse::<f64>().is_ok() => text,
        Some(_) => return Err(DialectError::unsupported("this interval")),
        None => interval.value.to_string(),
    };
    Ok(raw(format!("INTERVAL ({value}) {unit}")))
}

/// A cast that gives NULL for what cannot be read, as MySQL does for times and unlike it for numbers.
fn cast(expr: &Expr, data_type: &DataType) -> Result<Expr, DialectError> {
    let written = data_type.to_string().to_uppercase();
    let (word, arguments) = match written.split_once('(') {
        Some((word, rest)) => (word.trim(), format!("({rest}")),
        None => (written.trim(), String::new()),
    };
    let word = word.split(' ').next().unwrap_or_default();
    let kind = match word {
        "SIGNED" | "INT" | "INTEGER" | "BIGINT" => "BIGINT".to_owned(),
        "UNSIGNED" => "UBIGINT".to_owned(),
        "CHAR" | "NCHAR" | "CHARACTER" | "VARCHAR" | "TEXT" => "VARCHAR".to_owned(),
        "BINARY" | "VARBINARY" => "BLOB".to_owned(),
        "DATE" => "DATE".to_owned(),
        "DATETIME" | "TIMESTAMP" => "TIMESTAMP".to_owned(),
        "TIME" => "TIME".to_owned(),
        "YEAR" => "SMALLINT".to_owned(),
        "FLOAT" => "FLOAT".to_owned(),
        "DOUBLE" | "REAL" => "DOUBLE".to_owned(),
        "JSON" => "JSON".to_owned(),
        "DECIMAL" | "DEC" | "NUMERIC" if arguments.is_empty() => "DECIMAL(10, 0)".to_owned(),
        "DECIMAL" | "DEC" | "NUMERIC" => format!("DECIMAL{arguments}"),
        _ => return Err(DialectError::unsupported(format!("a cast to {word}"))),
    };
    Ok(raw(format!("TRY_CAST({expr} AS {kind})")))
}
