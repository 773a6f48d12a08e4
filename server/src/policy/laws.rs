//! The law of decisions: what Plinth compiles once from the rules that casbin collects is, for every record, what
//! casbin itself says when it is asked about that record.
//!
//! The other side is casbin's own enforcer with its own effector, its own globs and all memberships, given the rules
//! whose condition holds on the record: each is evaluated by itself, so nothing is joined, negated, kept or skipped
//! there. An allow rule is given if its condition is true, a deny rule also if it ends in an error. Who may see or
//! write a field is the same question with the rules that name it.
//!
//! The number of rule sets is `PROPTEST_CASES`, 256 unless it is set.

use std::sync::Arc;

use casbin::function_map::{OperatorFunction, glob_match};
use casbin::rhai::Dynamic;
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi, RbacApi};
use plinth_model::filter::{Auth, Bindings, Truth};
use plinth_model::schema::{Definition, parse::parse};
use plinth_model::{Catalog, Collection, Instant, Record, RecordId, Value};
use plinth_store::policies::Membership;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use super::decision::{Decision, Requirement};
use super::rules::{Action, Effect, Rule};
use super::state::State;
use super::{Account, Caller};

const MODEL: &str = include_str!("../../../config/casbin_model.conf");
const FIELDS: [&str; 4] = ["name", "level", "open", "owner"];
const ROLES: [&str; 5] = ["role:public", "role:user", "role:writer", "role:editor", "role:chief"];
const ACCOUNTS: u8 = 3;
const ACTIONS: [Action; 4] = [Action::Read, Action::Create, Action::Update, Action::Delete];

/// Conditions of both collections. The last no longer compiles, as when its field is gone.
const CONDITIONS: [&str; 13] = [
    "",
    "level > 1",
    "level == null || level < 2",
    "open",
    "!open",
    "owner == auth.id",
    "owner != auth.id && open",
    "name.startsWith(\"a\")",
    "level > 1 || open",
    "\"editor\" in auth.roles",
    "auth.anonymous",
    "size(name) / level > 0",
    "gone > 1",
];

/// Conditions of writes alone.
const DATA_CONDITIONS: [&str; 3] = ["data.owner == auth.id", "data.level >= level", "open || data.open"];

/// One rule set with its members, and a record that is asked about.
#[derive(Debug, Clone)]
struct Case {
    rules: Vec<Rule>,
    memberships: Vec<Membership>,
    collection: &'static str,
    changed: Vec<&'static str>,
    stored: Vec<Value>,
    data: Vec<Value>,
}

fn now() -> Instant {
    Instant::from_millis(1_700_000_000_000).unwrap()
}

fn account(number: u8) -> RecordId {
    RecordId::from_parts(1_700_000_000_000, &[0, number, 0, 0, 0, 0, 0, 0, 0, 0])
}

fn user(number: u8) -> String {
    format!("user:{}", account(number))
}

fn catalog() -> Catalog {
    let collection = |name: &str, properties: Json| {
        let schema = json!({ "type": "object", "properties": properties });
        let definition = Definition { name: name.to_owned(), schema, indexes: Vec::new(), search: Vec::new() };
        Arc::new(parse(&definition).unwrap())
    };
    let owned = json!({ "name": { "type": "string" }, "level": { "type": "integer" }, "open": { "type": "boolean" },
        "owner": { "type": "string", "x-relation": { "collection": "users" } } });
    let users = json!({ "email": { "type": "string" } });
    Catalog::new([collection("users", users), collection("notes", owned.clone()), collection("note_topics", owned)])
}

fn rule() -> impl Strategy<Value = Rule> {
    let roles = ["role:public", "role:user", "role:user"].into_iter().chain(ROLES);
    let subjects: Vec<String> = roles.map(str::to_owned).chain((0..ACCOUNTS).map(user)).collect();
    let objects = ["notes", "notes", "note*", "*s", "*", "*_t*s", "n*e*s", "notes*", "sys:*"];
    let fields = prop_oneof![2 => Just(Vec::new()), 3 => subsequence(FIELDS.to_vec(), 1..=3)];
    let actions = select(vec!["read", "create", "update", "delete", "*"]);
    let conditions = (select(CONDITIONS.to_vec()), select(DATA_CONDITIONS.to_vec()), 0..4u8);
    (select(subjects), select(objects.to_vec()), actions, conditions, fields, 0..3u8).prop_map(
        |(subject, object, action, (condition, data_condition, kind), fields, effect)| {
            let condition =
                if kind == 0 && action != "read" && action != "delete" { data_condition } else { condition };
            let [object, action, condition] = [object, action, condition].map(str::to_owned);
            let effect = if effect == 0 { Effect::Deny } else { Effect::Allow };
            Rule { id: String::new(), subject, object, action, condition, fields: fields.join(","), effect }
        },
    )
}

/// Accounts in roles, and roles in roles without a circle: the later ones inherit the earlier.
fn memberships() -> impl Strategy<Value = Vec<Membership>> {
    let accounts = (0..ACCOUNTS).flat_map(|n| ROLES[2..].iter().map(move |role| (user(n), (*role).to_owned())));
    let between = (1..ROLES.len()).flat_map(|n| ROLES[..n].iter().map(move |role| (ROLES[n], *role)));
    let links = between.filter(|(_, role)| *role != "role:public");
    let links = links.map(|(member, role)| (member.to_owned(), role.to_owned()));
    let all: Vec<Membership> = accounts.chain(links).map(|(member, role)| Membership { member, role }).collect();
    subsequence(all, 0..=8)
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    let name = select(vec![Value::Null, Value::text("ant"), Value::text("bee")]);
    let level = select(vec![Value::Null, Value::Int(0), Value::Int(1), Value::Int(2)]);
    let open = select(vec![Value::Null, Value::Bool(true), Value::Bool(false)]);
    let owner = prop_oneof![Just(Value::Null), (0..ACCOUNTS).prop_map(|n| Value::Text(account(n).to_string()))];
    (name, level, open, owner).prop_map(|(name, level, open, owner)| vec![name, level, open, owner])
}

fn case() -> impl Strategy<Value = Case> {
    let rules = proptest::collection::vec(rule(), 0..14).prop_map(|mut rules| {
        for (n, rule) in rules.iter_mut().enumerate() {
            rule.id = n.to_string();
        }
        rules
    });
    let question = (select(vec!["notes", "notes", "note_topics"]), subsequence(FIELDS.to_vec(), 0..=3));
    (rules, memberships(), question, values(), values()).prop_map(
        |(rules, memberships, (collection, changed), stored, data)| Case {
            rules,
            memberships,
            collection,
            changed,
            stored,
            data,
        },
    )
}

fn record(values: &[Value]) -> Record {
    let at = now();
    Record { id: account(100), created_at: at, updated_at: at, revision: 1, values: values.to_vec() }
}

/// Who asks: nobody in particular, or an account.
#[derive(Debug, Clone, Copy)]
enum Who {
    Nobody,
    Account(u8),
}

impl Who {
    fn subject(self) -> String {
        match self {
            Self::Nobody => "role:public".to_owned(),
            Self::Account(number) => user(number),
        }
    }

    fn caller(self, catalog: &Catalog) -> Caller {
        let Self::Account(number) = self else { return Caller::anonymous() };
        let users = catalog.get("users").unwrap().clone();
        let record = Record { id: account(number), ..record(&[Value::Null]) };
        let (id, session, expires_at) = (record.id, String::new(), Instant::MAX);
        Caller::account(Arc::new(Account { id, session, expires_at, record, users }))
    }
}

/// Whether a rule's object covers a collection, by casbin's own globs.
fn covers(requested: Dynamic, object: Dynamic) -> Dynamic {
    glob_match(&requested.into_immutable_string().unwrap(), &object.into_immutable_string().unwrap()).into()
}

/// casbin with these rules, as its own documentation says it is used.
async fn casbin<'r>(rules: impl Iterator<Item = &'r Rule>, memberships: &[Membership]) -> Enforcer {
    let model = DefaultModel::from_str(MODEL).await.unwrap();
    let mut casbin = Enforcer::new(model, MemoryAdapter::default()).await.unwrap();
    casbin.add_function("objectMatch", OperatorFunction::Arg2(covers));
    for rule in rules {
        let effect = if rule.effect == Effect::Allow { "allow" } else { "deny" };
        let line = [&rule.subject, &rule.object, &rule.action, &rule.id, &rule.fields, effect];
        assert!(casbin.add_policy(line.map(str::to_owned).to_vec()).await.unwrap());
    }
    let built_in = [("role:user".to_owned(), "role:public".to_owned())];
    let everybody = (0..ACCOUNTS).map(|n| (user(n), "role:user".to_owned())).chain(built_in);
    let members = memberships.iter().map(|membership| (membership.member.clone(), membership.role.clone()));
    for (member, role) in everybody.chain(members) {
        // A membership that is there already is none the less.
        let _new = casbin.add_grouping_policy(vec![member, role]).await.unwrap();
    }
    casbin
}

/// What both sides are asked.
struct Question<'c> {
    case: &'c Case,
    catalog: &'c Catalog,
    collection: &'c Collection,
    action: Action,
    who: Who,
    bindings: Bindings,
    row: &'c Record,
    data: Option<&'c Record>,
}

impl Question<'_> {
    /// What casbin says if it knows the rules that hold here and that `matter`.
    async fn casbin_says(&self, matter: impl Fn(&Rule) -> bool) -> bool {
        let rules = self.case.rules.iter().filter(|rule| matter(rule) && self.holds(rule));
        let casbin = casbin(rules, &self.case.memberships).await;
        casbin.enforce((self.who.subject(), self.case.collection, self.action.as_str())).unwrap()
    }

    fn holds(&self, rule: &Rule) -> bool {
        let truth = match rule.condition_for(self.catalog, &self.collection.name) {
            Ok(None) => Truth::True,
            Ok(Some(condition)) => condition.bind(&self.bindings).eval(self.row, self.collection, self.data),
            Err(_) => Truth::Error,
        };
        truth == Truth::True || truth == Truth::Error && rule.effect == Effect::Deny
    }

    async fn check_read(&self, decision: &Decision) {
        let sight = decision.sight.bind(&self.bindings);
        let sees = self.casbin_says(|rule| rule.effect == Effect::Allow || rule.fields.is_empty()).await;
        assert_eq!(sight.admits(self.collection, self.row), Some(sees), "the row, {:?}", self.who);
        for field in FIELDS.iter().filter(|_| sees) {
            let shows = self.casbin_says(|rule| names(rule, field)).await;
            assert_eq!(sight.shows(field, self.collection, self.row), Some(shows), "{field}, {:?}", self.who);
        }
    }

    async fn check_write(&self, decision: &Decision) {
        let changed = if self.data.is_some() { self.case.changed.as_slice() } else { &[] };
        let matters = |rule: &Rule| {
            rule.effect == Effect::Allow || rule.fields.is_empty() || changed.iter().any(|field| names(rule, field))
        };
        let mut may = self.casbin_says(matters).await;
        for field in changed {
            may &= self.casbin_says(|rule| names(rule, field)).await;
        }
        let allowed = match decision.requirement(changed.iter().copied()) {
            Requirement::Nothing => true,
            Requirement::Impossible => false,
            Requirement::Holds(expr) => {
                expr.bind(&self.bindings).eval(self.row, self.collection, self.data) == Truth::True
            }
        };
        assert_eq!(allowed, may, "{:?}", self.who);
    }
}

fn names(rule: &Rule, field: &str) -> bool {
    rule.fields.is_empty() || rule.fields.split(',').any(|name| name == field)
}

/// Asks both sides for everybody.
async fn check(case: &Case, catalog: &Arc<Catalog>) {
    let state = State::of(catalog.clone(), case.rules.clone(), case.memberships.clone()).await.unwrap();
    let collection = catalog.get(case.collection).unwrap();
    let (stored, data) = (record(&case.stored), record(&case.data));
    let all = casbin(std::iter::empty(), &case.memberships).await;
    for who in [Who::Nobody].into_iter().chain((0..ACCOUNTS).map(Who::Account)) {
        let caller = who.caller(catalog);
        let standing = state.standing(&caller);
        let roles = roles(all.get_implicit_roles_for_user(&who.subject(), None), who);
        assert_eq!(standing.roles, roles, "the roles of {who:?}");
        let auth = caller.signed_in().map_or_else(
            || Auth::anonymous(roles.clone()),
            |account| Auth::account(&account.record, &account.users, roles.clone()),
        );
        let bindings = Bindings::new(auth, now());
        for action in ACTIONS {
            let (row, data) = match action {
                Action::Create => (&data, Some(&data)),
                Action::Update => (&stored, Some(&data)),
                _ => (&stored, None),
            };
            let bindings = bindings.clone();
            let question = Question { case, catalog, collection, action, who, bindings, row, data };
            let decision = state.decision(&standing, action, collection).unwrap();
            match action {
                Action::Read => question.check_read(&decision).await,
                _ => question.check_write(&decision).await,
            }
        }
    }
}

fn roles(found: Vec<String>, who: Who) -> Vec<String> {
    let own = matches!(who, Who::Nobody).then(|| "role:public".to_owned());
    let mut roles: Vec<String> =
        found.into_iter().chain(own).map(|role| role.trim_start_matches("role:").to_owned()).collect();
    roles.sort();
    roles.dedup();
    roles
}

#[test]
fn what_is_compiled_is_what_casbin_says_of_each_record() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let catalog = Arc::new(catalog());
    let mut runner = TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&case(), |case| {
            runtime.block_on(check(&case, &catalog));
            Ok(())
        })
        .unwrap();
}
