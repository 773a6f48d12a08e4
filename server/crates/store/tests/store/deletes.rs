//! Deletes: what the relations that point at a record do, all of it in the log.

use plinth_model::{ChangeKind, Seq, Value};
use plinth_store::Cause;
use serde_json::{Value as Json, json};

use crate::support::blog::Blog;
use crate::support::{Db, on_both};

/// Kind, collection and id of every change behind a place.
async fn log(blog: &Blog, after: Seq) -> Vec<(ChangeKind, String, String)> {
    blog.changes(after).await.into_iter().map(|change| (change.kind, change.collection, change.id)).collect()
}

on_both! {
    async fn a_cascade_takes_everything_with_it_and_logs_it(db: Db) {
        let blog = Blog::new(&db.store).await;
        let author = blog.add("authors", json!({"name": "goes"})).await;
        let other = blog.add("authors", json!({"name": "stays"})).await;
        let tag = blog.add("tags", json!({})).await;
        let post = blog.add("posts", json!({"author": author.id.to_string(), "tags": [tag.id.to_string()]})).await;
        let reviewed = blog.add("posts", json!({"author": other.id.to_string(), "reviewer": author.id.to_string()})).await;
        let comment = blog.add("comments", json!({"post": post.id.to_string(), "by": other.id.to_string()})).await;
        let before = blog.settled().await;

        let outcome = blog.write(vec![blog.delete("authors", author.id)]).await.unwrap().remove(0);

        assert!(blog.settled().await >= outcome.seq.unwrap());
        let expected = [
            (ChangeKind::Update, "posts".to_owned(), reviewed.id.to_string()),
            (ChangeKind::Delete, "comments".to_owned(), comment.id.to_string()),
            (ChangeKind::Delete, "posts".to_owned(), post.id.to_string()),
            (ChangeKind::Delete, "authors".to_owned(), author.id.to_string()),
        ];
        assert_eq!(log(&blog, before).await, expected);
        assert_eq!(blog.column("authors", "name").await, [json!("stays")]);
        assert_eq!(blog.column("posts", "reviewer").await, [Json::Null]);
        assert!(blog.all("comments").await.is_empty());
    }

    async fn a_restriction_refuses_and_changes_nothing(db: Db) {
        let blog = Blog::new(&db.store).await;
        let author = blog.add("authors", json!({})).await;
        let elsewhere = blog.add("authors", json!({})).await;
        let post = blog.add("posts", json!({"author": elsewhere.id.to_string(), "reviewer": author.id.to_string()})).await;
        blog.add("comments", json!({"post": post.id.to_string(), "by": author.id.to_string()})).await;
        let before = (blog.all("posts").await, blog.all("comments").await, db.store.value_counts("_changes", &[]).await);

        let failure = blog.write(vec![blog.delete("authors", author.id)]).await.unwrap_err();

        let Cause::Restricted { collection, field } = failure.cause else { panic!("{failure:?}") };
        assert_eq!((collection.as_str(), field.as_str()), ("comments", "by"));
        assert_eq!((blog.all("posts").await, blog.all("comments").await, db.store.value_counts("_changes", &[]).await), before);
    }

    async fn what_goes_itself_restricts_nothing(db: Db) {
        let blog = Blog::new(&db.store).await;
        let author = blog.add("authors", json!({})).await.id.to_string();
        let post = blog.add("posts", json!({"author": author})).await.id.to_string();
        blog.add("comments", json!({"post": post, "by": author})).await;

        blog.write(vec![blog.delete("authors", author.parse().unwrap())]).await.unwrap();

        for collection in ["authors", "posts", "comments"] {
            assert!(blog.all(collection).await.is_empty(), "{collection}");
        }
    }

    async fn an_id_is_taken_out_of_lists(db: Db) {
        let blog = Blog::new(&db.store).await;
        let (a, b) = (blog.add("tags", json!({})).await, blog.add("tags", json!({})).await);
        let (a_id, b_id) = (a.id.to_string(), b.id.to_string());
        let post = blog.add("posts", json!({"tags": [b_id, a_id]})).await;
        blog.add("posts", json!({"tags": [b_id]})).await;

        blog.write(vec![blog.delete("tags", a.id)]).await.unwrap();

        assert_eq!(blog.column("posts", "tags").await, [json!([b_id]), json!([b_id])]);
        let update = blog.changes(Seq(0)).await.into_iter().find(|change| change.kind == ChangeKind::Update);
        let after = plinth_model::schema::image::decode(&blog.collection("posts"), &update.unwrap().after.unwrap()).unwrap();
        assert_eq!((after.id, after.values[11].clone()), (post.id, Value::List(vec![b_id.as_str().into()])));
        assert!(after.revision > post.revision);
    }

    async fn a_circle_goes_as_one(db: Db) {
        let blog = Blog::new(&db.store).await;
        let [mut a, mut b, mut c] = ["a", "b", "c"].map(|text| blog.record("notes", json!({"text": text})));
        blog.write([&a, &b, &c].map(|note| blog.create("notes", note)).into()).await.unwrap();
        (a.values[1], b.values[1], c.values[1]) =
            (b.id.to_string().as_str().into(), c.id.to_string().as_str().into(), a.id.to_string().as_str().into());
        let close = |note: &plinth_model::Record| {
            let note = note.clone();
            let write = plinth_store::Decision::write(plinth_store::Write::Put(note.clone()));
            blog.change("notes", note.id, move |_| Ok(write.clone()))
        };
        blog.write([&a, &b, &c].map(close).into()).await.unwrap();
        let outside = blog.add("notes", json!({"text": "outside"})).await;
        let before = blog.settled().await;

        blog.write(vec![blog.delete("notes", b.id)]).await.unwrap();

        blog.settled().await;
        assert_eq!(blog.column("notes", "id").await, [json!(outside.id.to_string())]);
        let log = log(&blog, before).await;
        assert_eq!(log.len(), 3);
        assert!(log.iter().all(|(kind, ..)| *kind == ChangeKind::Delete), "{log:?}");
        assert_eq!(log[2].2, b.id.to_string());
    }

    async fn a_long_chain_goes_level_by_level(db: Db) {
        let blog = Blog::new(&db.store).await;
        let mut notes = vec![blog.record("notes", json!({"text": "0"}))];
        for n in 1..120 {
            let next = notes[n - 1].id.to_string();
            notes.push(blog.record("notes", json!({"text": n.to_string(), "next": next})));
        }
        blog.write(notes.iter().map(|note| blog.create("notes", note)).collect()).await.unwrap();

        blog.write(vec![blog.delete("notes", notes[0].id)]).await.unwrap();

        assert!(blog.all("notes").await.is_empty());
        assert_eq!(db.store.value_counts("_changes", &[]).await.unwrap().rows, 240);
    }
}
