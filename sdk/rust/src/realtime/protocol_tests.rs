//! What the state machine promises, frame by frame.

use serde_json::{Value, json};

use super::*;
use crate::realtime::event::ChangeKind;

/// Sends what is in the outbox and answers it as JSON.
fn sent(protocol: &mut Protocol) -> Vec<Value> {
    protocol.take_outbox().iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn receive(protocol: &mut Protocol, frame: &Value) -> Vec<Output> {
    protocol.received(&frame.to_string()).unwrap()
}

/// Opens a connection; answers the name that the only subscription has on it and the frame that gave it.
fn open(protocol: &mut Protocol) -> (String, Value) {
    protocol.begin(None);
    let frame = sent(protocol).pop().unwrap();
    (frame["sub"].as_str().unwrap().to_owned(), frame)
}

fn change(name: &str, cursor: &str) -> Value {
    json!({"op": "change", "sub": name, "type": "create", "id": cursor, "record": {}, "cursor": cursor, "at": ""})
}

/// The ids of the changes that were handed on.
fn ids(outputs: &[Output]) -> Vec<&str> {
    let id = |output| match output {
        &Output::Deliver(_, Event::Change(ref change)) => Some(change.id.as_str()),
        _ => None,
    };
    outputs.iter().filter_map(id).collect()
}

fn is_reset(output: &Output, wanted: &str) -> bool {
    matches!(output, Output::Deliver(_, Event::Reset { reason }) if reason == wanted)
}

#[test]
fn token_goes_before_the_subscriptions() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    assert!(sent(&mut protocol).is_empty(), "nothing is sent before hello");
    protocol.begin(Some("t"));
    let ops: Vec<_> = sent(&mut protocol).iter().map(|frame| frame["op"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ops, ["auth", "subscribe"]);
}

#[test]
fn broken_connection_resumes_after_the_last_change() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, first) = open(&mut protocol);
    assert!(first.get("since").is_none());
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    assert_eq!(ids(&receive(&mut protocol, &change(&name, "c1"))), ["c1"]);
    protocol.closed();
    let (_, again) = open(&mut protocol);
    assert_eq!(again["since"], "c1");
}

#[test]
fn connection_lost_before_the_first_change_resumes_where_it_began() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    protocol.closed();
    assert_eq!(open(&mut protocol).1["since"], "c0");
}

#[test]
fn resumed_subscription_keeps_its_cursor_until_a_change_moves_it() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new().since("c5"));
    let (name, first) = open(&mut protocol);
    assert_eq!(first["since"], "c5");
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c9"}));
    protocol.closed();
    assert_eq!(open(&mut protocol).1["since"], "c5");
}

#[test]
fn same_change_is_handed_on_once() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    assert_eq!(ids(&receive(&mut protocol, &change(&name, "c1"))), ["c1"]);
    assert!(receive(&mut protocol, &change(&name, "c1")).is_empty());
    assert_eq!(ids(&receive(&mut protocol, &change(&name, "c2"))), ["c2"]);
}

#[test]
fn frames_of_an_earlier_name_are_no_news() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (old, _) = open(&mut protocol);
    protocol.closed();
    let (new, _) = open(&mut protocol);
    assert_ne!(old, new);
    assert!(receive(&mut protocol, &change(&old, "c1")).is_empty());
}

#[test]
fn snapshot_is_handed_on_whole_or_taken_anew() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new().snapshot());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c7"}));
    assert!(receive(&mut protocol, &json!({"op": "snapshot", "sub": name, "items": [{"a": 1}]})).is_empty());
    protocol.closed();

    let (name, again) = open(&mut protocol);
    assert_eq!(again["snapshot"], true);
    assert!(again.get("since").is_none());
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c8"}));
    receive(&mut protocol, &json!({"op": "snapshot", "sub": name, "items": [{"a": 1}]}));
    let outputs = receive(&mut protocol, &json!({"op": "snapshot", "sub": name, "items": [{"a": 2}], "last": true}));
    assert!(matches!(&outputs[..], [Output::Deliver(_, Event::Snapshot(items))] if items.len() == 2));

    protocol.closed();
    assert_eq!(open(&mut protocol).1["since"], "c8");
}

#[test]
fn reset_is_told_once_the_subscription_stands_again() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    assert!(receive(&mut protocol, &json!({"op": "reset", "sub": name, "reason": "expired"})).is_empty());

    let frame = sent(&mut protocol).pop().unwrap();
    assert_eq!(frame["op"], "subscribe");
    assert!(frame.get("since").is_none());
    let outputs = receive(&mut protocol, &json!({"op": "subscribed", "sub": frame["sub"], "cursor": "c9"}));
    assert!(is_reset(&outputs[0], "expired"));
}

#[test]
fn reset_with_a_snapshot_comes_before_it() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new().snapshot());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    receive(&mut protocol, &json!({"op": "snapshot", "sub": name, "items": [], "last": true}));
    receive(&mut protocol, &json!({"op": "reset", "sub": name, "reason": "schema"}));
    let frame = sent(&mut protocol).pop().unwrap();
    assert_eq!(frame["snapshot"], true);
    let outputs = receive(&mut protocol, &json!({"op": "subscribed", "sub": frame["sub"], "cursor": "c1"}));
    assert!(is_reset(&outputs[0], "schema"));
    let outputs = receive(&mut protocol, &json!({"op": "snapshot", "sub": frame["sub"], "items": [], "last": true}));
    assert!(matches!(outputs[..], [Output::Deliver(_, Event::Snapshot(_))]));
}

#[test]
fn cursor_that_expired_while_away_is_a_reset_too() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new().since("old"));
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "reset", "sub": name, "reason": "expired"}));
    let frame = sent(&mut protocol).pop().unwrap();
    assert!(frame.get("since").is_none());
    let outputs = receive(&mut protocol, &json!({"op": "subscribed", "sub": frame["sub"], "cursor": "c1"}));
    assert!(is_reset(&outputs[0], "expired"));
}

#[test]
fn lagging_reader_is_taken_off_the_wire_and_put_back_where_it_was() {
    let mut protocol = Protocol::default();
    let key = protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    receive(&mut protocol, &change(&name, "c1"));
    protocol.pause(key);
    assert_eq!(sent(&mut protocol), [json!({"op": "unsubscribe", "sub": name})]);
    assert!(receive(&mut protocol, &change(&name, "c2")).is_empty());
    protocol.resume(key);
    let frame = sent(&mut protocol).pop().unwrap();
    assert_eq!(frame["since"], "c1");
    assert_eq!(ids(&receive(&mut protocol, &change(frame["sub"].as_str().unwrap(), "c2"))), ["c2"]);
}

#[test]
fn paused_subscription_stays_off_a_new_connection() {
    let mut protocol = Protocol::default();
    let key = protocol.subscribe("posts", Watch::new());
    open(&mut protocol);
    protocol.pause(key);
    protocol.closed();
    protocol.begin(None);
    assert!(sent(&mut protocol).is_empty());
    protocol.resume(key);
    assert_eq!(sent(&mut protocol).len(), 1);
}

#[test]
fn refused_subscription_ends_and_is_not_asked_again() {
    let mut protocol = Protocol::default();
    let key = protocol.subscribe("posts", Watch::new().filter("nope"));
    let (name, _) = open(&mut protocol);
    let problem = json!({"status": 400, "code": "invalid_filter"});
    let outputs = receive(&mut protocol, &json!({"op": "error", "sub": name, "problem": problem}));
    assert!(matches!(&outputs[..], [Output::End(k, problem)] if *k == key && problem.code == "invalid_filter"));
    protocol.closed();
    protocol.begin(None);
    assert!(sent(&mut protocol).is_empty());
}

#[test]
fn busy_server_does_not_end_a_subscription() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    let outputs = receive(&mut protocol, &json!({"op": "error", "sub": name, "problem": {"status": 503}}));
    assert!(matches!(outputs[..], [Output::Busy]));
    assert!(!protocol.is_empty());
}

#[test]
fn another_account_starts_over() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c0"}));
    protocol.account_changed();
    let (name, frame) = open(&mut protocol);
    assert!(frame.get("since").is_none());
    let outputs = receive(&mut protocol, &json!({"op": "subscribed", "sub": name, "cursor": "c1"}));
    assert!(is_reset(&outputs[0], "account"));
}

#[test]
fn deletion_carries_no_record() {
    let mut protocol = Protocol::default();
    protocol.subscribe("posts", Watch::new());
    let (name, _) = open(&mut protocol);
    let frame = json!({"op": "change", "sub": name, "type": "delete", "id": "x", "cursor": "c1", "at": ""});
    let outputs = receive(&mut protocol, &frame);
    let [Output::Deliver(_, Event::Change(change))] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((change.kind, change.record.is_none()), (ChangeKind::Delete, true));
}
