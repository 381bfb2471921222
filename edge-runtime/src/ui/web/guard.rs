//! Checks on every request: limits, host, origin, session or token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, HOST, HeaderMap, HeaderValue, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::timeout;

use super::denied::Denied;
use super::headers;
use super::request::{RequestContext, keep_language, session};
use super::respond;
use super::site::{Access, Site};

/// Longest time for an answer; the store is waited for ten seconds.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// Checks a request, and sets the headers of every response.
pub(super) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let context = RequestContext::of(&site, &parts);
    let mut response = match admit(&site.access, &parts).await {
        Ok(()) => {
            let mut request = Request::from_parts(parts, body);
            request.extensions_mut().insert(context.clone());
            match timeout(RESPONSE_TIMEOUT, next.run(request)).await {
                Ok(response) => response,
                Err(_) => respond::busy(&site, &context),
            }
        }
        Err(denied) => respond::denied(&site, &context, denied),
    };
    headers::set(response.headers_mut(), &site.policy);
    if let Some(language) = context.chosen
        && let Ok(cookie) = HeaderValue::from_str(&keep_language(language, context.network))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn admit(access: &Access, parts: &Parts) -> Result<(), Denied> {
    if parts.method == Method::POST && !same_origin(&parts.headers) {
        return Err(Denied::Origin);
    }
    match access {
        Access::Local if names_this_device(&parts.uri, &parts.headers) => Ok(()),
        Access::Local => Err(Denied::Host),
        Access::Network { .. } if parts.uri.path() == "/login" => Ok(()),
        Access::Network { token, sessions, throttle } => {
            if session(&parts.headers).is_some_and(|word| sessions.holds(word, Instant::now())) {
                return Ok(());
            }
            if let Some(word) = bearer(&parts.headers) {
                let peer = parts.extensions.get().copied().unwrap_or_default();
                let right = throttle.accepts(token, word, peer).await;
                return if right { Ok(()) } else { Err(Denied::Token) };
            }
            let reads_pages =
                |value: &HeaderValue| value.to_str().is_ok_and(|text| text.contains("text/html"));
            let person = parts.headers.get(ACCEPT).is_some_and(reads_pages);
            Err(if person { Denied::SignIn } else { Denied::Token })
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, word) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| word.trim())
}

/// Whether a request to the loopback names it. A page from elsewhere whose name was bound to 127.0.0.1 afterwards names
/// its own host.
fn names_this_device(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next().and_then(|host| host.to_str().ok()), hosts.next()) else {
        return false;
    };
    let authority = uri.authority().map(|authority| authority.as_str());
    authority.is_none_or(is_loopback) && is_loopback(host)
}

/// Whether `host:port` is this device. Any port: it may be forwarded.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(address) => {
            let Some((address, port)) = address.split_once(']') else { return false };
            if !(port.is_empty() || port.strip_prefix(':').is_some_and(is_port)) {
                return false;
            }
            return address.parse::<std::net::Ipv6Addr>().is_ok_and(|address| address.is_loopback());
        }
        None => match host.rsplit_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return false,
            None => host,
        },
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Whether a form was sent from a page of this device. Browsers send its origin; a client without one is no browser.
fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    let Some(origin) = text(ORIGIN.as_str()) else { return true };
    let host = text(HOST.as_str()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, from)| !host.is_empty() && from.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn only_names_of_this_device_are_taken() {
        for host in
            ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.0.0.1", "127.1.2.3", "[::1]", "[::1]:80"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "localhost:",
            "localhost:x",
            "127.0.0.1.nip.io",
            "[::1",
            "[::1]x",
            "[::2]",
            "192.168.1.1",
            "0.0.0.0",
            "localhost:80:80",
            "127.0.0.1:99999",
            "localhost@evil.example",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
        let uri: Uri = "/".parse().expect("a path");
        assert!(names_this_device(&uri, &headers(&[("host", "localhost")])));
        assert!(!names_this_device(&uri, &headers(&[])));
        assert!(!names_this_device(&uri, &headers(&[("host", "localhost"), ("host", "evil.example")])));
        let absolute: Uri = "http://evil.example/".parse().expect("an address");
        assert!(!names_this_device(&absolute, &headers(&[("host", "localhost")])));
    }

    #[test]
    fn forms_come_from_our_own_pages() {
        for (lines, ours) in [
            (&[][..], true),
            (&[("host", "localhost:8080"), ("origin", "http://localhost:8080")], true),
            (&[("host", "localhost:8080"), ("origin", "http://evil.example")], false),
            (&[("host", "localhost:8080"), ("origin", "null")], false),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "localhost:8080"), ("sec-fetch-site", "same-origin")], true),
            (&[("origin", "http://localhost:8080")], false),
        ] {
            assert_eq!(same_origin(&headers(lines)), ours, "{lines:?}");
        }
    }

    #[test]
    fn a_token_is_brought_as_bearer() {
        assert_eq!(bearer(&headers(&[("authorization", "Bearer abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "bearer  abc")])), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
        assert_eq!(bearer(&headers(&[("authorization", "Bearer")])), None);
    }
}
