//! How many connections one client has, so that none takes them all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections of one client at once: those of two browsers, which open six each.
pub const MAX_PER_CLIENT: usize = 12;

/// Counts connections by client.
#[derive(Debug, Clone, Default)]
pub struct ClientLimit(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place of a client; free again when it is dropped.
#[derive(Debug)]
pub struct ClientSlot {
    limit: ClientLimit,
    client: IpAddr,
}

impl ClientLimit {
    /// A place for a connection from this address; none if its client has as many as it may.
    pub fn take(&self, address: IpAddr) -> Option<ClientSlot> {
        let client = client(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        if *count >= MAX_PER_CLIENT {
            return None;
        }
        *count += 1;
        Some(ClientSlot { limit: self.clone(), client })
    }
}

impl Drop for ClientSlot {
    fn drop(&mut self) {
        let mut counts = self.limit.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

/// Whom an address belongs to: a host on IPv6 may use any address of its network of 64 bits.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_client_has_so_many_and_others_have_theirs() {
        let limit = ClientLimit::default();
        let take = |text: &str| limit.take(address(text));
        let mut held: Vec<_> = (0..MAX_PER_CLIENT).map(|_| take("10.0.0.1").expect("a place")).collect();
        assert!(take("10.0.0.1").is_none() && take("::ffff:10.0.0.1").is_none());
        assert!(take("10.0.0.2").is_some());
        held.pop();
        assert!(take("10.0.0.1").is_some());
        drop(held);
        assert!(limit.0.lock().expect("whole").is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn a_host_on_ipv6_is_one_client_whatever_address_it_uses() {
        let limit = ClientLimit::default();
        let held: Vec<_> = (0..MAX_PER_CLIENT)
            .map(|at| limit.take(address(&format!("2001:db8:1:2::{at:x}"))).expect("a place"))
            .collect();
        assert!(limit.take(address("2001:db8:1:2:ffff:ffff:ffff:ffff")).is_none());
        assert!(limit.take(address("2001:db8:1:3::1")).is_some());
        assert_eq!(held.len(), MAX_PER_CLIENT);
    }
}
