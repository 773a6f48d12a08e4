//! `plinth policy`: rules as a file.

use std::fs;

use serde_json::{Value as Json, json};

use super::Desk;
use crate::fixture::{Room, messages, texts};
use crate::harness::{Database, Dice, Options, Person, Server, command, on_both, run};
use crate::realtime::socket::{Socket, lab, told};

const FILE: &str = "config/policies.csv";

/// The rules of a new database, as lines.
const OWN_ACCOUNT: &str = "p, role:user, users, read, \"id == auth.id\", \"\", allow\n\
                           p, role:user, users, update, \"id == auth.id\", \"\", allow\n";

async fn rules(admin: &Person) -> Json {
    admin.get("/policies").await.is(200).json()["items"].clone()
}

/// A rule whose condition is full of what a file could trip over.
fn odd_rule(dice: &mut Dice, n: usize) -> String {
    let parts = ["\"", "\"\"", ",", "\n", "\r\n", "#", " p, ", "x", "é", "\\", "\nq, r", "'"];
    let noise: String = (0..dice.below(8)).map(|_| dice.pick(&parts)).collect();
    // No collection bears such a name, so the condition may be anything; that on users is one that holds.
    let (object, condition) = match dice.percent(70) {
        true => (format!("none{n}_*"), format!("{noise}{n}")),
        false => ("users".to_owned(), format!("email in [\n  \"{n}, a\",\n  \"\\\"b\\\"\"\n] || size(email) > {n}")),
    };
    let subject = dice.pick(&["role:user", "role:editor", "role:public"]);
    let action = dice.pick(&["read", "update", "*"]);
    let fields = if object == "users" { dice.pick(&["", "email", "email,verified"]) } else { "" };
    let effect = dice.pick(&["allow", "deny"]);
    let condition = condition.trim().replace('"', "\"\"");
    format!("p, {subject}, {object}, {action}, \"{condition}\", \"{fields}\", {effect}\n")
}

on_both! {
    async fn a_file_that_was_pulled_changes_nothing_and_a_changed_one_is_in_force(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let desk = Desk { database: &database };
        let before = rules(&room.admin).await;
        assert_eq!(desk.plinth("policy pull").well(), "config/policies.csv\n");
        assert_eq!(desk.plinth("policy diff").well(), "The database is as the file says.\n");
        assert_eq!(desk.plinth("policy apply").well(), "The database was as the file says.\n");
        assert_eq!(rules(&room.admin).await, before);

        let mut socket = Socket::of(&server, &room.bob).await;
        socket.subscribe(lab()).await;
        Room::say(&room.ada, "hers", "lab").await;
        assert_eq!(told(&socket.expect("change").await), "create hers");
        let pulled = desk.read(FILE);
        let (old, new) = ("room == \"\"lab\"\" || author == auth.id", "author == auth.id");
        desk.rule(&pulled.replace(old, new));
        let difference = desk.plinth("policy diff").well();
        let lines: Vec<&str> = difference.lines().collect();
        assert!(lines.len() == 2 && lines[0].starts_with("- p, role:user, messages, read, \"room == "), "{difference}");
        assert!(lines[1].starts_with("+ p, role:user, messages, read, \"author == auth.id\", \"text,"), "{difference}");
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), ["hers"]);

        assert_eq!(desk.plinth("policy apply").well(), difference);
        assert_eq!(socket.expect("reset").await["reason"], "policy");
        assert_eq!(texts(&room.bob.get("/records/messages").await.is(200)), Vec::<String>::new());
        let ids = |rules: &Json| rules.as_array().unwrap().iter().map(|rule| rule["id"].clone()).collect::<Vec<_>>();
        let (before, after) = (ids(&before), ids(&rules(&room.admin).await));
        let same = before.iter().zip(&after).filter(|(before, after)| before == after).count();
        assert_eq!((same, before.len(), after.len()), (5, 6, 6), "what stays keeps its id and its place");
    }

    async fn whatever_is_in_a_file_comes_back_as_it_was(database: Database) {
        let _server = Server::start(&database).await;
        let desk = Desk { database: &database };
        let mut dice = Dice::seeded_by("POLICY_SEED");
        for (round, count) in [200, 40, 0, 1].into_iter().enumerate() {
            // Other numbers each time, so that no rule stands in the file before as well.
            let body: String = (0..count).map(|n| odd_rule(&mut dice, 1000 * round + n)).collect();
            desk.rule(&body);
            let applied = desk.plinth("policy apply").well();
            assert!(applied.matches("+ p, ").count() >= count, "{dice}: {applied}");

            desk.plinth("policy pull --file pulled.csv").well();
            let pulled = desk.read("pulled.csv");
            let head = pulled.strip_suffix(&body).unwrap_or_else(|| panic!("{dice}: {pulled}\n---\n{body}"));
            assert!(head.lines().all(|line| line.starts_with('#')), "{dice}: {head}");
            assert_eq!(desk.plinth("policy diff --file pulled.csv").well(), "The database is as the file says.\n");
        }
    }

    async fn a_command_on_rules_says_the_same_beside_a_server_and_alone(database: Database) {
        let desk = Desk { database: &database };
        let mut server = Server::start(&database).await;
        desk.rule("p, role:public, *, read, \"\", \"\", allow\ng, role:editor, role:user\n");
        desk.plinth("policy apply").well();
        fs::write(desk.path("other.csv"), format!("g, role:chief, role:editor\n{OWN_ACCOUNT}")).unwrap();
        fs::write(desk.path("wrong.csv"), "p, role:public, nothing, read, \"\", \"\", allow\n").unwrap();
        fs::write(desk.path("order.csv"), "\n# only this\np,role:public,*,read,,,allow\n").unwrap();
        let words = ["policy diff", "policy apply", "policy diff --file other.csv", "policy diff --file wrong.csv",
            "policy apply --file wrong.csv", "policy diff --file missing.csv", "policy pull", "policy diff --file order.csv"];
        let tell = || (words.map(|words| desk.plinth(words)), desk.read(FILE));
        let beside = tell();
        assert_eq!(server.stop(), Some(0));

        assert_eq!(tell(), beside);
        let ([_, _, other, wrong, refused, missing, _, order], pulled) = beside;
        assert_eq!(other.well(), format!(
            "- p, role:public, *, read, \"\", \"\", allow\n- g, role:editor, role:user\n+ {}+ g, role:chief, role:editor\n",
            OWN_ACCOUNT.replacen("\np,", "\n+ p,", 1),
        ));
        let wrong = wrong.refused();
        assert!(wrong.starts_with("plinth: wrong.csv:1: object: there is no collection \"nothing\": create it"), "{wrong}");
        assert_eq!(refused.refused(), wrong);
        assert!(missing.refused().starts_with("plinth: missing.csv: "));
        assert_eq!(order.well(), "- g, role:editor, role:user\n");
        assert!(pulled.ends_with("allow\n\n# g, role, role that it inherits from\ng, role:editor, role:user\n"), "{pulled}");
    }

    async fn a_file_with_a_wrong_line_changes_nothing_and_each_is_told(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let desk = Desk { database: &database };
        desk.plinth("policy pull").well();
        let before = desk.read(FILE);
        let nobody = "user:01890a5d-ac96-774b-bcce-b302099a8057";
        let text = format!("{OWN_ACCOUNT}\n# wrong ones\np, editor, users, read, \"\", \"\", allow\n\
            p, role:editor, messages, write, \"\", \"\", allow\np, role:editor, messages, read, autor == 1, \"\", allow\n\
            p, role:editor, messages, read, \"\", \"text,nothing\", allow\np, role:user, users, read, id == auth.id, , allow\n\
            g, role:a, role:b\ng, role:b, role:a\ng, role:public, role:user\ng, {nobody}, role:a\ng, role:a, admin\n");
        desk.rule(&text);

        let refused = desk.plinth("policy apply").refused();

        let said: Vec<&str> = refused.trim_start_matches("plinth: ").lines().collect();
        let wanted = [
            "5: subject: \"editor\" is neither role:NAME nor user:ID", "6: action: \"write\" is no action on messages",
            "7: condition: in collection messages: ", "8: fields: there is no field \"nothing\"",
            "9: line 1 says the same", "11: role:b would inherit itself through role:a",
            "12: role:public would inherit itself through role:user", "13: there is no account \"user:",
            "14: role: \"admin\" is neither role:NAME nor user:ID",
        ];
        assert_eq!(said.len(), wanted.len(), "{refused}");
        for (said, wanted) in said.iter().zip(wanted) {
            assert!(said.starts_with(&format!("config/policies.csv:{wanted}")), "{said}, not {wanted}");
        }
        desk.plinth("policy pull").well();
        assert_eq!(desk.read(FILE), before);
        Room::say(&room.ada, "as ever", "lab").await;
    }

    async fn a_file_replaces_what_roles_inherit_and_ends_no_membership_of_an_account(database: Database) {
        let server = Server::start(&database).await;
        let room = Room::furnish(&server).await;
        let desk = Desk { database: &database };
        let bob = format!("user:{}", room.bob.id);
        room.admin.put_empty("/roles/chief/members/role:boss").await.is(204);
        room.admin.put_empty(&format!("/roles/editor/members/{bob}")).await.is(204);
        let keeper = "p, role:chief, sys:policies, read, \"\", \"\", allow\n";

        desk.rule(&format!("{OWN_ACCOUNT}{keeper}g, role:editor, role:chief\ng, user:{}, role:editor\n", room.ada.id));
        let said = desk.plinth("policy apply").well();
        assert!(said.contains("- g, role:boss, role:chief\n") && said.ends_with(", role:editor\n"), "{said}");
        drop(server);
        let mut server = Server::start(&database).await;
        let admin = server.admin().await;
        let members = admin.get("/roles/editor/members").await.is(200).json()["items"].clone();
        assert_eq!(members.as_array().unwrap().len(), 2, "bob is a member still, and ada now: {members}");
        assert_eq!(admin.get("/roles/chief/members").await.json()["items"], json!(["role:editor"]));

        desk.plinth("policy pull").well();
        assert!(!desk.read(FILE).contains("g, user:"), "accounts are data");
        assert_eq!(desk.plinth("policy diff").well(), "The database is as the file says.\n");

        let pulled = desk.read(FILE);
        let chain: String = (0..32).map(|n| format!("g, role:c{n}, role:c{}\n", n + 1)).collect();
        desk.rule(&format!("{pulled}{chain}"));
        let refused = desk.plinth("policy apply").refused();
        assert!(refused.contains("32 of them in a row"), "{refused}");
        desk.rule(&pulled);
        assert_eq!(desk.plinth("policy diff").well(), "The database is as the file says.\n");

        admin.put_empty("/roles/admin/members/role:boss").await.is(204);
        admin.put_empty(&format!("/roles/boss/members/{bob}")).await.is(204);
        database.execute("delete from _roles where role = 'role:admin' and member <> 'role:boss'");
        assert_eq!(server.stop(), Some(0));
        let refused = desk.plinth("policy apply").refused();
        assert!(refused.contains("the last administrator"), "{refused}");
    }

    async fn serve_applies_the_rules_behind_the_collections_if_they_are_there(database: Database) {
        let desk = Desk { database: &database };
        desk.define(&messages());
        let options = || Options::default().flags("--apply");
        let server = Server::start_with(&database, options()).await;
        assert_eq!(rules(&server.admin().await).await.as_array().unwrap().len(), 2, "without a file all stay");
        drop(server);

        desk.rule(&format!("{OWN_ACCOUNT}p, role:public, messages, read, \"\", \"\", allow\n"));
        for _ in 0..2 {
            let server = Server::start_with(&database, options()).await;
            server.anonymous().get("/records/messages").await.is(200);
        }

        desk.rule("p, role:public, messages, read, nothing == 1, \"\", allow\n");
        let mut command = command(&database);
        let (code, _, err) = run(command.args(["serve", "--listen", "127.0.0.1:0", "--apply"]).args(database.flags()));
        assert_eq!(code, Some(1));
        assert!(err.contains("policies.csv:1: condition: in collection messages: "), "{err}");
    }
}
