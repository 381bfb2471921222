//! Throttling of logins: each wrong access word takes a second, in which no other from the same address is checked.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::token::Token;

/// The delay after a wrong access word.
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(1);

/// Where a connection comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(pub(super) IpAddr);

impl Default for Peer {
    fn default() -> Self {
        Peer(Ipv4Addr::UNSPECIFIED.into())
    }
}

type Queue = Arc<tokio::sync::Mutex<()>>;

/// The addresses that are signing in now. Each has a queue of its own, so that none keeps others from signing in, and is
/// held only while it waits, so that there are never many.
#[derive(Default)]
pub(super) struct LoginThrottle(Mutex<HashMap<Peer, Queue>>);

impl LoginThrottle {
    /// Whether `given` is the access word.
    pub(super) async fn accepts(&self, token: &Token, given: &str, peer: Peer) -> bool {
        let queue = self.queue(peer).lock_owned().await;
        if token.is(given) {
            return true;
        }
        // In a task of its own: the delay goes on although the client hangs up.
        let pause = tokio::spawn(async move {
            sleep(FAILED_LOGIN_DELAY).await;
            drop(queue);
        });
        let _ = pause.await;
        false
    }

    fn queue(&self, peer: Peer) -> Queue {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, queue| Arc::strong_count(queue) > 1);
        all.entry(peer).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;

    #[test]
    fn a_wrong_word_costs_its_second_though_the_connection_ends_and_costs_others_nothing() {
        let (throttle, token) = (LoginThrottle::default(), Token::new("correct-horse-battery"));
        let (one, two) = (Peer([10, 0, 0, 1].into()), Peer([10, 0, 0, 2].into()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut asked = Box::pin(throttle.accepts(&token, "wrong", one));
            let answered = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_ready())).await;
            assert!(!answered);
            drop(asked);
            assert!(throttle.queue(one).try_lock().is_err(), "hanging up does not end the pause");
            assert!(
                throttle.accepts(&token, "correct-horse-battery", two).await,
                "another address is let in"
            );
            assert!(throttle.queue(one).try_lock().is_err(), "and did not wait for the first");
            assert!(
                throttle.accepts(&token, "correct-horse-battery", one).await,
                "which is let in after its pause"
            );
        });
        assert!(throttle.0.lock().expect("whole").len() <= 1);
    }
}
