//! Responses.

use axum::body::Body;
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, WWW_AUTHENTICATE,
};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::Response;
use maud::Markup;

use super::denied::Denied;
use super::request::RequestContext;
use super::site::{PageFailure, Site};
use super::views;

pub fn page(status: StatusCode, page: Markup) -> Response {
    typed(status, "text/html; charset=utf-8", page.into_string())
}

/// Something of another type.
pub fn typed(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = HttpResponse::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// A file to download, with its name.
pub fn file(kind: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let mut response = typed(StatusCode::OK, kind, body);
    set(&mut response, CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}\""));
    response
}

/// A redirect to another page.
pub fn see(place: &str) -> Response {
    let mut response = typed(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    set(&mut response, LOCATION, place);
    response
}

/// Sets a header whose value this program made.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

/// The page of a failure.
pub(super) fn failed(site: &Site, context: &RequestContext, failed: &PageFailure) -> Response {
    let words = site.words(context.language);
    let (title, detail) = match failed {
        PageFailure::Store(error) => {
            tracing::warn!("page: {error}");
            (&words.page.store_unreadable, error.to_string())
        }
        PageFailure::NotFound => (&words.page.not_found, String::new()),
        PageFailure::Refused(why) => (&words.page.refused, why.clone()),
        PageFailure::Busy => (&words.page.too_busy, String::new()),
        PageFailure::Fault(error) => {
            tracing::error!("page: {error}");
            (&words.page.failed, error.clone())
        }
    };
    page(failed.status(), views::message(site, context, title, &detail))
}

/// Too many requests.
pub(super) fn busy(site: &Site, context: &RequestContext) -> Response {
    failed(site, context, &PageFailure::Busy)
}

/// The response to a request that was denied.
pub(super) fn denied(site: &Site, context: &RequestContext, denied: Denied) -> Response {
    let words = site.words(context.language);
    match denied {
        Denied::Host => page(
            StatusCode::MISDIRECTED_REQUEST,
            views::message(site, context, &words.page.refused, "Host: 127.0.0.1, localhost, [::1]"),
        ),
        Denied::Origin => {
            page(StatusCode::FORBIDDEN, views::message(site, context, &words.page.refused, "Origin"))
        }
        Denied::SignIn => see("/login"),
        Denied::Token => {
            let mut response = typed(
                StatusCode::UNAUTHORIZED,
                "text/plain; charset=utf-8",
                "401: bring the token as `Authorization: Bearer`\n",
            );
            set(&mut response, WWW_AUTHENTICATE, "Bearer realm=\"edge-runtime\"");
            response
        }
    }
}
