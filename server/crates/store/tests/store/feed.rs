//! The change log as readers see it.

use plinth_model::{Instant, RecordId, Seq};
use plinth_store::{Keep, Step, Store, SystemChange};
use serde_json::json;

use crate::support::blog::{Blog, now};
use crate::support::{Db, on_both, options};

on_both! {
    async fn whoever_goes_on_from_the_last_place_misses_nothing(db: Db) {
        let blog = Blog::new(&db.store).await;
        for n in 0..25 {
            blog.add("tags", json!({"word": n.to_string()})).await;
        }
        let head = blog.settled().await;

        let mut read = Vec::new();
        let mut after = Seq(0);
        loop {
            let changes = db.store.changes(after, 10).await.unwrap();
            let Some(last) = changes.last() else { break };
            after = last.seq;
            read.extend(changes);
        }

        assert_eq!((read.len(), after), (25, head));
        assert!(read.is_sorted_by(|a, b| a.seq < b.seq));
        let words: Vec<_> = read.iter().map(|change| serde_json::from_str::<serde_json::Value>(change.after.as_ref().unwrap()).unwrap()["word"].clone()).collect();
        assert_eq!(words, (0..25).map(|n| json!(n.to_string())).collect::<Vec<_>>());
    }

    async fn a_stretch_of_one_collection(db: Db) {
        let blog = Blog::new(&db.store).await;
        let mut tags = Vec::new();
        for _ in 0..3 {
            tags.push(blog.add("tags", json!({})).await.id.to_string());
            blog.add("authors", json!({})).await;
        }
        let all = blog.changes(Seq(0)).await;

        let stretch = db.store.changes_of(&["tags"], all[0].seq, all[4].seq, 10).await.unwrap();

        assert_eq!(stretch.iter().map(|change| change.id.clone()).collect::<Vec<_>>(), tags[1..]);
        assert!(db.store.changes_of(&["tags"], Seq(0), all[5].seq, 1).await.unwrap().len() == 1);
    }

    async fn a_commit_wakes_and_a_refusal_does_not(db: Db) {
        let blog = Blog::new(&db.store).await;
        let mut wake = db.store.wake();

        let taken = blog.add("authors", json!({"email": "a"})).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), wake.changed()).await.unwrap().unwrap();
        blog.settled().await;
        wake.mark_unchanged();

        let same = blog.record("authors", json!({"email": "a"}));
        blog.write(vec![blog.create("authors", &same)]).await.unwrap_err();
        assert!(!wake.has_changed().unwrap(), "{}", taken.id);
    }

    async fn system_changes_are_logged_behind_their_steps(db: Db) {
        let blog = Blog::new(&db.store).await;
        let by = RecordId::from_parts(5, &[1; 10]);
        let change = SystemChange {
            table: "_policies".into(), id: "p1".to_owned(), kind: plinth_model::ChangeKind::Update,
            before: Some("{}".to_owned()), after: None, at: now(), by: Some(by),
        };
        let insert = Step::run_one("insert into _meta (key, value) values ($1, $1)", vec!["k".into()]);

        let applied = db.store.apply(vec![Step::Log(change.clone()), insert]).await.unwrap();

        assert_eq!(applied.rows, [1, 1]);
        let logged = blog.changes(Seq(0)).await.pop().unwrap();
        assert_eq!(vec![logged.seq], applied.seqs);
        assert_eq!((logged.collection, logged.id, logged.kind), ("_policies".to_owned(), change.id, change.kind));
        assert_eq!((logged.before, logged.after, logged.at, logged.by), (change.before, None, now(), Some(by)));
    }

    async fn the_newest_change_is_never_pruned(db: Db) {
        let blog = Blog::new(&db.store).await;
        for _ in 0..5 {
            blog.add("tags", json!({})).await;
        }
        let head = blog.settled().await;
        let all = |at_most| Keep { since: Instant::MIN, at_most };

        assert_eq!(db.store.prune(all(10)).await.unwrap(), 0);
        assert_eq!(db.store.prune(all(3)).await.unwrap(), 2);
        assert_eq!(blog.changes(Seq(0)).await.len(), 3);
        assert_eq!(db.store.prune(Keep { since: Instant::MAX, at_most: 10 }).await.unwrap(), 2);
        assert_eq!(db.store.kept().await.unwrap(), Some((head, head)));
        assert_eq!(db.store.prune(all(0)).await.unwrap(), 0);

        let next = blog.add("tags", json!({})).await;
        let newest = blog.changes(head).await;
        assert_eq!(newest.len(), 1);
        assert_eq!(newest[0].id, next.id.to_string());
    }

    async fn a_log_that_is_opened_again_is_the_same(db: Db) {
        assert_eq!(db.store.kept().await.unwrap(), None);
        let blog = Blog::new(&db.store).await;
        blog.add("tags", json!({})).await;
        let (head, epoch) = (blog.settled().await, db.store.epoch());
        db.store.close().await;

        let again = Store::open(&db.location, &options()).await.unwrap();

        assert_eq!(again.head().await.unwrap(), head);
        assert!(again.holds(epoch, head) && again.holds(again.epoch(), head));
        assert!(!again.holds(Db::sqlite().await.store.epoch(), head));
    }
}
