//! What a closed connection means for the next one.

/// What to do after the server closed the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Connect again, after a pause.
    Retry,
    /// Renew the token first.
    Renew,
    /// It would end the same way again.
    GiveUp,
}

/// Reads a close code; the codes of Plinth begin at 4400.
pub(crate) fn next_after(code: u16) -> Next {
    match code {
        4401 => Next::Renew,
        1009 | 4400 | 4403 => Next::GiveUp,
        _ => Next::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_the_same_way_is_given_up() {
        assert_eq!([1000, 1006, 1012, 4408, 4429].map(next_after), [Next::Retry; 5]);
        assert_eq!(next_after(4401), Next::Renew);
        assert_eq!([1009, 4400, 4403].map(next_after), [Next::GiveUp; 3]);
    }
}
