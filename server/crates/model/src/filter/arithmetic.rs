//! Arithmetic with CEL's meaning: what does not fit is an error, never a wrong number.
//!
//! Doubles part from CEL in one point, because Postgres raises an error where IEEE 754 has an infinity or nothing
//! left: a sum, product or quotient beyond about 10^307, one that shrinks below 10^-307, and a division by zero are
//! errors. The limits are checked on the operands by the very formula that SQL uses, so that the three readings
//! agree to the last bit.

use super::duration;
use super::tree::Arith;
use super::val::Val;

/// Results of doubles stay below this.
pub(crate) const HUGE: f64 = 1e307;
/// And what gets smaller stays above this, or is zero because an operand was.
pub(crate) const TINY: f64 = 1e-307;

/// `a op b`; none is an error.
pub(crate) fn apply<'a>(arith: Arith, a: &Val<'_>, b: &Val<'_>) -> Option<Val<'a>> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => ints(arith, *a, *b).map(Val::Int),
        (Val::Float(a), Val::Float(b)) => floats(arith, *a, *b).map(Val::Float),
        (Val::Text(a), Val::Text(b)) if arith == Arith::Add => Some(Val::Text(format!("{a}{b}").into())),
        (Val::Instant(a), Val::Duration(b)) | (Val::Duration(b), Val::Instant(a)) if arith == Arith::Add => {
            a.checked_add(*b).map(Val::Instant)
        }
        (Val::Instant(a), Val::Duration(b)) if arith == Arith::Subtract => a.checked_add(-*b).map(Val::Instant),
        (Val::Instant(a), Val::Instant(b)) if arith == Arith::Subtract => span(a.millis() - b.millis()),
        (Val::Duration(a), Val::Duration(b)) => match arith {
            Arith::Add => span(a + b),
            Arith::Subtract => span(a - b),
            _ => None,
        },
        _ => None,
    }
}

/// `-a`; none is an error.
pub(crate) fn negate<'a>(a: &Val<'_>) -> Option<Val<'a>> {
    match a {
        Val::Int(a) => a.checked_neg().map(Val::Int),
        Val::Float(a) => Some(Val::Float(-a)),
        _ => None,
    }
}

/// An integer as the nearest double, a double as the integer towards zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "rounding is what is asked for, and the range is checked"
)]
pub(crate) fn convert<'a>(a: &Val<'_>) -> Option<Val<'a>> {
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    match a {
        Val::Int(a) => Some(Val::Float(*a as f64)),
        Val::Float(a) if *a > -TWO_POW_63 && *a < TWO_POW_63 => Some(Val::Int(*a as i64)),
        _ => None,
    }
}

fn ints(arith: Arith, a: i64, b: i64) -> Option<i64> {
    match arith {
        Arith::Add => a.checked_add(b),
        Arith::Subtract => a.checked_sub(b),
        Arith::Multiply => a.checked_mul(b),
        Arith::Divide => a.checked_div(b),
        Arith::Remainder => a.checked_rem(b),
    }
}

fn floats(arith: Arith, a: f64, b: f64) -> Option<f64> {
    let (greater, lesser) = (a.abs().max(b.abs()), a.abs().min(b.abs()));
    let fits = match arith {
        Arith::Add | Arith::Subtract => greater <= HUGE,
        Arith::Multiply if greater >= 1.0 => lesser <= HUGE / greater,
        Arith::Multiply => lesser == 0.0 || lesser >= TINY / greater,
        Arith::Divide if b.abs() >= 1.0 => a == 0.0 || a.abs() >= TINY * b.abs(),
        Arith::Divide => b != 0.0 && a.abs() <= HUGE * b.abs(),
        Arith::Remainder => false,
    };
    fits.then(|| match arith {
        Arith::Add => a + b,
        Arith::Subtract => a - b,
        Arith::Multiply => a * b,
        _ => a / b,
    })
}

fn span<'a>(millis: i64) -> Option<Val<'a>> {
    (-duration::MAX..=duration::MAX).contains(&millis).then_some(Val::Duration(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overflows_is_an_error() {
        let int = |arith, a, b| ints(arith, a, b);
        assert_eq!(int(Arith::Add, i64::MAX, 1), None);
        assert_eq!(int(Arith::Divide, i64::MIN, -1), None);
        assert_eq!(int(Arith::Remainder, i64::MIN, -1), None);
        assert_eq!(int(Arith::Divide, 1, 0), None);
        assert_eq!(int(Arith::Divide, -7, 2), Some(-3));
        assert_eq!(int(Arith::Remainder, -7, 2), Some(-1));
    }

    #[test]
    fn doubles_beyond_the_limits_are_errors() {
        assert_eq!(floats(Arith::Multiply, 1e200, 1e200), None);
        assert_eq!(floats(Arith::Multiply, 1e-200, 1e-200), None);
        assert_eq!(floats(Arith::Divide, 1.0, 0.0), None);
        assert_eq!(floats(Arith::Divide, 0.0, 5.0), Some(0.0));
        assert_eq!(floats(Arith::Divide, 1.0, 4.0), Some(0.25));
    }
}
