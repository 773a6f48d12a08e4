//! A condition about a record of `users`, asked about the account that asks.
//!
//! A filter may read `auth.score` only where the rules let the account read that field of its own record. The
//! condition is about a record; here the record's fields become members of `auth`.

use std::sync::Arc;

use super::tree::{Node, Op, Row};
use super::walk::{self, Change};

/// The condition with the fields of its record replaced by the members of `auth`.
pub(crate) fn on_account(condition: &Node) -> Node {
    OnAccount.node(condition)
}

struct OnAccount;

impl Change for OnAccount {
    fn node(&self, node: &Node) -> Node {
        let op = match &node.op {
            Op::Field(Row::Own, field) => Op::Auth(field.name.clone()),
            op => walk::children(op, self),
        };
        Node { op, ..node.clone() }
    }

    fn condition(&self, condition: &Arc<Node>) -> Arc<Node> {
        condition.clone()
    }
}
