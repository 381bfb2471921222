//! The paths of the page.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Extension, Form, Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, middleware};
use serde::Deserialize;

use super::cache::PictureKey;
use super::guard::guard;
use super::health::HealthReport;
use super::login_throttle::Peer;
use super::metrics;
use super::query::{self, RecordListParams};
use super::request::{RequestContext, keep_session};
use super::respond;
use super::sessions::SESSION_DURATION;
use super::site::{Access, PageFailure, Site};
use super::views;
use crate::records::mark_one_reported;

/// Longest form, in bytes: a token and its name.
const MAX_FORM_BYTES: usize = 4096;

/// All paths, behind the guard.
pub(super) fn router(site: Arc<Site>) -> Router {
    let router = Router::new()
        .route("/", get(home))
        .route("/live", get(status))
        .route("/records", get(records))
        .route("/records.csv", get(csv))
        .route("/records/{sequence}", get(record))
        .route("/records/{sequence}/image.jpg", get(image))
        .route("/records/{sequence}/heat.png", get(heat))
        .route("/records/{sequence}/report", get(report))
        .route("/records/{sequence}/reported", post(reported))
        .route("/about", get(about))
        .route("/healthz", get(healthz))
        .route("/metrics", get(numbers));
    let router = router
        .route("/records/{sequence}/image.dcm", get(capture))
        .route("/records/{sequence}/report.dcm", get(structured));
    let router = match &site.access {
        Access::Local => router,
        Access::Network { .. } => {
            router.route("/login", get(sign_in).post(login)).route("/logout", post(logout))
        }
    };
    router
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

/// The response, or what went wrong as a page.
fn or_failed(site: &Site, context: &RequestContext, done: Result<Response, PageFailure>) -> Response {
    done.unwrap_or_else(|failed| respond::failed(site, context, &failed))
}

async fn home(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    // One snapshot: what is drawn is what was asked for.
    let snapshot = site.device.status.snapshot();
    let view = query::latest(&site, &snapshot).await;
    respond::page(StatusCode::OK, views::home(&site, &context, &snapshot, &view))
}

async fn status(State(site): State<Arc<Site>>) -> Response {
    let snapshot = site.device.status.snapshot();
    let state = views::state(&site.device.status.health(&snapshot), &snapshot);
    respond::typed(StatusCode::OK, "text/plain; charset=utf-8", state)
}

async fn records(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Query(question): Query<RecordListParams>,
) -> Response {
    let listed = query::listing(&site, site.words(context.language), question).await;
    let page = listed.map(|listing| respond::page(StatusCode::OK, views::list(&site, &context, &listing)));
    or_failed(&site, &context, page)
}

#[derive(Deserialize)]
struct DayParam {
    day: String,
}

async fn csv(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Query(of): Query<DayParam>,
) -> Response {
    let written = query::csv(&site, site.words(context.language), &of.day).await;
    let file = written
        .map(|(day, text)| respond::file("text/csv; charset=utf-8", &format!("xray-edge-{day}.csv"), text));
    or_failed(&site, &context, file)
}

async fn record(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let found = query::view(&site, sequence).await;
    let page = found.map(|view| respond::page(StatusCode::OK, views::record(&site, &context, &view)));
    or_failed(&site, &context, page)
}

async fn image(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let found = query::picture(&site, PictureKey::XRay(sequence)).await;
    let file = found.map(|file| respond::typed(StatusCode::OK, "image/jpeg", file.as_ref().clone()));
    or_failed(&site, &context, file)
}

async fn heat(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let found = query::picture(&site, PictureKey::Heat(sequence)).await;
    let file = found.map(|file| respond::typed(StatusCode::OK, "image/png", file.as_ref().clone()));
    or_failed(&site, &context, file)
}

async fn report(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let words = site.words(context.language).clone();
    let made = query::report(&site, sequence, words).await;
    let page = made.map(|html| respond::typed(StatusCode::OK, "text/html; charset=utf-8", html));
    or_failed(&site, &context, page)
}

async fn capture(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let made = query::dicom(&site, sequence, crate::ui::report::dicom::capture).await;
    let file =
        made.map(|file| respond::file("application/dicom", &format!("record-{sequence}-image.dcm"), file));
    or_failed(&site, &context, file)
}

async fn structured(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let made = query::dicom(&site, sequence, crate::ui::report::dicom::structured).await;
    let file =
        made.map(|file| respond::file("application/dicom", &format!("record-{sequence}-report.dcm"), file));
    or_failed(&site, &context, file)
}

/// The one thing that the page writes: one line in the table of what was handed to people.
async fn reported(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Path(sequence): Path<u64>,
) -> Response {
    let store = site.device.store.clone();
    let marked = site
        .query(move |reader| {
            reader.by_sequence(sequence)?.ok_or(PageFailure::NotFound)?;
            Ok(mark_one_reported(&store, sequence)?)
        })
        .await;
    if let Ok(true) = marked {
        tracing::info!(record = sequence, "marked as reported on the page");
    }
    or_failed(&site, &context, marked.map(|_| respond::see(&format!("/records/{sequence}"))))
}

async fn about(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    respond::page(StatusCode::OK, views::about(&site, &context))
}

async fn healthz(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    let device = site.device.clone();
    let looked = site.work(move || Ok(HealthReport::of(&device))).await;
    let answer = looked.and_then(|health| {
        let status = if health.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let text = serde_json::to_string(&health).map_err(|error| PageFailure::Fault(error.to_string()))?;
        Ok(respond::typed(status, "application/json", text))
    });
    or_failed(&site, &context, answer)
}

async fn numbers(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    let device = site.device.clone();
    let text = site.work(move || Ok(metrics::metrics(&device))).await;
    or_failed(&site, &context, text.map(|text| respond::typed(StatusCode::OK, metrics::KIND, text)))
}

async fn nothing(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    respond::failed(&site, &context, &PageFailure::NotFound)
}

#[derive(Deserialize)]
struct LoginForm {
    token: String,
}

/// For a page on a network only.
async fn sign_in(State(site): State<Arc<Site>>, Extension(context): Extension<RequestContext>) -> Response {
    respond::page(StatusCode::OK, views::sign_in(&site, &context, false))
}

async fn login(
    State(site): State<Arc<Site>>,
    Extension(context): Extension<RequestContext>,
    Extension(peer): Extension<Peer>,
    Form(given): Form<LoginForm>,
) -> Response {
    let Access::Network { token, sessions, throttle } = &site.access else {
        return respond::failed(&site, &context, &PageFailure::NotFound);
    };
    if !throttle.accepts(token, given.token.trim(), peer).await {
        return respond::page(StatusCode::FORBIDDEN, views::sign_in(&site, &context, true));
    }
    let Some(word) = sessions.begin(Instant::now()) else {
        return respond::failed(&site, &context, &PageFailure::Fault("no random numbers".to_owned()));
    };
    let mut response = respond::see("/");
    respond::set(&mut response, SET_COOKIE, &keep_session(&word, SESSION_DURATION.as_secs()));
    response
}

async fn logout(State(site): State<Arc<Site>>, headers: axum::http::HeaderMap) -> Response {
    if let (Access::Network { sessions, .. }, Some(word)) = (&site.access, super::request::session(&headers))
    {
        sessions.end(word);
    }
    let mut response = respond::see("/login");
    respond::set(&mut response, SET_COOKIE, &keep_session("", 0));
    response
}
