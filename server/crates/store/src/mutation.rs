//! Writes of records: what is asked, what is decided inside the transaction, and how it can fail.

use std::sync::Arc;

use plinth_model::{Collection, Record, RecordId, Seq, Statement};

use crate::error::Error;
use crate::system::Step;

/// One write of one record. `R` is the caller's own reason to refuse.
pub struct Mutation<R> {
    /// The record's collection.
    pub collection: Arc<Collection>,
    /// The record.
    pub id: RecordId,
    /// What to do with it.
    pub kind: MutationKind<R>,
}

/// What to do with a record.
pub enum MutationKind<R> {
    /// Makes it. The store sets its revision; the rest is written as given.
    Create {
        /// The new record.
        record: Record,
        /// Conditions that must hold in the database just before.
        check: Vec<Check>,
    },
    /// Reads it as it is stored, and does what the closure decides. Nobody else writes it in between. The closure
    /// may be asked again with a newer record when the database has to start over, and must then decide anew.
    Change(Decide<R>),
}

/// Decides on a stored record, or on its absence.
pub type Decide<R> = Box<dyn FnMut(Option<&Record>) -> Result<Decision, R> + Send>;

/// Steps on system tables behind the mutations, in the same transaction: told what those did, and asked again when the
/// database has to start over.
pub type Behind = Box<dyn Fn(&[Outcome]) -> Vec<Step> + Send>;

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The write.
    pub write: Write,
    /// Conditions that must hold in the database before the write; see [`Cause::CheckFailed`].
    pub before: Vec<Check>,
    /// Conditions that must hold after it.
    pub after: Vec<Check>,
}

/// A write of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Stores this. The store keeps the id and `createdAt` of a stored record and sets the revision; the rest,
    /// `updatedAt` among it, is written as given.
    Put(Record),
    /// Removes it, and does what the relations that point at it say.
    Delete,
    /// Leaves it alone.
    Nothing,
}

/// A statement that answers one row with one boolean column. Anything but true fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// The statement.
    pub statement: Statement,
}

/// What a mutation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The place of its change in the log; none if nothing was written.
    pub seq: Option<Seq>,
    /// The record as it is stored now; none if there is none (any more).
    pub record: Option<Record>,
}

/// Why none of the mutations happened.
#[derive(Debug)]
pub struct Failure<R> {
    /// The mutation that failed; the number of mutations where it was a step behind them; 0 where the database failed
    /// as a whole.
    pub index: usize,
    /// Why.
    pub cause: Cause<R>,
}

/// Why a mutation failed.
#[derive(Debug)]
pub enum Cause<R> {
    /// The closure refused.
    Refused(R),
    /// A condition did not hold: its place in `check`, or in `before` followed by `after`.
    CheckFailed(usize),
    /// Another record has the same values in these fields, which a unique index forbids.
    Conflict {
        /// The fields of the index.
        fields: Vec<String>,
    },
    /// There is already a record with this id.
    IdTaken,
    /// A relation points at a record that does not exist.
    MissingTarget {
        /// The relation.
        field: String,
    },
    /// The record can't be deleted while others point at it.
    Restricted {
        /// Their collection.
        collection: String,
        /// Their relation.
        field: String,
    },
    /// The database failed.
    Database(Error),
}

impl Decision {
    /// A write without further conditions.
    pub fn write(write: Write) -> Self {
        Self { write, before: Vec::new(), after: Vec::new() }
    }
}

impl<R> From<Error> for Failure<R> {
    fn from(error: Error) -> Self {
        Self { index: 0, cause: Cause::Database(error) }
    }
}

impl<R> From<Error> for Cause<R> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}
