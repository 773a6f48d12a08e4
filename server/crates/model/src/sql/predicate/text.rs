//! Questions about text, by bytes: no `like`, no locale.

use super::Renderer;
use super::names::{Named, is_simple};
use super::scope::Scope;
use super::value::Form::Plain;
use crate::filter::pattern::Pattern;
use crate::filter::tree::{Node, TextTest};
use crate::value::Value;

impl Renderer<'_> {
    /// `startsWith`, `endsWith`, `contains`; null if an operand is.
    pub(super) fn text_test<'s>(&mut self, test: TextTest, pair: &'s [Node; 2], scope: &Scope<'s>) {
        let [text, part] = pair;
        match (test, part.as_const()) {
            (_, Some(Value::Text(known))) if known.is_empty() => self.known_if_set(text, true, scope),
            (TextTest::StartsWith, Some(Value::Text(prefix))) if is_simple(text) => {
                self.prefix_range(text, prefix, scope)
            }
            (TextTest::EndsWith, Some(Value::Text(suffix))) => self.suffix(text, suffix, scope),
            (TextTest::EndsWith, _) => self.ends_with(pair, scope),
            (TextTest::StartsWith, _) => {
                self.either("instr(", "starts_with(");
                self.two(pair, scope);
                self.either(") = 1", ")");
            }
            (TextTest::Contains, _) => {
                self.either("instr(", "strpos(");
                self.two(pair, scope);
                self.w.sql(") > 0");
            }
        }
    }

    /// A fixed answer, unless the operand is an error.
    pub(super) fn known_if_set<'s>(&mut self, node: &'s Node, answer: bool, scope: &Scope<'s>) {
        self.w.sql("(");
        self.value(node, scope);
        self.w.sql(if answer { " is not null or " } else { " is null and " });
        self.error();
        self.w.sql(")");
    }

    /// Text that starts with a prefix lies between the prefix and the next text that does not: an index serves that.
    fn prefix_range<'s>(&mut self, text: &'s Node, prefix: &str, scope: &Scope<'s>) {
        self.w.sql("(");
        self.value(text, scope);
        self.w.sql(" >= ").bind(Value::text(prefix));
        self.postgres(" collate \"C\"");
        if let Some(next) = after_prefix(prefix) {
            self.w.sql(" and ");
            self.value(text, scope);
            self.w.sql(" < ").bind(Value::Text(next));
            self.postgres(" collate \"C\"");
        }
        self.w.sql(")");
    }

    fn suffix<'s>(&mut self, text: &'s Node, suffix: &str, scope: &Scope<'s>) {
        let length = suffix.chars().count();
        self.either("substr(", "right(");
        self.value(text, scope);
        self.either(", -", ", ");
        self.w.sql(&length.to_string()).sql(") = ").bind(Value::text(suffix));
    }

    fn ends_with<'s>(&mut self, pair: &'s [Node; 2], scope: &Scope<'s>) {
        let [text, part] = pair;
        if !self.is_sqlite() {
            self.w.sql("starts_with(reverse(");
            self.value(text, scope);
            self.w.sql("), reverse(");
            self.value(part, scope);
            self.w.sql("))");
            return;
        }
        self.named([text, part], Plain, scope, &mut |this, [text, part]| {
            let put = |this: &mut Self, named: &Named<'s>| this.put(named, Plain, scope);
            // The last 0 characters are, to SQLite, all of them.
            this.w.sql("case length(");
            put(this, &part);
            this.w.sql(") when 0 then ");
            put(this, &text);
            this.w.sql(" is not null or null else substr(");
            put(this, &text);
            this.w.sql(", -length(");
            put(this, &part);
            this.w.sql(")) = ");
            put(this, &part);
            this.w.sql(" end");
        });
    }

    fn two<'s>(&mut self, pair: &'s [Node; 2], scope: &Scope<'s>) {
        self.value(&pair[0], scope);
        self.w.sql(", ");
        self.value(&pair[1], scope);
    }

    /// `matches`: on SQLite by the function that the store registers, on Postgres by the translated pattern.
    pub(super) fn matches<'s>(&mut self, text: &'s Node, pattern: &Pattern, scope: &Scope<'s>) {
        if self.is_sqlite() {
            self.w.sql("plinth_matches(");
            self.value(text, scope);
            self.w.sql(", ").bind(Value::text(pattern.source())).sql(")");
        } else {
            self.value(text, scope);
            self.w.sql(" collate \"C\" ~ ").bind(Value::text(pattern.postgres()));
        }
    }
}

/// The least text that is greater than every text with this prefix; none if there is no such text.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut kept = prefix.to_owned();
    while let Some(last) = kept.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            kept.push(next);
            return Some(kept);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_text_is_greater_than_all_with_the_prefix() {
        assert_eq!(after_prefix("ab").as_deref(), Some("ac"));
        assert_eq!(after_prefix("a\u{D7FF}").as_deref(), Some("a\u{E000}"));
        assert_eq!(after_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_prefix("\u{10FFFF}"), None);
    }
}
