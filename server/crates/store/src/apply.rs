//! Steps on system tables, inside a transaction.

use std::borrow::Cow;

use plinth_model::sql::write::Entry;
use plinth_model::{Dialect, Statement, Value};

use crate::error::Error;
use crate::system::{Applied, Expect, Step, SystemChange};
use crate::tx::{Columns, Fault, Tx};

/// Does all steps: statements in order, then the rows of the change log in order.
pub(crate) async fn run<T: Tx>(tx: &mut T, steps: &[Step]) -> Result<Applied, Fault> {
    let mut applied = Applied { rows: vec![1; steps.len()], seqs: Vec::new() };
    if steps.len() > 1 {
        tx.guard().await?;
    }
    for (n, step) in steps.iter().enumerate() {
        let as_expected = match step {
            Step::Run { sql, args, expect } => {
                let changed = tx.run(statement(tx.dialect(), sql.clone(), args.clone())).await?;
                applied.rows[n] = changed;
                *expect == Expect::Any || *expect == Expect::Rows(changed)
            }
            Step::Require { sql, args } => {
                let rows = tx.rows(statement(tx.dialect(), sql.clone(), args.clone()), Columns::Plain).await?;
                !rows.is_empty()
            }
            Step::Log(_) => true,
        };
        if !as_expected {
            return Err(Error::Expectation { step: n }.into());
        }
    }
    for step in steps {
        if let Step::Log(change) = step {
            applied.seqs.push(tx.append(entry(change.clone())).await?);
        }
    }
    Ok(applied)
}

/// Hand-written SQL as a statement of the dialect: SQLite takes `$1` for a name, so it becomes `?1` there.
pub(crate) fn statement(dialect: Dialect, sql: impl Into<Cow<'static, str>>, args: Vec<Value>) -> Statement {
    let sql = sql.into();
    let text = match dialect {
        Dialect::Postgres => sql.into_owned(),
        Dialect::Sqlite => number_placeholders(&sql),
    };
    Statement { text, args }
}

/// `$1` to `?1`, except in string literals and quoted names.
fn number_placeholders(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quote = None;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        let placeholder = quote.is_none() && c == '$' && chars.peek().is_some_and(char::is_ascii_digit);
        text.push(if placeholder { '?' } else { c });
    }
    text
}

fn entry(change: SystemChange) -> Entry {
    Entry {
        collection: change.table.into_owned(),
        record: change.id,
        kind: change.kind,
        before: change.before,
        after: change.after,
        at: change.at,
        by: change.by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_in_quotes_is_no_placeholder() {
        let sql = r#"select '$1', "$2", 'it''s $3' from t where a = $1 and b = $12 and c = '$'"#;
        assert_eq!(
            number_placeholders(sql),
            r#"select '$1', "$2", 'it''s $3' from t where a = ?1 and b = ?12 and c = '$'"#
        );
    }
}
