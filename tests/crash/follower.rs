//! A subscriber that replays what it is told, from before the first write and across every death of the server.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use plinth_client::{Change, ChangeKind, Client, Event, Subscription, Watch};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::ledger::Table;
use super::victim::COLLECTION;

/// How long after a restart the replay may lag behind the table.
const PATIENCE: Duration = Duration::from_secs(20);

/// A replay of the collection.
pub(super) struct Follower {
    replay: Arc<Mutex<Replay>>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Replay {
    table: Table,
    /// What can't have happened: a change that was lost, came twice or out of order.
    faults: Vec<String>,
}

impl Follower {
    /// Subscribes, and waits until every later write will be heard of.
    pub(super) async fn start(client: &Client) -> Self {
        let mut changes = client.collection(COLLECTION).subscribe(&Watch::new());
        let first = timeout(PATIENCE, changes.next()).await.expect("the subscription stands");
        assert!(matches!(first, Some(Ok(Event::Live { .. }))), "{first:?}");
        let replay = Arc::default();
        let task = tokio::spawn(follow(changes, Arc::clone(&replay)));
        Self { replay, task }
    }

    /// Waits until the replay is the same as the table, and checks that the way there was possible.
    pub(super) async fn agrees_with(&self, table: &Table) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            let difference = self.replay.lock().expect("the replay").difference(table);
            match difference {
                Ok(()) => return Ok(()),
                Err(difference) if begin.elapsed() > PATIENCE => return Err(difference),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(mut changes: Subscription<Value>, replay: Arc<Mutex<Replay>>) {
    while let Some(event) = changes.next().await {
        replay.lock().expect("the replay").take(event);
    }
}

impl Replay {
    fn take(&mut self, event: plinth_client::Result<Event<Value>>) {
        match event {
            Ok(Event::Change(change)) => self.apply(change),
            Ok(Event::Live { .. }) => {}
            other => self.faults.push(format!("{other:?}")),
        }
    }

    fn apply(&mut self, Change { kind, id, record, .. }: Change<Value>) {
        let number = record.and_then(|record| record["number"].as_i64());
        let known = self.table.get(&id).copied();
        let is_possible = match kind {
            ChangeKind::Create => known.is_none() && number == Some(1),
            ChangeKind::Update => known.is_some() && number == known.map(|known| known + 1),
            ChangeKind::Delete => known.is_some() && number.is_none(),
        };
        if !is_possible {
            self.faults.push(format!("{kind:?} of {id} to {number:?} when it was {known:?}"));
        }
        match number {
            Some(number) => self.table.insert(id, number),
            None => self.table.remove(&id),
        };
    }

    fn difference(&self, table: &Table) -> Result<(), String> {
        if let Some(fault) = self.faults.first() {
            return Err(format!("{} impossible changes, the first: {fault}", self.faults.len()));
        }
        if self.table == *table {
            return Ok(());
        }
        let differ = table.iter().filter(|(id, number)| self.table.get(*id) != Some(*number)).count();
        Err(format!("replayed {}, stored {}, {differ} of them unlike", self.table.len(), table.len()))
    }
}
