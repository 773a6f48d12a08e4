//! Writes: what is stored, what is decided, what fails and what it leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use plinth_model::sql::Writer;
use plinth_model::{ChangeKind, Seq, Value};
use plinth_store::{Cause, Check, Decision, Error, Expect, MutationKind, Step, Write};
use serde_json::json;

use crate::support::blog::{Blog, No, next_id, now};
use crate::support::{Db, on_both};

/// A statement that yields one boolean.
fn check(db: &Db, holds: bool) -> Check {
    let mut w = Writer::new(db.store.dialect());
    w.sql("select ").bind(Value::Bool(holds));
    Check { statement: w.finish() }
}

on_both! {
    async fn a_record_and_its_change_are_written_together(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({"title": "a \"quoted\"\n\u{1F980}", "views": 9_007_199_254_740_993_i64})).await;

        let changes = blog.changes(Seq(0)).await;
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].collection.as_str(), changes[0].kind), ("posts", ChangeKind::Create));
        assert_eq!((changes[0].id.clone(), changes[0].before.clone()), (post.id.to_string(), None));
        let image = changes[0].after.as_deref().unwrap();
        assert_eq!(plinth_model::schema::image::decode(&blog.collection("posts"), image).unwrap(), post);
    }

    async fn an_update_keeps_what_the_server_owns_and_raises_the_revision(db: Db) {
        let blog = Blog::new(&db.store).await;
        let old = blog.add("posts", json!({"title": "old", "views": 1})).await;
        let mut wanted = blog.record("posts", json!({"title": "new", "views": 1}));
        wanted.created_at = plinth_model::Instant::MIN;

        let put = wanted.clone();
        let change = blog.change("posts", old.id, move |_| Ok(Decision::write(Write::Put(put.clone()))));
        let outcome = blog.write(vec![change]).await.unwrap().remove(0);

        let new = outcome.record.unwrap();
        assert_eq!((new.id, new.created_at, new.values.clone()), (old.id, old.created_at, wanted.values));
        assert!(new.revision > old.revision, "{} after {}", new.revision, old.revision);
        let logged = blog.changes(Seq(0)).await.pop().unwrap();
        assert_eq!((Some(logged.seq), logged.kind), (outcome.seq, ChangeKind::Update));
        let posts = blog.collection("posts");
        let image = |text: Option<String>| plinth_model::schema::image::decode(&posts, &text.unwrap()).unwrap();
        assert_eq!((image(logged.before), image(logged.after)), (old, new));
    }

    async fn what_is_decided_is_decided_on_the_stored_record(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({"views": 0})).await;
        let increment = || {
            blog.change("posts", post.id, |stored| {
                let mut record = stored.unwrap().clone();
                let Value::Int(views) = record.values[3] else { panic!("{record:?}") };
                record.values[3] = Value::Int(views + 1);
                Ok(Decision::write(Write::Put(record)))
            })
        };

        let writers: Vec<_> = (0..40)
            .map(|_| {
                let (blog, mutation) = (blog.clone(), increment());
                tokio::spawn(async move { blog.write(vec![mutation]).await.map(|_| ()) })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }

        assert_eq!(blog.column("posts", "views").await, [json!(40)]);
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 41);
    }

    async fn a_refusal_changes_nothing_and_comes_back(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({"title": "kept"})).await;
        let before = blog.all("posts").await;

        let refuse = blog.change("posts", post.id, |stored| {
            assert!(stored.is_some());
            Err(No("not yours"))
        });
        let absent = blog.change("posts", next_id(), |stored| {
            assert!(stored.is_none());
            Err(No("not there"))
        });

        let failure = blog.write(vec![refuse]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Refused(No("not yours"))), "{failure:?}");
        let failure = blog.write(vec![absent]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Refused(No("not there"))), "{failure:?}");
        assert_eq!(blog.all("posts").await, before);
    }

    async fn nothing_to_do_writes_nothing(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({})).await;
        let look = blog.change("posts", post.id, |_| Ok(Decision::write(Write::Nothing)));
        let gone = blog.delete("posts", next_id());

        let outcomes = blog.write(vec![look, gone]).await.unwrap();

        assert_eq!((outcomes[0].seq, outcomes[0].record.as_ref()), (None, Some(&post)));
        assert_eq!((outcomes[1].seq, outcomes[1].record.as_ref()), (None, None));
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 1);
    }

    async fn put_makes_a_record_that_is_not_there(db: Db) {
        let blog = Blog::new(&db.store).await;
        let record = blog.record("posts", json!({"title": "put"}));
        let put = record.clone();
        let mutation = blog.change("posts", record.id, move |stored| {
            assert!(stored.is_none());
            Ok(Decision::write(Write::Put(put.clone())))
        });

        blog.write(vec![mutation]).await.unwrap();

        assert_eq!(blog.column("posts", "title").await, [json!("put")]);
        assert_eq!(blog.changes(Seq(0)).await[0].kind, ChangeKind::Create);
    }

    async fn a_batch_happens_whole_or_not_at_all(db: Db) {
        let blog = Blog::new(&db.store).await;
        let taken = blog.add("authors", json!({"email": "a@example.org"})).await;
        let fine = blog.record("authors", json!({"email": "b@example.org"}));
        let same = blog.record("authors", json!({"email": "a@example.org"}));
        let last = blog.record("authors", json!({"email": "c@example.org"}));

        let mutations = [&fine, &same, &last].map(|record| blog.create("authors", record));
        let failure = blog.write(mutations.into()).await.unwrap_err();

        assert_eq!(failure.index, 1);
        assert!(matches!(&failure.cause, Cause::Conflict { fields } if fields == &["email"]), "{failure:?}");
        assert_eq!(blog.column("authors", "id").await, [json!(taken.id.to_string())]);
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 1);
    }

    async fn a_large_batch_is_written_as_its_records_would_be_alone(db: Db) {
        let blog = Blog::new(&db.store).await;
        let tag = blog.add("tags", json!({})).await.id.to_string();
        let fields = |n: i64| json!({
            "title": format!("\"{n}\" \\ \u{1F980}"), "views": i64::MAX - n, "score": 0.1, "live": true,
            "dueAt": "at:0001-01-01T00:00:00.001Z", "meta": {"b": [1.0, null], "a": "\u{0}"}, "words": ["x"], "tags": [tag]
        });
        let alone = blog.add("posts", fields(0)).await;
        let records: Vec<_> = (0..1205).map(|_| blog.record("posts", fields(0))).collect();

        let outcomes = blog.write(records.iter().map(|record| blog.create("posts", record)).collect()).await.unwrap();

        assert!(outcomes.is_sorted_by(|a, b| a.seq < b.seq));
        let changes = blog.changes(Seq(0)).await;
        assert_eq!(changes.len(), 2 + records.len());
        for ((change, outcome), record) in changes[2..].iter().zip(&outcomes).zip(&records) {
            assert_eq!((Some(change.seq), &change.id), (outcome.seq, &record.id.to_string()));
            let image = change.after.as_deref().unwrap();
            assert_eq!(plinth_model::schema::image::encode(&blog.collection("posts"), outcome.record.as_ref().unwrap()), image);
        }
        let stored = blog.all("posts").await;
        for post in &stored {
            for member in stored[0].as_object().unwrap().iter().filter(|member| member.0 != "id") {
                assert_eq!(post[member.0].to_string(), member.1.to_string(), "{}", alone.id);
            }
        }
    }

    async fn the_one_that_fails_among_many_is_named(db: Db) {
        let blog = Blog::new(&db.store).await;
        let mut records: Vec<_> = (0..40).map(|n| blog.record("authors", json!({"email": n.to_string()}))).collect();
        records[33].values[1] = "7".into();

        let failure = blog.write(records.iter().map(|record| blog.create("authors", record)).collect()).await.unwrap_err();

        assert_eq!(failure.index, 33);
        assert!(matches!(&failure.cause, Cause::Conflict { fields } if fields == &["email"]), "{failure:?}");
        assert_eq!(db.store.value_counts("authors", &[]).await.unwrap().rows, 0);
    }

    async fn a_conflict_names_the_fields_of_its_index(db: Db) {
        let blog = Blog::new(&db.store).await;
        let first = blog.add("posts", json!({"slug": "hello", "lang": "en"})).await;
        blog.add("posts", json!({"slug": "hello", "lang": "de"})).await;
        blog.add("posts", json!({"slug": "hello"})).await;
        blog.add("posts", json!({"slug": "hello"})).await;

        let same = blog.record("posts", json!({"slug": "hello", "lang": "en"}));
        let failure = blog.write(vec![blog.create("posts", &same)]).await.unwrap_err();
        assert!(matches!(&failure.cause, Cause::Conflict { fields } if fields == &["slug", "lang"]), "{failure:?}");

        let mut same_id = blog.record("posts", json!({}));
        same_id.id = first.id;
        let failure = blog.write(vec![blog.create("posts", &same_id)]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::IdTaken), "{failure:?}");
        assert_eq!(blog.all("posts").await.len(), 4);
    }

    async fn a_relation_to_nothing_names_its_field(db: Db) {
        let blog = Blog::new(&db.store).await;
        let author = blog.add("authors", json!({})).await;
        let tag = blog.add("tags", json!({})).await;
        let (author, tag, nobody) = (author.id.to_string(), tag.id.to_string(), next_id().to_string());

        let cases = [
            (json!({"author": nobody}), "author"),
            (json!({"author": author, "reviewer": nobody}), "reviewer"),
            (json!({"author": author, "tags": [tag, nobody]}), "tags"),
        ];
        for (fields, expected) in cases {
            let post = blog.record("posts", fields);
            let failure = blog.write(vec![blog.create("posts", &post)]).await.unwrap_err();
            assert!(matches!(&failure.cause, Cause::MissingTarget { field } if field == expected), "{expected}: {failure:?}");
        }
        assert!(blog.all("posts").await.is_empty());
    }

    async fn a_target_may_be_made_in_the_same_batch(db: Db) {
        let blog = Blog::new(&db.store).await;
        let author = blog.record("authors", json!({}));
        let post = blog.record("posts", json!({"author": author.id.to_string()}));
        let wrong = blog.record("posts", json!({"author": author.id.to_string(), "reviewer": next_id().to_string()}));

        let batch = vec![blog.create("authors", &author), blog.create("posts", &post), blog.create("posts", &wrong)];
        let failure = blog.write(batch).await.unwrap_err();
        assert!(matches!(&failure.cause, Cause::MissingTarget { field } if field == "reviewer"), "{failure:?}");
        assert_eq!(failure.index, 2);

        let outcomes = blog.write(vec![blog.create("authors", &author), blog.create("posts", &post)]).await.unwrap();
        assert!(outcomes[0].seq < outcomes[1].seq);
    }

    async fn a_note_may_point_at_itself(db: Db) {
        let blog = Blog::new(&db.store).await;
        let mut note = blog.record("notes", json!({"text": "self"}));
        note.values[1] = Value::text(note.id.to_string());

        blog.write(vec![blog.create("notes", &note)]).await.unwrap();
        blog.write(vec![blog.delete("notes", note.id)]).await.unwrap();

        assert!(blog.all("notes").await.is_empty());
    }

    async fn a_check_that_does_not_hold_undoes_the_write(db: Db) {
        let blog = Blog::new(&db.store).await;
        let post = blog.add("posts", json!({"title": "old"})).await;
        let before = blog.all("posts").await;
        let mut new = post.clone();
        new.values[0] = Value::text("new");
        let with = |before: Vec<Check>, after: Vec<Check>| {
            let write = Write::Put(new.clone());
            blog.change("posts", post.id, move |_| {
                Ok(Decision { write: write.clone(), before: before.clone(), after: after.clone() })
            })
        };

        let failure = blog.write(vec![with(vec![check(&db, true), check(&db, false)], vec![])]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::CheckFailed(1)), "{failure:?}");
        let failure = blog.write(vec![with(vec![check(&db, true)], vec![check(&db, false)])]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::CheckFailed(1)), "{failure:?}");
        assert_eq!(blog.all("posts").await, before);
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 1);

        blog.write(vec![with(vec![check(&db, true)], vec![check(&db, true)])]).await.unwrap();
        assert_eq!(blog.column("posts", "title").await, [json!("new")]);
    }

    async fn a_create_can_be_checked_before(db: Db) {
        let blog = Blog::new(&db.store).await;
        let record = blog.record("tags", json!({"word": "x"}));
        let mut mutation = blog.create("tags", &record);
        mutation.kind = MutationKind::Create { record: record.clone(), check: vec![check(&db, false)] };

        let failure = blog.write(vec![mutation]).await.unwrap_err();

        assert!(matches!(failure.cause, Cause::CheckFailed(0)), "{failure:?}");
        assert!(blog.all("tags").await.is_empty());
    }

    async fn steps_and_records_stand_or_fall_together(db: Db) {
        let blog = Blog::new(&db.store).await;
        let tag = blog.record("tags", json!({"word": "x"}));
        let insert = || Step::run_one("insert into _meta (key, value) values ($1, $2)", vec!["k".into(), "v".into()]);
        let update = Step::run_one("update _meta set value = $2 where key = $1", vec!["none".into(), "v".into()]);
        let write = |steps: Vec<Step>| db.store.transact_with(Arc::clone(&blog.catalog), vec![blog.create("tags", &tag)], Some(Box::new(move |_| steps.clone())), None, now());

        let failure = write(vec![insert(), update]).await.unwrap_err();
        assert_eq!(failure.index, 1);
        assert!(matches!(failure.cause, Cause::Database(Error::Expectation { step: 1 })), "{failure:?}");
        assert!(blog.all("tags").await.is_empty());

        write(vec![insert()]).await.unwrap();
        let rows = db.store.query("select value from _meta where key = $1", vec!["k".into()]).await.unwrap();
        assert_eq!(rows[0].text(0).unwrap(), "v");
        assert_eq!(blog.all("tags").await.len(), 1);
    }

    async fn failing_batches_leave_no_trace_among_others(db: Db) {
        let blog = Blog::new(&db.store).await;
        blog.add("authors", json!({"email": "taken"})).await;
        let kept = Arc::new(AtomicU32::new(0));

        let writers: Vec<_> = (0..60)
            .map(|n| {
                let (blog, kept) = (blog.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let first = blog.record("authors", json!({"email": format!("{n}@example.org")}));
                    let second = blog.record("authors", json!({"email": if n % 3 == 0 { "taken".to_owned() } else { format!("{n}+@example.org") }}));
                    let batch = vec![blog.create("authors", &first), blog.create("authors", &second)];
                    if blog.write(batch).await.is_ok() {
                        kept.fetch_add(2, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }

        assert_eq!(kept.load(Ordering::Relaxed), 80);
        assert_eq!(blog.all("authors").await.len(), 81);
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 81);
    }

    async fn opposite_orders_do_not_lock_each_other_out(db: Db) {
        let blog = Blog::new(&db.store).await;
        let (a, b) = (blog.add("tags", json!({"word": "a"})).await, blog.add("tags", json!({"word": "b"})).await);
        let touch = |id| blog.change("tags", id, |stored| Ok(Decision::write(Write::Put(stored.unwrap().clone()))));

        let writers: Vec<_> = (0..30)
            .map(|n| {
                let order = if n % 2 == 0 { [a.id, b.id] } else { [b.id, a.id] };
                let (blog, batch) = (blog.clone(), order.map(touch).into());
                tokio::spawn(async move { blog.write(batch).await.map(|_| ()) })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }

        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 62);
    }

    async fn a_dropped_future_leaves_a_whole_write_or_none(db: Db) {
        let blog = Blog::new(&db.store).await;
        for n in 0..60_u64 {
            let (first, second) = (blog.record("tags", json!({"word": "1"})), blog.record("tags", json!({"word": "2"})));
            let batch = vec![blog.create("tags", &first), blog.create("tags", &second)];
            let patience = std::time::Duration::from_micros(n * 40);
            let _ = tokio::time::timeout(patience, blog.write(batch)).await;
        }

        // Comes behind whatever is still being written.
        blog.add("authors", json!({})).await;
        db.store.close().await;
        let again = plinth_store::Store::open(&db.location, &crate::support::options()).await.unwrap();
        let tags = again.value_counts("tags", &[]).await.unwrap().rows;
        assert_eq!(tags % 2, 0);
        assert_eq!(again.value_counts("_changes", &[]).await.unwrap().rows, tags + 1);
        Blog::known(&again).await.add("tags", json!({})).await;
    }

    async fn steps_that_miss_what_they_expect_are_undone(db: Db) {
        let insert = |key: &str| Step::run("insert into _meta (key, value) values ($1, $1)", vec![key.into()]);
        let miss = Step::Run { sql: "delete from _meta where key = $1".into(), args: vec!["none".into()], expect: Expect::Rows(1) };

        let error = db.store.apply(vec![insert("a"), miss]).await.unwrap_err();
        assert_eq!(error, Error::Expectation { step: 1 });
        let error = db.store.apply(vec![insert("b"), insert("b")]).await.unwrap_err();
        assert_eq!(error, Error::Conflict { table: "_meta".to_owned(), fields: vec!["key".to_owned()] });

        let rows = db.store.query("select count(*) from _meta where key in ('a', 'b')", Vec::new()).await.unwrap();
        assert_eq!(rows[0].int(0).unwrap(), 0);
    }

    async fn a_panic_in_a_decision_is_only_its_own(db: Db) {
        let blog = Blog::new(&db.store).await;
        let tag = blog.add("tags", json!({})).await;
        let other = blog.record("tags", json!({}));
        let panics = blog.change("tags", tag.id, |_| panic!("a fault of the caller"));

        let failure = blog.write(vec![blog.create("tags", &other), panics]).await.unwrap_err();

        assert!(matches!(failure.cause, Cause::Database(Error::Fault(_))), "{failure:?}");
        blog.add("tags", json!({})).await;
        assert_eq!(blog.all("tags").await.len(), 2);
    }

    async fn a_closed_store_refuses(db: Db) {
        let blog = Blog::new(&db.store).await;
        db.store.close().await;

        let record = blog.record("tags", json!({}));
        let failure = blog.write(vec![blog.create("tags", &record)]).await.unwrap_err();
        assert!(matches!(failure.cause, Cause::Database(Error::Closed)), "{failure:?}");
        assert_eq!(db.store.ping().await, Err(Error::Closed));
    }
}
