//! The daemon's own HTTP: pages, the JSON API, metrics and health. Pages and API show what the board holds, and what the store
//! keeps under a name; nothing is judged for a request. Who may come in is decided in `access`, where answers are drawn in
//! `readers`.

mod access;
mod answer;
mod api;
mod assets;
mod board;
mod kept;
mod kept_answers;
mod mcp;
mod pages;
mod problem;
mod readers;
mod site;
mod traced;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use pointsman_advisor::life::Decided;
use pointsman_store::Store;

pub(crate) use access::Access;
pub(crate) use board::{Board, View};
pub(crate) use kept_answers::Generation;
pub(crate) use mcp::{Agents, Desk, Room};
pub(crate) use pages::rules::{manual, summary};
pub(crate) use problem::Problem;
pub(crate) use readers::Readers;
pub(crate) use site::Site;

use crate::advise::{Advisor, Refused, Said};
use crate::cli::Until;
use crate::config::{Config, Current};

/// What all endpoints share. Cheap to clone, and each request works on a clone of its own.
pub(crate) struct Web {
    store: Store,
    current: Current,
    /// As it was when this was cloned: one request meets one configuration.
    config: Arc<Config>,
    board: Arc<Board>,
    /// What decisions take for now.
    until: Until,
}

/// Largest body of a change, bytes: a reason and a few words.
const MOST_BODY: usize = 64 << 10;

/// All endpoints.
pub(crate) fn router(web: Web, access: Access, readers: Readers, agents: Room) -> Router {
    Router::new()
        .merge(pages::router())
        .merge(api::router())
        .merge(assets::router())
        .merge(mcp::router(agents))
        .route("/metrics", get(metrics))
        .fallback(pages::not_found)
        .layer(axum::extract::DefaultBodyLimit::max(MOST_BODY))
        .layer(middleware::from_fn_with_state(readers, readers::draw))
        .layer(middleware::from_fn_with_state(access, access::guard))
        .layer(middleware::from_fn(traced::trace))
        // What is below is open: service managers and load balancers carry no token.
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .layer(middleware::map_response(harden))
        .with_state(web)
}

/// Nothing but metrics, for a listener of their own.
pub(crate) fn metrics_router(web: Web, readers: Readers) -> Router {
    let draw = middleware::from_fn_with_state(readers, readers::draw);
    Router::new().route("/metrics", get(metrics)).layer(draw).with_state(web)
}

/// What holds for every answer: no sniffing, no frames, and only our own styles, scripts, forms and requests. `same-origin` lets our
/// own forms say where they come from.
async fn harden(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src \
                          'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    response
}

impl Clone for Web {
    fn clone(&self) -> Self {
        Self::new(self.store.clone(), self.current.clone(), Arc::clone(&self.board)).deciding_at(self.until)
    }
}

impl Web {
    pub(crate) fn new(store: Store, current: Current, board: Arc<Board>) -> Self {
        Self { store, config: current.get(), current, board, until: Until::Now }
    }

    /// The same for recorded traffic, whose now is the newest call.
    pub(crate) fn deciding_at(self, until: Until) -> Self {
        Self { until, ..self }
    }

    /// The time zone in which pages tell times.
    fn zone(&self) -> &TimeZone {
        &self.config.reports.time_zone.zone
    }

    /// Takes a decision about a Change that is in the view, named by its id or a handler's, and shows it before it answers.
    async fn decide(&self, id: &str, said: &Said) -> Result<Decided, Problem> {
        let view = self.board.view();
        let (subject, report) = view.named(id).ok_or_else(|| unknown_handler(id))?;
        let of = (report.service.as_str(), report.environment.as_deref());
        let decided = Advisor::new(&self.store, &self.config).decide(of, subject, self.until, said).await;
        match decided.map_err(|error| Problem::internal(&error))? {
            Ok(decided) => {
                self.board.renew().await;
                Ok(decided)
            }
            Err(refused) => Err(conflict(&refused)),
        }
    }
}

fn unknown_handler(id: &str) -> Problem {
    Problem::not_found(format!(
        "no handler has the id {}; the overview lists them",
        crate::render::safe::terminal(id)
    ))
}

fn conflict(refused: &Refused) -> Problem {
    Problem::new(StatusCode::CONFLICT, refused.to_string())
}

async fn metrics(State(web): State<Web>) -> Response {
    match web.board.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => Problem::internal(&error.into()).into_response(),
    }
}

async fn ready(State(web): State<Web>) -> Response {
    if web.board.has_advised() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the first advisor run has not finished yet\n").into_response()
    }
}
