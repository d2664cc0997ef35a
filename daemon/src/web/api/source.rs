//! The app's source, as `pointsman link` writes it: uploaded once per deployment, so that production needs no checkout.

use std::time::Duration;

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use pointsman_advisor::source::{Misfit, fits};
use pointsman_store::Source;
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Filter};
use crate::advise::{Outlook, read_source};
use crate::clock;
use crate::web::problem::Problem;
use crate::web::{View, Web};

/// Largest upload, bytes: 10,000 handlers with their call sites.
const MOST_BODY: usize = 16 << 20;
/// How long an upload may take to arrive.
const MOST_TIME: Duration = Duration::from_secs(30);
/// Uploads arrive one at a time: each is held in memory whole.
static TURN: Semaphore = Semaphore::const_new(1);

/// An upload that was taken.
#[derive(Serialize, ToSchema)]
struct Taken {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; null when none is declared.
    environment: Option<String>,
    /// The commit, where the source knows it.
    commit: Option<String>,
    /// Handlers in the source.
    handlers: usize,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(source, upload))
}

/// The source that was uploaded last for an app.
#[utoipa::path(
    get, path = "/api/v1/source", tag = "source", params(Filter),
    responses(
        (status = 200, body = Source),
        (status = 400, description = "Several apps are known; name one.", body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn source(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Result<Json<Source>, Problem> {
    let view = web.board.view();
    let report = &meant(&view, &filter)?.report;
    let kept = web.store.source(&report.service, report.environment.as_deref()).await;
    let kept = kept.map_err(|error| Problem::internal(&error.into()))?;
    let none = || Problem::not_found("no source was uploaded for this app; `pointsman link` makes one");
    Ok(Json(kept.ok_or_else(none)?.source))
}

/// Takes the source of an app in place of the one before. It is refused if it is of another app or of another commit
/// than the one that is running.
#[utoipa::path(
    put, path = "/api/v1/source", tag = "source", params(Filter), request_body = Source,
    responses(
        (status = 200, body = Taken),
        (status = 400, description = "It cannot be read, or several apps are known.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "It comes from another site.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Nothing is known of this app yet.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is of another app or another commit.", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn upload(
    State(web): State<Web>,
    Asked(filter): Asked<Filter>,
    request: Request,
) -> Result<Json<Taken>, Problem> {
    let _turn = TURN.acquire().await.map_err(|closed| Problem::internal(&closed.into()))?;
    let body = arrived(request).await?;
    let source = read_source(&body).map_err(|fault| Problem::bad_request(format!("{fault:#}")))?;
    let view = web.board.view();
    let outlook = meant(&view, &filter)?;
    let report = &outlook.report;
    fits(report, &outlook.checkup.facts, &source).map_err(|misfit| refused(&misfit))?;
    let (service, environment) = (&report.service, report.environment.as_deref());
    let kept = web.store.keep_source(service, environment, clock::now_ns(), &source).await;
    kept.map_err(|error| Problem::internal(&error.into()))?;
    let (service, environment) = (report.service.clone(), report.environment.clone());
    web.board.renew().await;
    Ok(Json(Taken { service, environment, commit: source.commit, handlers: source.handlers.len() }))
}

async fn arrived(request: Request) -> Result<Bytes, Problem> {
    match tokio::time::timeout(MOST_TIME, to_bytes(request.into_body(), MOST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body broke off, or it has more than {} MiB", MOST_BODY >> 20),
        )),
        Err(_) => {
            let seconds = MOST_TIME.as_secs();
            Err(Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body did not arrive within {seconds} s"),
            ))
        }
    }
}

fn refused(misfit: &Misfit) -> Problem {
    Problem::new(StatusCode::CONFLICT, format!("this source was not taken: {misfit}"))
}

/// The app that is meant: the one that fits, if there is only one.
fn meant<'v>(view: &'v View, filter: &Filter) -> Result<&'v Outlook, Problem> {
    let is_meant = |one: &&Outlook| filter.fits(&one.report.service, one.report.environment.as_deref());
    let mut fitting = view.outlooks.iter().filter(is_meant);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(Problem::bad_request(
            "several services or environments are known; name one with ?service=NAME&environment=NAME",
        )),
        (None, _) => Err(Problem::not_found("no traffic of this service and environment was seen yet")),
    }
}
