//! Following relations: a comparison that reads a field behind a relation becomes a subselect around it.
//!
//! `author.team == x` is `exists (select 1 from users h where h.id = t.author and h.team = x)`. Without a row there
//! (the relation is unset, leads nowhere, or leads to what the asker may not see) there is no answer, which is the
//! error that it should be; and a field that is null *in* that row is still compared as null.

use super::scope::{Alias, Scope};
use super::{Renderer, Want};
use crate::filter::tree::{Guard, Hop, Node, Op, Row};

impl<'w> Renderer<'w> {
    /// Writes a condition over these operands, with the relations that they follow joined around it.
    pub(super) fn atom<'s>(
        &mut self,
        operands: &[&'s Node],
        want: Want,
        scope: &Scope<'s>,
        write: &mut dyn FnMut(&mut Renderer<'w>, Want, &Scope<'s>),
    ) {
        let hops = hops(operands, scope);
        if hops.is_empty() {
            return write(self, want, scope);
        }
        let (inner, aliases) = self.follow(&hops, scope);
        match want {
            Want::Exact => {
                self.w.sql("(select ");
                write(self, Want::Exact, &inner);
                self.from_where(&hops, &aliases, &inner);
            }
            Want::True => {
                self.w.sql("exists (select 1");
                self.from_where(&hops, &aliases, &inner);
                self.w.sql(" and (");
                write(self, Want::True, &inner);
                self.w.sql(")");
            }
            Want::False => {
                self.w.sql("not exists (select 1");
                self.from_where(&hops, &aliases, &inner);
                self.w.sql(" and not (");
                write(self, Want::False, &inner);
                self.w.sql(")");
            }
        }
        self.w.sql(")");
    }

    /// Writes a value, with the relations that it follows joined around it.
    pub(super) fn reached_value<'s>(
        &mut self,
        node: &'s Node,
        scope: &Scope<'s>,
        write: &mut dyn FnMut(&mut Renderer<'w>, &Scope<'s>),
    ) {
        let hops = hops(&[node], scope);
        if hops.is_empty() {
            return write(self, scope);
        }
        let (inner, aliases) = self.follow(&hops, scope);
        self.w.sql("(select ");
        write(self, &inner);
        self.from_where(&hops, &aliases, &inner);
        self.w.sql(")");
    }

    fn follow<'s>(&mut self, hops: &[&'s Hop], scope: &Scope<'s>) -> (Scope<'s>, Vec<Alias<'s>>) {
        let mut inner = scope.clone();
        let mut aliases = Vec::with_capacity(hops.len());
        for hop in hops {
            let alias = self.alias();
            inner = inner.with_hop(hop, alias);
            aliases.push(alias);
        }
        (inner, aliases)
    }

    fn from_where<'s>(&mut self, hops: &[&'s Hop], aliases: &[Alias<'s>], inner: &Scope<'s>) {
        self.w.sql(" from ");
        for (n, (hop, alias)) in hops.iter().zip(aliases).enumerate() {
            self.w.sql(if n > 0 { ", " } else { "" }).ident(&hop.collection).sql(" as ");
            self.put_alias(*alias);
        }
        for (n, (hop, alias)) in hops.iter().zip(aliases).enumerate() {
            self.w.sql(if n > 0 { " and " } else { " where " });
            self.column(*alias, "id");
            self.w.sql(" = ");
            self.value(&hop.key, inner);
            self.guard(&hop.guard, *alias, &hop.collection);
        }
    }

    /// ` and …`: which records of a table may be reached.
    pub(super) fn guard<'s>(&mut self, guard: &'s Guard, alias: Alias<'s>, collection: &'s str) {
        match guard {
            Guard::Open => {}
            Guard::Closed => {
                self.w.sql(" and false");
            }
            Guard::When(condition) => {
                self.w.sql(" and (");
                self.condition(condition, Want::True, &Scope::new(alias, collection));
                self.w.sql(")");
            }
        }
    }
}

/// The relations that these operands follow and that are not followed yet, each behind those it depends on.
fn hops<'s>(operands: &[&'s Node], scope: &Scope<'s>) -> Vec<&'s Hop> {
    let mut found = Vec::new();
    operands.iter().for_each(|node| collect(node, scope, &mut found));
    found
}

/// Goes as far as a missing record is an error of the whole: not into conditions, which absorb errors, nor into
/// the branches of conditionals, of which only one counts.
fn collect<'s>(node: &'s Node, scope: &Scope<'s>, found: &mut Vec<&'s Hop>) {
    match &node.op {
        Op::Field(Row::Hop(hop), _) => {
            collect(&hop.key, scope, found);
            if !scope.reaches(hop) && !found.contains(&hop.as_ref()) {
                found.push(hop);
            }
        }
        Op::Shown(_, _, part)
        | Op::Pick(part, _)
        | Op::As(part)
        | Op::Convert(part)
        | Op::Negate(part)
        | Op::Case(_, part)
        | Op::Size(part) => collect(part, scope, found),
        Op::Arith(_, pair) => pair.iter().for_each(|part| collect(part, scope, found)),
        Op::List(parts) => parts.iter().for_each(|part| collect(part, scope, found)),
        Op::Count(rows) => collect(&rows.of, scope, found),
        _ => {}
    }
}
