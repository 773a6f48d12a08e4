//! Who asks the database: what its readers and connections are shared out by.
//!
//! It goes along with the task, not through the arguments of every verb between the edge and the driver: no verb does
//! anything else because of who asks, and one that forgot to hand it on would be as wrong as one that has no way to.
//! A task that is spawned begins without; where it goes on for somebody, its future is put into a [`scope`] again.

use std::cell::Cell;
use std::net::{IpAddr, Ipv6Addr};

use plinth_model::RecordId;

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// The server itself, before it knows or whoever asks: tokens, sign-ins, the change log. It goes first.
    Server,
    /// The groups of subscribers, for all their members: no member's other requests hold up what they share.
    Subscribers,
    /// An account.
    Account(RecordId),
    /// Somebody who did not sign in; see [`Asker::at`].
    Address(IpAddr),
}

impl Asker {
    /// Somebody at this address. Of IPv6, a network of 64 bits is one: whoever has an address there has all of them.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                IpAddr::V6(Ipv6Addr::from(network))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

tokio::task_local! {
    static ASKER: Cell<Asker>;
}

/// The same future, asking for somebody.
pub fn scope<F: Future>(asker: Asker, future: F) -> impl Future<Output = F::Output> {
    ASKER.scope(Cell::new(asker), future)
}

/// From here to the end of the innermost [`scope`], somebody else asks: who it is was found out. Outside of any,
/// nothing changes.
pub fn is_now(asker: Asker) {
    // Outside of a scope it is the server that asks, and goes on to.
    let _ = ASKER.try_with(|current| current.set(asker));
}

/// Who asks; the server, where nobody is named.
pub(crate) fn current() -> Asker {
    ASKER.try_with(Cell::get).unwrap_or(Asker::Server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Asker {
        Asker::at(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_one_asker_and_so_is_a_network_of_ipv6() {
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_eq!(at("2001:db8:0:1::1"), at("2001:db8:0:1:ffff::2"));
        assert_ne!(at("2001:db8:0:1::1"), at("2001:db8:0:2::1"));
    }

    #[tokio::test]
    async fn who_is_found_out_asks_until_the_scope_ends() {
        assert_eq!(current(), Asker::Server);
        scope(at("192.0.2.1"), async {
            assert_eq!(current(), at("192.0.2.1"));
            scope(Asker::Server, async { is_now(at("192.0.2.9")) }).await;
            assert_eq!(current(), at("192.0.2.1"));
            is_now(at("192.0.2.2"));
            tokio::task::yield_now().await;
            assert_eq!(current(), at("192.0.2.2"));
        })
        .await;
        assert_eq!(current(), Asker::Server);
    }
}
