//! Writers that never rest and write down what was promised to them.

use std::sync::{Arc, Mutex};

use plinth_client::{Client, Collection, Error};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::ledger::Ledger;
use super::victim::COLLECTION;

/// Writes until the server dies.
pub(super) struct Writers {
    tasks: JoinSet<()>,
}

struct Writer {
    client: Client,
    entries: Collection<Value>,
    ledger: Arc<Mutex<Ledger>>,
    /// The ids that this writer made and has not deleted, with their numbers.
    own: Vec<(String, i64)>,
}

impl Writers {
    /// Sets so many to work.
    pub(super) fn start(client: &Client, ledger: &Arc<Mutex<Ledger>>, count: usize) -> Self {
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let (client, ledger) = (client.clone(), Arc::clone(ledger));
            tasks.spawn(async move {
                let entries = client.collection(COLLECTION);
                let mut writer = Writer { client, entries, ledger, own: Vec::new() };
                let failure = loop {
                    if let Err(failure) = writer.turn().await {
                        break failure;
                    }
                };
                assert_eq!(failure.code(), "network", "only death may stop a writer: {failure}");
            });
        }
        Self { tasks }
    }

    /// Waits until all have noticed that the server is dead.
    pub(super) async fn end(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("a writer");
        }
    }
}

impl Writer {
    /// One round of everything that can be written.
    async fn turn(&mut self) -> Result<(), Error> {
        for _ in 0..3 {
            self.create().await?;
        }
        self.create_pair().await?;
        for _ in 0..3 {
            self.update().await?;
        }
        self.delete().await
    }

    async fn create(&mut self) -> Result<(), Error> {
        let id = Uuid::now_v7().to_string();
        self.note(|ledger| ledger.ask(&id, Some(1)));
        self.entries.create(&json!({"id": id, "number": 1})).await?;
        self.note(|ledger| ledger.acknowledge(&id));
        self.own.push((id, 1));
        Ok(())
    }

    async fn create_pair(&mut self) -> Result<(), Error> {
        let ids = [(); 2].map(|()| Uuid::now_v7().to_string());
        self.note(|ledger| ledger.ask_pair(ids.each_ref().map(String::as_str), Some(1)));
        let batch =
            ids.iter().fold(self.client.batch(), |batch, id| batch.create(COLLECTION, &json!({"id": id, "number": 1})));
        batch.send().await?;
        self.note(|ledger| ids.iter().for_each(|id| ledger.acknowledge(id)));
        Ok(())
    }

    async fn update(&mut self) -> Result<(), Error> {
        let turn = self.own.len() / 2;
        let Some((id, number)) = self.own.get_mut(turn) else { return Ok(()) };
        *number += 1;
        let (id, number) = (id.clone(), *number);
        self.note(|ledger| ledger.ask(&id, Some(number)));
        self.entries.update(&id, &json!({ "number": number })).await?;
        self.note(|ledger| ledger.acknowledge(&id));
        Ok(())
    }

    async fn delete(&mut self) -> Result<(), Error> {
        let (id, _) = self.own.remove(0);
        self.note(|ledger| ledger.ask(&id, None));
        self.entries.delete(&id).await?;
        self.note(|ledger| ledger.acknowledge(&id));
        Ok(())
    }

    fn note(&self, work: impl FnOnce(&mut Ledger)) {
        work(&mut self.ledger.lock().expect("no writer dies with the ledger in hand"));
    }
}
