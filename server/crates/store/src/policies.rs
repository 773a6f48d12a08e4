//! `_policies` and `_roles`: the policy rules and who is a member of which role, in casbin's terms `p` and `g`.
//!
//! Every change of either is logged, so that every node loads them again.

use plinth_model::{ChangeKind, Dialect, Instant, RecordId, Value};
use serde_json::json;

use crate::error::Error;
use crate::store::Store;
use crate::system::{Row, Step, SystemChange};

/// A rule as it is stored. Its meaning is the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// Its id.
    pub id: String,
    /// Whom it is about.
    pub subject: String,
    /// What it is about.
    pub object: String,
    /// What is done.
    pub action: String,
    /// A CEL condition, or empty.
    pub condition: String,
    /// Fields with commas between, or empty.
    pub fields: String,
    /// `allow` or `deny`.
    pub effect: String,
}

/// One membership: `user:ID` or `role:NAME` in `role:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub member: String,
    /// In which role.
    pub role: String,
}

impl Store {
    /// All rules, in the order in which they were made.
    pub async fn policies(&self) -> Result<Vec<StoredRule>, Error> {
        let sql = "select id, subject, object, action, condition, fields, effect
            from _policies
            order by position, id";
        self.query(sql, Vec::new()).await?.iter().map(read_rule).collect()
    }

    /// Whether there is an administrator who can sign in: see [`keep_administrator`].
    pub async fn has_administrator(&self) -> Result<bool, Error> {
        Ok(!self.query(ADMINISTRATOR, Vec::new()).await?.is_empty())
    }

    /// All memberships.
    pub async fn memberships(&self) -> Result<Vec<Membership>, Error> {
        let rows = self.query("select member, role from _roles order by role, member", Vec::new()).await?;
        let read = |row: &Row| Ok(Membership { member: row.text(0)?.to_owned(), role: row.text(1)?.to_owned() });
        rows.iter().map(read).collect()
    }
}

/// An account that is a member of `role:admin`, itself or through other roles, and not disabled.
const ADMINISTRATOR: &str = "with recursive below (name) as (
        select role from _roles where role = 'role:admin'
        union
        select r.member from _roles r join below b on r.role = b.name
    )
    select 1
    from below b join _accounts a on b.name = 'user:' || a.id join users u on u.id = a.id
    where a.disabled = 0
    limit 1";

/// Stores a new rule behind all others.
pub fn insert_policy(rule: &StoredRule, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "insert into _policies (id, position, subject, object, action, condition, fields, effect)
        values ($1, (select coalesce(max(position), 0) + 1 from _policies), $2, $3, $4, $5, $6, $7)";
    [Step::run_one(sql, columns(rule)), logged_rule(ChangeKind::Create, None, Some(rule), by, at)]
}

/// Stores a rule anew. Expects it to exist.
pub fn update_policy(old: &StoredRule, rule: &StoredRule, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "update _policies
        set subject = $2, object = $3, action = $4, condition = $5, fields = $6, effect = $7
        where id = $1";
    [Step::run_one(sql, columns(rule)), logged_rule(ChangeKind::Update, Some(old), Some(rule), by, at)]
}

/// Removes a rule. Expects it to exist.
pub fn delete_policy(rule: &StoredRule, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "delete from _policies where id = $1";
    [Step::run_one(sql, vec![Value::text(&rule.id)]), logged_rule(ChangeKind::Delete, Some(rule), None, by, at)]
}

/// Puts these rules, in this order, in the place of all: few statements, however many rules there are.
pub fn replace_policies(rules: &[StoredRule], by: Option<RecordId>, at: Instant) -> Vec<Step> {
    let mut steps = vec![Step::run("delete from _policies", Vec::new())];
    let mut position = 0;
    for some in rules.chunks(ROWS) {
        steps.push(insert_many(some, &mut position));
    }
    steps.push(logged("_policies", "*", ChangeKind::Update, by, at));
    steps
}

/// Rows of one statement: with 8 values each, far below what either database takes.
const ROWS: usize = 500;

fn insert_many(rules: &[StoredRule], position: &mut i64) -> Step {
    let mut args = Vec::with_capacity(rules.len() * 8);
    let mut rows = Vec::with_capacity(rules.len());
    for rule in rules {
        *position += 1;
        let before = args.len();
        args.push(Value::Int(*position));
        args.extend(columns(rule));
        let row: Vec<String> = (before + 1..=args.len()).map(|n| format!("${n}")).collect();
        rows.push(format!("({})", row.join(", ")));
    }
    let into = "insert into _policies (position, id, subject, object, action, condition, fields, effect) values ";
    Step::run(format!("{into}{}", rows.join(", ")), args)
}

/// Lets nobody else change memberships until the transaction ends, so that what is required of them together stays
/// true. To stand before everything that writes `_roles` or `_accounts`. SQLite has one writer anyway. The log comes
/// first, as for whoever changes rules or definitions: else each of two could have what the other waits for.
pub fn hold_memberships(dialect: Dialect) -> Vec<Step> {
    match dialect {
        Dialect::Sqlite => Vec::new(),
        Dialect::Postgres => {
            let locks = ["_changes in row exclusive mode", "_roles in share row exclusive mode"];
            locks.map(|lock| Step::run(format!("lock table {lock}"), Vec::new())).into()
        }
    }
}

/// Requires that an administrator is left who can sign in.
pub fn keep_administrator() -> Step {
    Step::require(ADMINISTRATOR, Vec::new())
}

/// Who inherits from whom: what is stored, and that every account is also everybody.
const LINKS: &str = "with recursive links (member, role) as (
            select member, role from _roles
            union all
            select 'role:user', 'role:public'
        )";

/// Requires of a membership that was just made that nobody inherits themselves by it.
pub fn without_cycle(member: &str, role: &str) -> Step {
    let sql = format!(
        "{LINKS}, above (name) as (
            select role from _roles where member = $1 and role = $2
            union
            select l.role from links l join above a on l.member = a.name
        )
        select 1 where not exists (select 1 from above where name = $1)"
    );
    Step::require(sql, vec![Value::text(member), Value::text(role)])
}

/// Requires of a membership that was just made that no chain of roles through it has more than `most` of them.
pub fn within_depth(member: &str, role: &str, most: usize) -> Step {
    let sql = format!(
        "{LINKS}, above (name, depth) as (
            select role, 1 from _roles where member = $1 and role = $2
            union
            select l.role, a.depth + 1 from links l join above a on l.member = a.name where a.depth <= {most}
        ), below (name, depth) as (
            select member, 1 from _roles where member = $1 and role = $2 and substr(member, 1, 5) = 'role:'
            union
            select l.member, b.depth + 1
            from links l join below b on l.role = b.name
            where substr(l.member, 1, 5) = 'role:' and b.depth <= {most}
        )
        select 1 where (select max(depth) from above) + (select coalesce(max(depth), 0) from below) <= {most}"
    );
    Step::require(sql, vec![Value::text(member), Value::text(role)])
}

/// Makes somebody a member of a role; nothing happens if they are.
pub fn insert_membership(member: &str, role: &str, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "insert into _roles (member, role) values ($1, $2) on conflict do nothing";
    [Step::run(sql, vec![Value::text(member), Value::text(role)]), logged("_roles", member, ChangeKind::Create, by, at)]
}

/// Ends a membership; nothing happens if there is none.
pub fn delete_membership(member: &str, role: &str, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "delete from _roles where member = $1 and role = $2";
    [Step::run(sql, vec![Value::text(member), Value::text(role)]), logged("_roles", member, ChangeKind::Delete, by, at)]
}

/// Ends all memberships of somebody and the rules about them alone, as when an account goes.
pub fn forget_subject(subject: &str, by: Option<RecordId>, at: Instant) -> [Step; 3] {
    [
        Step::run("delete from _roles where member = $1", vec![Value::text(subject)]),
        Step::run("delete from _policies where subject = $1", vec![Value::text(subject)]),
        logged("_roles", subject, ChangeKind::Delete, by, at),
    ]
}

/// Removes the rules about exactly this object, as when a collection goes.
pub fn forget_object(object: &str, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "delete from _policies where object = $1";
    [Step::run(sql, vec![Value::text(object)]), logged("_policies", object, ChangeKind::Delete, by, at)]
}

/// Points the rules about exactly this object at its new name.
pub fn rename_object(from: &str, to: &str, by: Option<RecordId>, at: Instant) -> [Step; 2] {
    let sql = "update _policies set object = $2 where object = $1";
    [Step::run(sql, vec![Value::text(from), Value::text(to)]), logged("_policies", to, ChangeKind::Update, by, at)]
}

fn columns(rule: &StoredRule) -> Vec<Value> {
    let texts = [&rule.id, &rule.subject, &rule.object, &rule.action, &rule.condition, &rule.fields, &rule.effect];
    texts.map(Value::text).to_vec()
}

fn read_rule(row: &Row) -> Result<StoredRule, Error> {
    Ok(StoredRule {
        id: row.text(0)?.to_owned(),
        subject: row.text(1)?.to_owned(),
        object: row.text(2)?.to_owned(),
        action: row.text(3)?.to_owned(),
        condition: row.text(4)?.to_owned(),
        fields: row.text(5)?.to_owned(),
        effect: row.text(6)?.to_owned(),
    })
}

/// The log holds of a rule whom and what it is about, so that whoever follows it knows whether it concerns them.
fn logged_rule(
    kind: ChangeKind,
    before: Option<&StoredRule>,
    after: Option<&StoredRule>,
    by: Option<RecordId>,
    at: Instant,
) -> Step {
    let id = after.or(before).map(|rule| rule.id.clone()).unwrap_or_default();
    let image = |rule: &StoredRule| json!({ "subject": rule.subject, "object": rule.object }).to_string();
    let (before, after) = (before.map(image), after.map(image));
    Step::Log(SystemChange { table: "_policies".into(), id, kind, before, after, at, by })
}

fn logged(table: &'static str, id: &str, kind: ChangeKind, by: Option<RecordId>, at: Instant) -> Step {
    Step::Log(SystemChange { table: table.into(), id: id.to_owned(), kind, before: None, after: None, at, by })
}
