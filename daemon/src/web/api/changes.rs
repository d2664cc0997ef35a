//! Changes: what to do, with its gain, its plan and its life, and decisions about it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use pointsman_advisor::Change;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::recommendations::{Decided, Decision, decide_about};
use super::{Asked, Filter};
use crate::render::safe::terminal;
use crate::web::Web;
use crate::web::problem::Problem;

/// Changes of all services and environments that were asked for.
#[derive(Serialize, ToSchema)]
struct Changes {
    /// Of each service and environment: what waits for somebody first, then by gain.
    changes: Vec<ListedChange>,
}

/// A change of a service and environment.
#[derive(Serialize, ToSchema)]
struct ListedChange {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; null when none is declared.
    environment: Option<String>,
    /// The change, as in the report.
    #[serde(flatten)]
    change: Change,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(changes)).routes(routes!(change)).routes(routes!(decide))
}

/// Every change, as it stands.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "changes", params(Filter),
    responses((status = 200, body = Changes), (status = 400, body = Problem, content_type = "application/problem+json")),
)]
async fn changes(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Json<Changes> {
    let view = web.board.view();
    let wanted = view.reports().filter(|report| filter.fits(&report.service, report.environment.as_deref()));
    let listed = wanted.flat_map(|report| {
        report.changes.iter().map(|change| ListedChange {
            service: report.service.clone(),
            environment: report.environment.clone(),
            change: change.clone(),
        })
    });
    Json(Changes { changes: listed.collect() })
}

/// One change.
#[utoipa::path(
    get, path = "/api/v1/changes/{id}", tag = "changes",
    params(("id" = String, Path, description = "The change's id: `c` and ten hex digits.")),
    responses((status = 200, body = ListedChange), (status = 404, body = Problem, content_type = "application/problem+json")),
)]
async fn change(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<ListedChange>, Problem> {
    let view = web.board.view();
    let found = view.reports().find_map(|report| {
        let change = report.changes.iter().find(|change| change.id == id)?;
        Some(ListedChange {
            service: report.service.clone(),
            environment: report.environment.clone(),
            change: change.clone(),
        })
    });
    found.map(Json).ok_or_else(|| {
        Problem::not_found(format!("no change has the id {}; /api/v1/changes lists them", terminal(&id)))
    })
}

/// Accepts, dismisses or snoozes a change, or says that it was made.
#[utoipa::path(
    post, path = "/api/v1/changes/{id}/decisions", tag = "changes",
    params(("id" = String, Path, description = "The change's id (`c` and ten hex digits), or that of one of its handlers (16 hex digits).")),
    request_body = Decision,
    responses(
        (status = 200, body = Decided),
        (status = 400, description = "The decision cannot be read.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "It comes from another site.", body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The change is not open to it.", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn decide(
    State(web): State<Web>,
    Path(id): Path<String>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<Json<Decided>, Problem> {
    decide_about(&web, id, decision).await.map(Json)
}
