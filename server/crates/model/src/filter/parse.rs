//! Text to CEL's syntax tree, by the parser of the `cel` crate; what goes wrong is said in our own words.

use std::ops::Range;

use cel::common::ast::{Expr, IdedExpr, SourceInfo};

use super::error::{FilterError, FilterErrorCode};
use super::guard;
use super::source::Source;
use super::{MAX_DEPTH, MAX_TERMS};

/// A parsed expression with the places of its nodes.
pub(crate) struct Syntax<'s> {
    pub(crate) source: Source<'s>,
    pub(crate) root: IdedExpr,
    places: SourceInfo,
}

/// Parses, within the limits. Macros stay calls: `exists`, `all` and `has` are checked as they were written.
pub(crate) fn parse(text: &str) -> Result<Syntax<'_>, FilterError> {
    let source = Source::new(text);
    guard::check(&source)?;
    let parser = cel::Env::default().with_optional_support(false).parser();
    // The guard is the limit; the parser's own, which counts otherwise, must not be met before it.
    let limit = u16::try_from(8 * MAX_DEPTH).unwrap_or(u16::MAX);
    match parser.max_recursion_depth(limit).parse_with_source_info(text) {
        Ok((root, places)) => {
            let syntax = Syntax { source, root, places };
            syntax.check_size()?;
            Ok(syntax)
        }
        Err(errors) => Err(syntax_error(&source, errors.errors.first())),
    }
}

impl Syntax<'_> {
    /// The place of a node: of its operator, its dot or its opening bracket, if it has one.
    pub(crate) fn place(&self, node: &IdedExpr) -> Range<usize> {
        let end = self.source.text().len();
        let (start, stop) = self.places.offset_for(node.id).unwrap_or((0, 0));
        (start as usize).min(end)..(stop as usize + 1).min(end)
    }

    /// The place of the name of a field or function: behind the dot or before the bracket.
    pub(crate) fn name_place(&self, node: &IdedExpr) -> Range<usize> {
        let place = self.place(node);
        match &node.expr {
            Expr::Select(_) => self.source.name_after(place.start),
            Expr::Call(call) if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.source.name_before(place.start)
            }
            _ => place,
        }
    }

    /// An error at a node.
    pub(crate) fn invalid(&self, node: &IdedExpr, message: impl Into<String>) -> FilterError {
        self.source.invalid(self.name_place(node), message)
    }

    fn check_size(&self) -> Result<(), FilterError> {
        let mut terms = 0;
        let mut open = vec![(&self.root, 1)];
        while let Some((node, depth)) = open.pop() {
            terms += 1;
            if depth > MAX_DEPTH {
                return Err(guard::too_deep(&self.source, self.place(node)));
            }
            if terms > MAX_TERMS {
                let message = format!(
                    "an expression has at most {MAX_TERMS} names, values and operators: \
                    bind long lists as params"
                );
                return Err(self.source.error(self.place(node), FilterErrorCode::TooLarge, message));
            }
            let counted = children(node).filter(|child| !is_item(node, child));
            open.extend(counted.map(|child| (child, depth + usize::from(!continues(node, child)))));
        }
        Ok(())
    }
}

/// Whether a node goes on with its parent's `&&` or `||`: `a && b && c` is one level, however it was balanced.
fn continues(parent: &IdedExpr, child: &IdedExpr) -> bool {
    match (&parent.expr, &child.expr) {
        (Expr::Call(a), Expr::Call(b)) => matches!(a.func_name.as_str(), "_&&_" | "_||_") && a.func_name == b.func_name,
        _ => false,
    }
}

/// Whether a child is a plain value in a list: those are many and cost nothing.
fn is_item(parent: &IdedExpr, child: &IdedExpr) -> bool {
    matches!((&parent.expr, &child.expr), (Expr::List(_), Expr::Literal(_)))
}

fn children(node: &IdedExpr) -> Box<dyn Iterator<Item = &IdedExpr> + '_> {
    match &node.expr {
        Expr::Call(call) => Box::new(call.target.iter().map(AsRef::as_ref).chain(&call.args)),
        Expr::Select(select) => Box::new(std::iter::once(select.operand.as_ref())),
        Expr::List(list) => Box::new(list.elements.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The parser's error, told as what was found. It lists the tokens that it expected, which helps nobody.
fn syntax_error(source: &Source<'_>, error: Option<&cel::ParseError>) -> FilterError {
    let Some(error) = error else { return source.invalid(0..0, "this is no expression") };
    let number = |n: isize| usize::try_from(n).unwrap_or(0);
    let at = source.byte_at(number(error.pos.0), number(error.pos.1));
    let token = source.token_at(at);
    let found = &source.text()[token.clone()];
    if source.text().trim().is_empty() {
        return source.invalid(0..0, "the expression is empty");
    }
    let message = match (found, error.msg.as_str()) {
        ("", _) => "the expression ends too early".to_owned(),
        ("=", _) => "unexpected \"=\": compare with ==".to_owned(),
        // The guard has seen to it that every quote is closed.
        ("\"" | "'", _) => "this text has an escape that CEL does not know".to_owned(),
        ("&" | "|", _) => format!("unexpected \"{found}\": write {found}{found}"),
        _ if found.eq_ignore_ascii_case("and") => format!("unexpected \"{found}\": write && for it"),
        _ if found.eq_ignore_ascii_case("or") => format!("unexpected \"{found}\": write || for it"),
        _ if source.text()[..at].trim_end().ends_with("not") => format!("unexpected {found:?}: write ! for not"),
        (_, message) if message.starts_with("reserved identifier") => format!("\"{found}\" is a word of the language"),
        (_, message) if message.starts_with("invalid int") => "this integer does not fit 64 bits".to_owned(),
        (_, message) if message.starts_with("invalid uint") => "this integer does not fit 64 bits".to_owned(),
        (_, message) if message.starts_with("invalid double") => "this number is beyond a double".to_owned(),
        (_, message) if message.starts_with("invalid string") => {
            "this text has an escape that CEL does not know".to_owned()
        }
        _ => format!("unexpected {found:?}"),
    };
    source.invalid(token, message)
}
