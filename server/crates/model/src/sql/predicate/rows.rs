//! `exists` and `all`, over the items of lists and over the records that point at one.

use super::list::{is_certain, item_column};
use super::scope::{Alias, Scope, Table, Variable};
use super::{Renderer, Want};
use crate::filter::tree::{Quantified, Quantifier, Range, Rows};
use crate::sql::structure::link_table;

impl Renderer<'_> {
    /// `range.exists(x, body)` or `range.all(x, body)`.
    pub(super) fn quantified<'s>(&mut self, quantified: &'s Quantified, want: Want, scope: &Scope<'s>) {
        let operand = match &quantified.range {
            Range::Items(list) => list,
            Range::Rows(rows) => &rows.of,
        };
        self.atom(&[operand], want, scope, &mut |this, want, scope| match (want, quantified.quantifier) {
            (Want::Exact, _) => this.folded(quantified, scope),
            (Want::True, Quantifier::Exists) => this.some(quantified, "exists", "", want, scope),
            (Want::True, Quantifier::All) => {
                this.if_list(quantified, scope);
                this.some(quantified, "not exists", " is not true", want, scope);
            }
            (Want::False, Quantifier::Exists) => {
                this.w.sql("(");
                this.unless_list(quantified, scope);
                this.some(quantified, "exists", " is not false", want, scope);
                this.w.sql(")");
            }
            (Want::False, Quantifier::All) => this.some(quantified, "not exists", " is false", want, scope),
        });
    }

    /// `<list is there> and `, where that is not certain.
    fn if_list<'s>(&mut self, quantified: &'s Quantified, scope: &Scope<'s>) {
        if let Range::Items(list) = &quantified.range
            && !is_certain(list)
        {
            self.is_list(list, scope);
            self.w.sql(" and ");
        }
    }

    /// `(<list is there>) is not true or `, where that is not certain.
    fn unless_list<'s>(&mut self, quantified: &'s Quantified, scope: &Scope<'s>) {
        if let Range::Items(list) = &quantified.range
            && !is_certain(list)
        {
            self.w.sql("(");
            self.is_list(list, scope);
            self.w.sql(") is not true or ");
        }
    }

    /// `<word> (select 1 from <range> and (<body>)<test>)`.
    fn some<'s>(&mut self, quantified: &'s Quantified, word: &str, test: &str, want: Want, scope: &Scope<'s>) {
        let alias = self.alias();
        self.w.sql(word).sql(" (select 1 from ");
        let inner = scope.with_variable(quantified.slot, self.range(&quantified.range, alias, scope));
        self.w.sql(" and ");
        self.bracketed(&quantified.body, want, &inner);
        self.w.sql(test).sql(")");
    }

    /// The three-valued answer: the items' answers as numbers, of which the greatest or the least decides.
    fn folded<'s>(&mut self, quantified: &'s Quantified, scope: &Scope<'s>) {
        let uncertain = matches!(&quantified.range, Range::Items(list) if !is_certain(list));
        if uncertain && let Range::Items(list) = &quantified.range {
            self.w.sql("case when ");
            self.is_list(list, scope);
            self.w.sql(" then ");
        }
        let fold = match quantified.quantifier {
            Quantifier::Exists => "(select case max(\"v\") when 2 then true when 1 then null else false end",
            Quantifier::All => "(select case min(\"v\") when 0 then false when 1 then null else true end",
        };
        let alias = self.alias();
        let inner = scope.with_variable(quantified.slot, variable(&quantified.range, alias, scope));
        // Two steps, since an aggregate over columns of the outer query alone would belong to the outer query.
        self.w.sql(fold).sql(" from (select case ");
        self.bracketed(&quantified.body, Want::Exact, &inner);
        self.w.sql(" when true then 2 when false then 0 else 1 end as \"v\" from ");
        self.range(&quantified.range, alias, scope);
        self.w.sql(") as ");
        let folded = self.alias();
        self.put_alias(folded);
        self.w.sql(")");
        if uncertain {
            self.w.sql(" end");
        }
    }

    /// `<from> where <condition>`, and the variable that it makes.
    fn range<'s>(&mut self, range: &'s Range, alias: Alias<'s>, scope: &Scope<'s>) -> Variable<'s> {
        match range {
            Range::Items(list) => self.unfold(list, alias, scope),
            Range::Rows(rows) => self.rows(rows, alias, scope),
        }
        variable(range, alias, scope)
    }

    /// `<table> as a where <it points here> and <it may be reached>`.
    fn rows<'s>(&mut self, rows: &'s Rows, alias: Alias<'s>, scope: &Scope<'s>) {
        self.w.ident(&rows.collection).sql(" as ");
        self.put_alias(alias);
        self.w.sql(" where ");
        if rows.many {
            self.column(alias, "id");
            self.w.sql(" in (select \"source\" from ").ident(&link_table(&rows.collection, &rows.field));
            self.w.sql(" where \"target\" = ");
            self.value(&rows.of, scope);
            self.w.sql(")");
        } else {
            self.column(alias, &rows.field);
            self.w.sql(" = ");
            self.value(&rows.of, scope);
        }
        self.guard(&rows.guard, alias, &rows.collection);
    }

    /// How many records point at one.
    pub(super) fn count<'s>(&mut self, rows: &'s Rows, scope: &Scope<'s>) {
        self.w.sql("(select count(*) from ");
        let alias = self.alias();
        self.rows(rows, alias, scope);
        self.w.sql(")");
    }
}

/// What the variable of a range is, under this alias.
fn variable<'s>(range: &'s Range, alias: Alias<'s>, scope: &Scope<'s>) -> Variable<'s> {
    match range {
        Range::Items(list) => Variable::Item(alias, item_column(list, scope)),
        Range::Rows(rows) => Variable::Row(Table { alias, collection: &rows.collection }),
    }
}
