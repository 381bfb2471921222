//! Requests that are refused before a page answers.

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// It names another host than this device: somebody else's page, by DNS rebinding.
    Host,
    /// It would change something and comes from another page.
    Origin,
    /// A person must sign in.
    SignIn,
    /// A machine lacks the token.
    Token,
}
