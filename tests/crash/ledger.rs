//! What the server promised: the state of each record as it was acknowledged, and what was asked and not answered.

use std::collections::HashMap;

/// A record's number, or that there is none.
pub(super) type State = Option<i64>;

/// The records as they are, by id.
pub(super) type Table = HashMap<String, i64>;

#[derive(Debug, Default)]
struct Fate {
    acknowledged: State,
    /// What a write that is on its way would make of it.
    pending: Option<State>,
}

/// All promises.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    fates: HashMap<String, Fate>,
    /// Records that one transaction made.
    pairs: Vec<(String, String)>,
    /// How many writes were acknowledged.
    pub(super) acknowledged: usize,
}

impl Ledger {
    /// A write sets out.
    pub(super) fn ask(&mut self, id: &str, state: State) {
        self.fates.entry(id.to_owned()).or_default().pending = Some(state);
    }

    /// A write of two records in one transaction sets out.
    pub(super) fn ask_pair(&mut self, ids: [&str; 2], state: State) {
        for id in ids {
            self.ask(id, state);
        }
        self.pairs.push(ids.map(str::to_owned).into());
    }

    /// The write was acknowledged.
    pub(super) fn acknowledge(&mut self, id: &str) {
        let fate = self.fates.entry(id.to_owned()).or_default();
        if let Some(state) = fate.pending.take() {
            fate.acknowledged = state;
            self.acknowledged += 1;
        }
    }

    /// What the table says that was never promised; empty if all is well.
    pub(super) fn broken(&self, table: &Table) -> Vec<String> {
        let mut broken = Vec::new();
        for (id, fate) in &self.fates {
            let found = table.get(id).copied();
            if found != fate.acknowledged && Some(found) != fate.pending {
                let Fate { acknowledged, pending } = fate;
                broken.push(format!("{id}: acknowledged {acknowledged:?}, pending {pending:?}, found {found:?}"));
            }
        }
        let stranger = table.keys().filter(|id| !self.fates.contains_key(*id));
        broken.extend(stranger.map(|id| format!("{id}: nobody made it")));
        let half = self.pairs.iter().filter(|(a, b)| table.contains_key(a) != table.contains_key(b));
        broken.extend(half.map(|(a, b)| format!("{a} and {b}: half a transaction")));
        broken
    }

    /// What was not answered is what it became.
    pub(super) fn settle(&mut self, table: &Table) {
        for (id, fate) in &mut self.fates {
            fate.acknowledged = table.get(id).copied();
            fate.pending = None;
        }
        self.pairs.clear();
    }
}

#[test]
fn ledger_finds_what_is_lost_half_or_strange() {
    let mut ledger = Ledger::default();
    ledger.ask("kept", Some(1));
    ledger.acknowledge("kept");
    ledger.ask("kept", Some(2));
    ledger.ask("lost", Some(1));
    ledger.acknowledge("lost");
    ledger.ask_pair(["a", "b"], Some(1));
    let table = |rows: &[(&str, i64)]| rows.iter().map(|(id, number)| ((*id).to_owned(), *number)).collect::<Table>();
    assert!(ledger.broken(&table(&[("kept", 1), ("lost", 1)])).is_empty());
    assert!(ledger.broken(&table(&[("kept", 2), ("lost", 1), ("a", 1), ("b", 1)])).is_empty());
    assert_eq!(ledger.broken(&table(&[("kept", 2)])).len(), 1, "a lost write");
    assert_eq!(ledger.broken(&table(&[("kept", 0), ("lost", 1)])).len(), 1, "a stale write");
    assert_eq!(ledger.broken(&table(&[("kept", 1), ("lost", 1), ("a", 1)])).len(), 1, "half a transaction");
    assert_eq!(ledger.broken(&table(&[("kept", 1), ("lost", 1), ("x", 1)])).len(), 1, "a record from nowhere");
}
