//! Schema changes: a transaction of its own, in which foreign keys are not enforced but checked at the end, since a
//! table may have to be rebuilt.

use plinth_model::Dialect;
use plinth_model::schema::catalog::Version;

use super::fault;
use super::writer::Desk;
use crate::error::Error;
use crate::schema::SchemaStep;
use crate::system::Applied;
use crate::tx::{Columns, Fault, Tx, now};
use crate::{apply, carry, explain};

/// One row that points at nothing.
const DANGLING: &str = "select \"table\", \"parent\" from pragma_foreign_key_check limit 1";

impl Desk {
    /// Does all steps, or none.
    pub(super) fn migrate(&self, steps: &[SchemaStep], base: Version) -> Result<Applied, Error> {
        if !SchemaStep::touch_tables(steps) {
            return self.begin().and_then(|()| self.migrate_in_transaction(steps, base));
        }
        self.enforce_foreign_keys(false)?;
        let done = self.begin().and_then(|()| self.migrate_in_transaction(steps, base));
        self.rollback();
        self.enforce_foreign_keys(true)?;
        done
    }

    fn migrate_in_transaction(&self, steps: &[SchemaStep], base: Version) -> Result<Applied, Error> {
        let mut tx = self.tx();
        let done = match now(carry::run(&mut tx, steps, base))? {
            Ok(applied) if SchemaStep::touch_tables(steps) => self.check_foreign_keys().map(|()| applied),
            Ok(applied) => Ok(applied),
            Err(fault) => Err(fault),
        };
        match done {
            Ok(applied) => {
                self.commit(applied.seqs.last().copied())?;
                self.set_definitions(base.next());
                Ok(applied)
            }
            Err(fault) => {
                self.rollback();
                Err(now(explain::error(&mut self.tx(), fault))?)
            }
        }
    }

    fn check_foreign_keys(&self) -> Result<(), Fault> {
        let statement = apply::statement(Dialect::Sqlite, DANGLING, Vec::new());
        let dangling = now(self.tx().rows(statement, Columns::Plain))??;
        match dangling.first() {
            None => Ok(()),
            Some(row) => {
                Err(Fault::ForeignKey(format!("a row of {} points at nothing in {}", row.text(0)?, row.text(1)?)))
            }
        }
    }

    /// Has no effect inside a transaction, so it stands around one.
    fn enforce_foreign_keys(&self, enforced: bool) -> Result<(), Error> {
        let set = self.connection().pragma_update(None, "foreign_keys", enforced);
        set.map_err(|error| fault::error(&error))
    }
}
