//! Which places of the log are of this history, and which of one that was lost.
//!
//! Each opening of the database begins an epoch at the end of the log, and the names and beginnings of those before are
//! kept. An older copy of the file that is put back begins its next epoch where the copy ended: so a place behind that,
//! in an epoch that the copy knows, is of the history that was lost, and so is any place in one that it does not know.

use plinth_model::Seq;
use rusqlite::Connection;

use super::fault;
use super::migrations::head;
use crate::epoch::Epoch;
use crate::error::{Error, Unavailable};

/// Drops epochs that have no place in what is kept of the log, and those before so many: a server that is started again
/// and again without a write would gather them.
const FORGET: &str = "delete from _epochs
    where number < (select max(number) from _epochs where since < (select min(seq) - 1 from _changes))
    or number <= (select max(number) - 10000 from _epochs)";

/// The epochs of a log, oldest first; there is one at least.
#[derive(Debug)]
pub(super) struct Epochs {
    all: Vec<(Epoch, Seq)>,
    current: Epoch,
}

impl Epochs {
    /// Begins a new one at the end of the log. On a full disk the last one goes on: all that this costs is that a copy
    /// taken in it and put back is not told apart.
    pub(super) fn begin(connection: &Connection) -> Result<Self, Error> {
        let begun = head(connection).and_then(|head| add(connection, head));
        match begun {
            Err(Error::Unavailable { why: Unavailable::Full, text }) => {
                tracing::warn!(error = text, "the disk is full: the last epoch of the log goes on");
            }
            begun => begun?,
        }
        let all = read(connection)?;
        let (current, _) = *all.last().ok_or_else(|| Error::Corrupt("the log has no epoch".to_owned()))?;
        Ok(Self { all, current })
    }

    /// The one of today.
    pub(super) fn current(&self) -> Epoch {
        self.current
    }

    /// Whether a place that was told in this epoch is of this history.
    pub(super) fn hold(&self, epoch: Epoch, place: Seq) -> bool {
        let mut end = Seq(i64::MAX);
        for (known, since) in self.all.iter().rev() {
            if *known == epoch {
                return place <= end;
            }
            end = *since;
        }
        false
    }
}

fn add(connection: &Connection, head: i64) -> Result<(), Error> {
    let insert = "insert into _epochs (name, since) values (lower(hex(randomblob(8))), ?1)";
    let added = connection.execute(insert, [head]).and_then(|_| connection.execute(FORGET, []));
    added.map(|_| ()).map_err(|error| fault::error(&error))
}

fn read(connection: &Connection) -> Result<Vec<(Epoch, Seq)>, Error> {
    let rows = || {
        let mut statement = connection.prepare("select name, since from _epochs order by number")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<Vec<(String, i64)>>>()
    };
    let rows = rows().map_err(|error| fault::error(&error))?;
    rows.into_iter().map(|(name, since)| Ok((Epoch::read(&name)?, Seq(since)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_of_this_history_up_to_where_the_next_epoch_began() {
        let all = [(1, 0), (2, 5), (3, 5)].map(|(epoch, since)| (Epoch(epoch), Seq(since)));
        let epochs = Epochs { all: all.into(), current: Epoch(3) };
        let asked =
            [(1, 0, true), (1, 5, true), (1, 6, false), (2, 5, true), (2, 6, false), (3, 6, true), (4, 5, false)];
        for (epoch, place, held) in asked {
            assert_eq!(epochs.hold(Epoch(epoch), Seq(place)), held, "{epoch} {place}");
        }
    }
}
