//! The daemon's own HTTP: the page, the JSON, metrics and health. It shows what the board holds; nothing is computed
//! for a request.

mod board;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(crate) use board::Board;

use crate::render;

/// All endpoints.
pub(crate) fn router(board: Arc<Board>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/assets/report.css", get(stylesheet))
        .route("/api/v1/reports/latest", get(latest))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .with_state(board)
}

async fn overview(State(board): State<Arc<Board>>) -> Response {
    match render::html::page(&board.reports(), render::html::Look::Served) {
        Ok(page) => html(page),
        Err(error) => {
            tracing::error!("the page cannot be drawn: {error:#}");
            (StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be drawn; the log says why\n")
                .into_response()
        }
    }
}

fn html(page: String) -> Response {
    let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let mut response = axum::response::Html(page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

async fn stylesheet() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], render::html::STYLE).into_response()
}

async fn latest(State(board): State<Arc<Board>>) -> Response {
    match render::json(&board.reports()) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => {
            tracing::error!("the report cannot be written as JSON: {error:#}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn metrics(State(board): State<Arc<Board>>) -> Response {
    match board.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!("metrics cannot be written: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn ready(State(board): State<Arc<Board>>) -> Response {
    if board.has_advised() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the first advisor run has not finished yet\n").into_response()
    }
}
