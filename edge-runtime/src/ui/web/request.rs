//! The context of a request: language, path, session.

use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap};
use axum::http::request::Parts;
use serde::Deserialize;

use super::site::{Access, Site};
use crate::ui::i18n::{Language, negotiate};

/// Name of the cookie that holds a chosen language.
const LANGUAGE_COOKIE: &str = "lang";
/// Name of the cookie that holds a session. The prefix makes browsers refuse it without `Secure`.
const SESSION_COOKIE: &str = "__Host-session";

#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The reader's language.
    pub language: Language,
    /// The language that was chosen with this very request.
    pub chosen: Option<Language>,
    /// The path, without the question behind it.
    pub path: String,
    /// Whether the page is on a network, where people sign in and out.
    pub network: bool,
}

#[derive(Deserialize)]
struct LanguageParam {
    lang: Option<String>,
}

impl RequestContext {
    pub(super) fn of(site: &Site, parts: &Parts) -> RequestContext {
        let asked = axum::extract::Query::<LanguageParam>::try_from_uri(&parts.uri).ok();
        let chosen = asked.and_then(|question| Language::from_code(question.0.lang?.as_str()));
        let kept = cookie(&parts.headers, LANGUAGE_COOKIE).and_then(Language::from_code);
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        RequestContext {
            language: negotiate(chosen.or(kept), site.language, accepted),
            chosen,
            path: parts.uri.path().to_owned(),
            network: matches!(site.access, Access::Network { .. }),
        }
    }
}

/// The session token of a request, if it has one.
pub(super) fn session(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// The header that keeps a language for a year.
pub(super) fn keep_language(language: Language, network: bool) -> String {
    let secure = if network { "; Secure" } else { "" };
    format!(
        "{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict{secure}",
        language.code()
    )
}

/// The header that stores a session token; an empty token ends the session.
pub(super) fn keep_session(word: &str, seconds: u64) -> String {
    format!("{SESSION_COOKIE}={word}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Strict")
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })
}
