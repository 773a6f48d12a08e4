//! The one place that hands text to sqlx as SQL. It comes from the model's renderers, from this crate's own constants
//! or from migrations, never from a client; values travel as arguments.

use futures_util::TryStreamExt as _;
use plinth_model::Statement;
use plinth_model::sql::select::RecordSelect;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Executor};

use super::value;
use crate::error::Error;
use crate::page::Page;
use crate::page_writer::PageWriter;

/// Runs a statement; answers how many rows it changed.
pub(super) async fn run(connection: &mut PgConnection, statement: &Statement) -> Result<u64, sqlx::Error> {
    let persistent = !statement.args.is_empty();
    let args = value::arguments(&statement.args)?;
    let query = sqlx::query_with(AssertSqlSafe(statement.text.clone()), args).persistent(persistent);
    Ok(connection.execute(query).await?.rows_affected())
}

/// Runs a statement; answers its rows.
pub(super) async fn rows(connection: &mut PgConnection, statement: &Statement) -> Result<Vec<PgRow>, sqlx::Error> {
    let args = value::arguments(&statement.args)?;
    connection.fetch_all(sqlx::query_with(AssertSqlSafe(statement.text.clone()), args)).await
}

/// Runs a statement; writes its rows as JSON, each as it comes, up to the one with which they are more than `most`
/// bytes. Where that ends it, or a row can't be read, the rest of the answer is still on its way: the connection is of
/// no use any more.
pub(super) async fn page(
    connection: &mut PgConnection,
    select: &RecordSelect,
    most: usize,
) -> Result<Result<Page, Error>, sqlx::Error> {
    let RecordSelect { statement, shape } = select;
    let args = value::arguments(&statement.args)?;
    let mut rows = connection.fetch(sqlx::query_with(AssertSqlSafe(statement.text.clone()), args));
    let mut page = PageWriter::new(most);
    while let Some(row) = rows.try_next().await?
        && page.has_room()
    {
        if let Err(error) = value::write_row(&mut page, &row, shape) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(page.finish()))
}

/// Runs any number of statements without arguments, in one round trip.
pub(super) async fn batch(connection: &mut PgConnection, text: &'static str) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(text)).await.map(|_| ())
}
