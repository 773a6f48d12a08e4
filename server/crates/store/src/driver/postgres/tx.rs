//! A connection of Postgres as a transaction: an open one, or each statement its own.

use std::future::ready;

use plinth_model::schema::catalog::Version;
use plinth_model::sql::select::ColumnKind;
use plinth_model::sql::write::{self, Entry, RecordWrite};
use plinth_model::{Collection, Dialect, Seq, Statement};
use sqlx::postgres::PgConnection;

use super::{fault, sql, value};
use crate::system::Row;
use crate::tx::{Columns, Fault, Tx};

/// A connection on which verbs run.
pub(super) struct PgTx<'a> {
    connection: &'a mut PgConnection,
}

impl<'a> PgTx<'a> {
    /// The verbs' view of a connection.
    pub(super) fn new(connection: &'a mut PgConnection) -> Self {
        Self { connection }
    }

    /// The place that a statement yields, if it yields one.
    async fn seq(&mut self, statement: Statement) -> Result<Option<Seq>, Fault> {
        let rows = self.rows(statement, Columns::Kinds(&[ColumnKind::Integer])).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.map(Seq))
    }
}

impl Tx for PgTx<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn run(&mut self, statement: Statement) -> Result<u64, Fault> {
        sql::run(self.connection, &statement).await.map_err(|error| fault::fault(&error))
    }

    async fn rows(&mut self, statement: Statement, columns: Columns<'_>) -> Result<Vec<Row>, Fault> {
        let rows = sql::rows(self.connection, &statement).await.map_err(|error| fault::fault(&error))?;
        Ok(value::read_rows(&rows, columns)?)
    }

    async fn write(
        &mut self,
        collection: &Collection,
        write: RecordWrite<'_>,
        entry: Entry,
        checked_by: Version,
    ) -> Result<Option<Seq>, Fault> {
        self.seq(write.logged(collection, entry, checked_by)).await
    }

    async fn append(&mut self, entry: Entry) -> Result<Seq, Fault> {
        let seq = self.seq(write::append(Dialect::Postgres, entry)).await?;
        seq.ok_or_else(|| crate::Error::Fault("the change log gave no place".to_owned()).into())
    }

    fn guard(&mut self) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }
}
