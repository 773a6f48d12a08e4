//! Schema changes: whole or not at all, and what other requests notice of them.

use std::sync::Arc;

use plinth_model::schema::catalog::Version;
use plinth_model::schema::{Catalog, Collection, Migration};
use plinth_model::sql::ddl;
use plinth_model::{Seq, Statement};
use plinth_store::{Cause, Decision, Error, Expect, Failure, SchemaStep, Step, Write};
use serde_json::{Value as Json, json};

use crate::support::blog::{Blog, No, collection};
use crate::support::{Db, migrate, on_both};

fn items(properties: &Json, required: &Json) -> Arc<Collection> {
    collection(json!({"name": "tags", "schema": {"type": "object", "required": required, "properties": properties}}))
}

fn carry(blog: &Blog, after: &Arc<Collection>) -> Arc<Migration> {
    Arc::new(Migration::new(Some(blog.collection("tags")), Some(Arc::clone(after)), &blog.catalog))
}

/// The blog with other tags.
fn changed(blog: &Blog, tags: &Arc<Collection>) -> Blog {
    let others = blog.catalog.iter().filter(|collection| collection.name != "tags").cloned();
    let catalog = Catalog::new(others.chain([Arc::clone(tags)])).at(blog.catalog.version().next());
    Blog { store: blog.store.clone(), catalog: Arc::new(catalog) }
}

fn is_outdated(failure: &Failure<No>) -> bool {
    matches!(failure.cause, Cause::Database(Error::SchemaChanged(_)))
}

on_both! {
    async fn rows_are_carried_over(db: Db) {
        let blog = Blog::new(&db.store).await;
        for n in 0..1203 {
            if n % 400 == 0 { blog.add("tags", json!({"word": n.to_string()})).await; }
        }
        let before = blog.all("tags").await;
        let after = items(&json!({"word": {"type": "integer"}, "extra": {"type": "string", "default": "x"}}), &json!([]));

        migrate(&db.store, vec![SchemaStep::Carry(carry(&blog, &after))]).await.unwrap();

        let blog = changed(&blog, &after);
        assert_eq!(blog.column("tags", "word").await, [json!(0), json!(400), json!(800), json!(1200)]);
        assert_eq!(blog.column("tags", "id").await, before.iter().map(|tag| tag["id"].clone()).collect::<Vec<_>>());
        blog.add("tags", json!({"word": 7})).await;
    }

    async fn rows_that_stand_against_it_undo_everything(db: Db) {
        let blog = Blog::new(&db.store).await;
        blog.add("tags", json!({"word": "7"})).await;
        let bad = blog.add("tags", json!({"word": "seven"})).await;
        let after = items(&json!({"word": {"type": "integer"}}), &json!([]));
        let migration = carry(&blog, &after);
        let note = Step::run_one("insert into _meta (key, value) values ($1, $1)", vec!["done".into()]);

        let trial = db.store.trial(Arc::clone(&migration)).await.unwrap();
        let error = migrate(&db.store, vec![SchemaStep::System(note), SchemaStep::Carry(migration)]).await.unwrap_err();

        assert_eq!((trial.len(), trial[0].rows, trial[0].sample[0].0), (1, 1, bad.id));
        assert_eq!(error, Error::Blocked(trial));
        assert_eq!(blog.column("tags", "word").await, [json!("7"), json!("seven")]);
        let rows = db.store.query("select 1 from _meta where key = 'done'", Vec::new()).await.unwrap();
        assert!(rows.is_empty());
    }

    async fn a_step_that_misses_undoes_the_tables(db: Db) {
        let blog = Blog::new(&db.store).await;
        let new = collection(json!({"name": "fresh", "schema": {"type": "object", "properties": {}}}));
        let mut steps: Vec<_> = ddl::create(&new, db.store.dialect()).into_iter().map(SchemaStep::Run).collect();
        let place = steps.len();
        let miss = Step::Run { sql: "delete from _meta where key = $1".into(), args: vec!["none".into()], expect: Expect::Rows(1) };
        steps.push(SchemaStep::System(miss));

        assert_eq!(migrate(&db.store, steps).await.unwrap_err(), Error::Expectation { step: place });

        assert!(matches!(db.store.value_counts("fresh", &[]).await, Err(Error::SchemaChanged(_))));
        blog.add("tags", json!({"word": "still here"})).await;
    }

    async fn who_writes_by_the_old_schema_is_told(db: Db) {
        let blog = Blog::new(&db.store).await;
        let tag = blog.add("tags", json!({"word": "x"})).await;
        blog.all("tags").await;
        let after = items(&json!({"name": {"type": "string"}}), &json!([]));
        migrate(&db.store, vec![SchemaStep::Carry(carry(&blog, &after))]).await.unwrap();

        let record = blog.record("tags", json!({"word": "y"}));
        let failure = blog.write(vec![blog.create("tags", &record)]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Database(Error::SchemaChanged(_))), "{failure:?}");
        let failure = blog.write(vec![blog.delete("tags", tag.id)]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Database(Error::SchemaChanged(_))), "{failure:?}");

        let blog = changed(&blog, &after);
        blog.write(vec![blog.delete("tags", tag.id)]).await.unwrap();
        assert!(blog.all("tags").await.is_empty());
    }

    /// Also where the tables would take it.
    async fn a_write_holds_only_by_the_definitions_it_was_checked_by(db: Db) {
        let old = Blog::new(&db.store).await;
        let tag = old.add("tags", json!({"word": "x"})).await;
        let add = || old.create("tags", &old.record("tags", json!({"word": "y"})));
        let put = || old.change("tags", tag.id, |stored| Ok(Decision::write(Write::Put(stored.unwrap().clone()))));
        let refuse = || old.change("tags", tag.id, |_| Err(No("by the old definition")));
        let author = old.add("authors", json!({"name": "a"})).await;
        old.add("posts", json!({"author": author.id.to_string()})).await;
        let before = old.settled().await;

        let error = db.store.migrate(Vec::new(), Version(7)).await.unwrap_err();
        assert!(matches!(error, Error::SchemaChanged(_)), "{error}");
        migrate(&db.store, Vec::new()).await.unwrap();
        for writes in [
            vec![add()], vec![add(), add()], vec![put()], vec![put(), add()], vec![old.delete("tags", tag.id)], vec![refuse()],
            vec![old.delete("authors", author.id)],
        ] {
            let failure = old.write(writes).await.unwrap_err();
            assert!(is_outdated(&failure), "{failure:?}");
        }
        let mixed = Blog { catalog: Blog::known(&db.store).await.catalog, ..old.clone() };
        let failure = mixed.write(vec![add()]).await.unwrap_err();
        assert!(is_outdated(&failure), "{failure:?}");

        assert_eq!(old.column("tags", "word").await, [json!("x")]);
        assert!(old.changes(before).await.is_empty(), "nothing is in the log");
        let new = old.now().await;
        new.write(vec![add(), put()]).await.unwrap();
        assert_eq!(new.all("tags").await.len(), 2);
    }

    async fn a_kept_plan_survives_a_column_that_changes_its_type(db: Db) {
        let blog = Blog::new(&db.store).await;
        blog.add("tags", json!({"word": "1"})).await;
        let tables = [json!("string"), json!("integer"), json!("string")].map(|kind| items(&json!({"word": {"type": kind}}), &json!([])));
        let mut blog = changed(&blog, &tables[0]);
        for after in &tables[1..] {
            // Every connection keeps a plan for this.
            let reads = (0..16).map(|_| { let blog = blog.clone(); tokio::spawn(async move { blog.all("tags").await }) });
            for read in reads.collect::<Vec<_>>() {
                read.await.unwrap();
            }
            migrate(&db.store, vec![SchemaStep::Carry(carry(&blog, after))]).await.unwrap();
            blog = changed(&blog, after);
            let reads = (0..16).map(|_| { let blog = blog.clone(); tokio::spawn(async move { blog.all("tags").await.len() }) });
            for read in reads.collect::<Vec<_>>() {
                assert_eq!(read.await.unwrap(), 1);
            }
        }
        assert_eq!(blog.column("tags", "word").await, [json!("1")]);
    }

    async fn writers_and_schema_changes_wait_for_each_other(db: Db) {
        let blog = Blog::new(&db.store).await;
        let writer = {
            let blog = blog.clone();
            tokio::spawn(async move {
                for n in 0..100 {
                    let (one, two) = (blog.record("authors", json!({"name": n.to_string()})), blog.record("notes", json!({})));
                    loop {
                        let now = blog.now().await;
                        match now.write(vec![now.create("authors", &one), now.create("notes", &two)]).await {
                            Ok(_) => break,
                            Err(failure) => assert!(is_outdated(&failure), "{failure:?}"),
                        }
                    }
                }
            })
        };
        for n in 0..5 {
            let (name, text) = (format!("t{n}"), format!("create index \"extra_{n}\" on \"notes\" (\"text\")"));
            let new = collection(json!({"name": name, "schema": {"type": "object", "properties": {}}}));
            let mut steps: Vec<_> = ddl::create(&new, db.store.dialect()).into_iter().map(SchemaStep::Run).collect();
            steps.push(SchemaStep::Run(Statement { text, args: Vec::new() }));
            migrate(&db.store, steps).await.unwrap();
        }
        writer.await.unwrap();

        assert_eq!(blog.changes(Seq(0)).await.len(), 200);
        assert_eq!((blog.all("authors").await.len(), blog.all("notes").await.len()), (100, 100));
    }
}
