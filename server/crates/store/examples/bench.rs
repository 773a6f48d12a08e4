//! How fast the store is, alone: durable inserts, updates, bulk, get and list.
//!
//! ```sh
//! cargo run --release -p plinth-store --example bench                     # SQLite in a new directory below here
//! cargo run --release -p plinth-store --example bench -- /somewhere/else
//! cargo run --release -p plinth-store --example bench -- postgres://user@host/empty_database
//! cargo run --release -p plinth-store --example bench -- /somewhere/else list    # only what has this in its name
//! ```
//!
//! CPU is this process's: with Postgres the server's comes on top.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Clock};

use plinth_model::schema::{Catalog, Collection, Definition, parse};
use plinth_model::sql::select::{ColumnKind, RecordSelect, Shape};
use plinth_model::sql::{Writer, ddl};
use plinth_model::{Instant, Record, RecordId, Value};
use plinth_store::{Decision, Location, Mutation, MutationKind, Options, SchemaStep, Store, Write};
use serde_json::json;

const ROUND: Duration = Duration::from_secs(4);
const ROOMS: u64 = 100;

static IDS: AtomicU64 = AtomicU64::new(1);

#[tokio::main]
async fn main() {
    let target = std::env::args().nth(1);
    let scratch = target.is_none();
    let location = match target {
        Some(url) if url.starts_with("postgres") => Location::Postgres(url),
        Some(directory) => Location::Sqlite(directory.into()),
        None => Location::Sqlite(PathBuf::from(format!("bench-{}", std::process::id()))),
    };
    let store = Store::open(&location, &Options::default()).await.expect("the database can be opened");
    let bench = Bench::new(store, std::env::args().nth(2).unwrap_or_default()).await;
    for clients in [1, 64] {
        bench.measure(&format!("insert, {clients} clients"), clients, Bench::insert).await;
    }
    bench.measure("update, 64 clients", 64, Bench::update).await;
    bench.measure("bulk of 500, 4 clients (rows)", 4, Bench::bulk).await;
    for clients in [1, 32] {
        bench.measure(&format!("get, {clients} clients"), clients, Bench::get).await;
        bench.measure(&format!("list of 20, {clients} clients"), clients, Bench::list).await;
    }
    bench.store.close().await;
    if let (true, Location::Sqlite(directory)) = (scratch, location) {
        fs::remove_dir_all(directory).expect("the scratch directory can be removed");
    }
}

#[derive(Clone)]
struct Bench {
    store: Store,
    catalog: Arc<Catalog>,
    messages: Arc<Collection>,
    shape: Arc<Shape>,
    ids: Arc<Vec<RecordId>>,
    /// Part of the names of what is measured.
    only: String,
}

impl Bench {
    async fn new(store: Store, only: String) -> Self {
        let definition: Definition = serde_json::from_value(json!({
            "name": "messages",
            "schema": {"type": "object", "properties": {
                "room": {"type": "string"}, "author": {"type": "string"}, "body": {"type": "string"},
                "likes": {"type": "integer"}, "sentAt": {"type": "string", "format": "date-time"}}},
            "indexes": [{"fields": ["room", "-createdAt"]}]
        }))
        .expect("the definition is well formed");
        let messages = Arc::new(parse::parse(&definition).expect("the definition is valid"));
        let tables = ddl::create(&messages, store.dialect()).into_iter().map(SchemaStep::Run).collect();
        let version = || async { store.collections().await.expect("the definitions can be read").0 };
        store.migrate(tables, version().await).await.expect("the table can be made");
        let catalog = Arc::new(Catalog::new([Arc::clone(&messages)]).at(version().await));
        let members = messages.all_fields().map(|field| (format!("\"{}\":", field.name).into(), (&field.kind).into()));
        let shape = Arc::new(Shape { members: members.collect(), extra: vec![ColumnKind::Integer] });
        let mut bench = Self { store, catalog, messages, shape, ids: Arc::default(), only };
        let mut ids = Vec::new();
        for _ in 0..20 {
            let records: Vec<Record> = (0..500).map(|_| record()).collect();
            ids.extend(records.iter().map(|record| record.id));
            bench.create(records).await;
        }
        bench.ids = Arc::new(ids);
        bench
    }

    /// Runs an operation from this many clients at once, and prints how often and how dear.
    async fn measure<F>(&self, name: &str, clients: u64, operation: impl Fn(Self, u64) -> F + Copy + Send + 'static)
    where
        F: Future<Output = u64> + Send,
    {
        if !name.contains(&self.only) {
            return;
        }
        let (started, cpu) = (Clock::now(), cpu_time());
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let bench = self.clone();
                tokio::spawn(async move {
                    let (mut done, mut turn, mut slowest) = (0, client, Duration::ZERO);
                    while started.elapsed() < ROUND {
                        let begun = Clock::now();
                        done += operation(bench.clone(), turn).await;
                        slowest = slowest.max(begun.elapsed());
                        turn += clients;
                    }
                    (done, slowest)
                })
            })
            .collect();
        let (mut done, mut slowest) = (0, Duration::ZERO);
        for task in tasks {
            let (client_done, client_slowest) = task.await.expect("a client runs to its end");
            done += client_done;
            slowest = slowest.max(client_slowest);
        }
        let (seconds, cpu) = (started.elapsed().as_secs_f64(), cpu_time().saturating_sub(cpu));
        #[expect(clippy::cast_precision_loss, reason = "figures for people")]
        let (rate, dear) = (done as f64 / seconds, cpu.as_secs_f64() * 1e6 / done as f64);
        println!("{name:32} {rate:>9.0}/s {dear:>7.1} µs CPU each, slowest {:.1} ms", slowest.as_secs_f64() * 1e3);
    }

    async fn insert(self, _turn: u64) -> u64 {
        self.create(vec![record()]).await;
        1
    }

    async fn bulk(self, _turn: u64) -> u64 {
        self.create((0..500).map(|_| record()).collect()).await;
        500
    }

    async fn update(self, turn: u64) -> u64 {
        let id = self.ids[usize::try_from(turn).unwrap_or(0) % self.ids.len()];
        let kind = MutationKind::Change(Box::new(|stored: Option<&Record>| {
            let mut record = stored.cloned().ok_or(())?;
            if let Value::Int(likes) = &mut record.values[3] {
                *likes += 1;
            }
            Ok(Decision::write(Write::Put(record)))
        }));
        self.write(vec![Mutation { collection: Arc::clone(&self.messages), id, kind }]).await;
        1
    }

    async fn get(self, turn: u64) -> u64 {
        let id = self.ids[usize::try_from(turn).unwrap_or(0) % self.ids.len()];
        let select = self.select(|w| {
            w.sql("where \"id\" = ").bind(Value::Text(id.to_string()));
        });
        let page = self.store.page(select, usize::MAX).await.expect("a get succeeds");
        assert_eq!(page.rows.len(), 1);
        1
    }

    async fn list(self, turn: u64) -> u64 {
        let select = self.select(|w| {
            w.sql("where \"room\" = ").bind(room(turn)).sql(" order by \"createdAt\" desc, \"id\" desc limit 20");
        });
        let page = self.store.page(select, usize::MAX).await.expect("a list succeeds");
        assert_eq!(page.rows.len(), 20);
        1
    }

    /// All members of the records that the rest of the statement says.
    fn select(&self, rest: impl FnOnce(&mut Writer)) -> RecordSelect {
        let mut w = Writer::new(self.store.dialect());
        w.sql("select ").list(self.messages.all_fields(), ", ", |w, field| {
            w.ident(&field.name);
        });
        w.sql(", \"_rev\" from \"messages\" ");
        rest(&mut w);
        RecordSelect { statement: w.finish(), shape: Arc::clone(&self.shape) }
    }

    async fn create(&self, records: Vec<Record>) {
        let create = |record: Record| Mutation {
            collection: Arc::clone(&self.messages),
            id: record.id,
            kind: MutationKind::Create { record, check: Vec::new() },
        };
        self.write(records.into_iter().map(create).collect()).await;
    }

    async fn write(&self, mutations: Vec<Mutation<()>>) {
        let now = Instant::from_millis(1_800_000_000_000).expect("a time in range");
        self.store.transact(Arc::clone(&self.catalog), mutations, None, now).await.expect("a write succeeds");
    }
}

fn room(n: u64) -> Value {
    Value::Text(format!("room-{}", n % ROOMS))
}

fn record() -> Record {
    let n = IDS.fetch_add(1, Ordering::Relaxed);
    let millis = 1_700_000_000_000 + n;
    let at = Instant::from_millis(i64::try_from(millis).unwrap_or(0)).expect("a time in range");
    let mut random = [7; 10];
    random[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let id = RecordId::from_parts(millis, &random);
    let body = Value::text("A message of ordinary length, such as people write to each other all day long.");
    let values = vec![room(n), Value::Text(id.to_string()), body, Value::Int(0), Value::Instant(at)];
    Record { id, created_at: at, updated_at: at, revision: 0, values }
}

/// User and system time of this process: fields 14 and 15 of its `stat`, in ticks of 10 ms (proc(5)).
fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 =
        behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
