//! How many connections are open: in all, from each address, and of each account.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plinth_model::RecordId;

/// Counts open connections.
#[derive(Debug, Clone, Default)]
pub struct Doors {
    open: Arc<Mutex<Open>>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    named: u64,
    by_address: HashMap<String, usize>,
    by_account: HashMap<RecordId, usize>,
}

/// A connection's place; given back when it is dropped.
pub struct Door {
    doors: Doors,
    address: String,
    account: Option<RecordId>,
}

impl Doors {
    /// A place for one more connection of an address; none if there is no room.
    pub fn enter(&self, address: String, most: usize, most_each: usize) -> Option<Door> {
        let mut open = self.open();
        if open.all >= most || !take(&mut open.by_address, address.clone(), most_each) {
            return None;
        }
        open.all += 1;
        Some(Door { doors: self.clone(), address, account: None })
    }

    /// A name for a connection, for its frames and the log.
    pub fn name(&self) -> String {
        let mut open = self.open();
        open.named += 1;
        format!("c{}", open.named)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Door {
    /// Counts the connection as one of this account, from the first time on; whether there was room.
    pub fn sign_in(&mut self, account: RecordId, most_each: usize) -> bool {
        if self.account.is_none() && take(&mut self.doors.open().by_account, account, most_each) {
            self.account = Some(account);
        }
        self.account == Some(account)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let mut open = self.doors.open();
        open.all -= 1;
        give_back(&mut open.by_address, &self.address);
        if let Some(account) = &self.account {
            give_back(&mut open.by_account, account);
        }
    }
}

fn take<K: Eq + Hash>(taken: &mut HashMap<K, usize>, by: K, most: usize) -> bool {
    let here = taken.get(&by).copied().unwrap_or_default();
    let room = here < most;
    if room {
        taken.insert(by, here + 1);
    }
    room
}

fn give_back<K: Eq + Hash>(taken: &mut HashMap<K, usize>, by: &K) {
    match taken.get_mut(by) {
        Some(here) if *here > 1 => *here -= 1,
        _ => {
            taken.remove(by);
        }
    }
}
