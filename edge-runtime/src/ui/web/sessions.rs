//! Sessions of people who have signed in: random tokens in cookies, with an end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::crypto::ring::default_provider;
use subtle::ConstantTimeEq;
use xray_core::hex;

use super::token::hash;

/// How long a session lasts: a shift.
pub const SESSION_DURATION: Duration = Duration::from_secs(12 * 3600);
/// As many as there are phones in a ward; a further one ends the oldest.
const MAX_SESSIONS: usize = 32;

struct Session {
    hash: [u8; 32],
    until: Instant,
}

/// The sessions of this run; none outlives the program.
#[derive(Default)]
pub struct Sessions(Mutex<VecDeque<Session>>);

impl Sessions {
    /// Begins one and gives its token; none if the system has no random numbers.
    pub fn begin(&self, now: Instant) -> Option<String> {
        let mut random = [0; 32];
        default_provider().secure_random.fill(&mut random).ok()?;
        let word = hex(&random);
        let mut all = self.all();
        all.retain(|session| session.until > now);
        while all.len() >= MAX_SESSIONS {
            all.pop_front();
        }
        all.push_back(Session { hash: hash(&word), until: now + SESSION_DURATION });
        Some(word)
    }

    /// Whether a token is that of a session which has not ended.
    pub fn holds(&self, word: &str, now: Instant) -> bool {
        let given = hash(word);
        self.all().iter().any(|session| session.until > now && bool::from(session.hash.ct_eq(&given)))
    }

    /// Ends the session of a token.
    pub fn end(&self, word: &str) {
        let given = hash(word);
        self.all().retain(|session| !bool::from(session.hash.ct_eq(&given)));
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_told_to_when_its_time_is_over_and_when_there_are_too_many() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let first = sessions.begin(now).expect("a word");
        assert_eq!(first.len(), 64);
        assert!(sessions.holds(&first, now) && !sessions.holds("", now));
        assert!(!sessions.holds(&first, now + SESSION_DURATION));
        let second = sessions.begin(now).expect("a word");
        assert_ne!(first, second);
        sessions.end(&second);
        assert!(!sessions.holds(&second, now) && sessions.holds(&first, now));
        for _ in 0..MAX_SESSIONS {
            sessions.begin(now).expect("a word");
        }
        assert!(!sessions.holds(&first, now));
    }
}
