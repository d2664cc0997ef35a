//! Handlers: all with their verdicts, and one with everything that was measured about it.

use axum::Json;
use axum::extract::{Path, State};
use pointsman_advisor::life::Life;
use pointsman_advisor::{Explanation, HandlerReport};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Filter};
use crate::render::life;
use crate::web::problem::Problem;
use crate::web::{Web, unknown_handler};

/// Handlers with their verdicts.
#[derive(Serialize, ToSchema)]
struct Handlers {
    /// Of each service and environment: moves first, then by gain and calls.
    handlers: Vec<Listed>,
}

/// A handler of a service and environment.
#[derive(Serialize, ToSchema)]
struct Listed {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; null when none is declared.
    environment: Option<String>,
    /// The handler, as in the report.
    #[serde(flatten)]
    handler: HandlerReport,
}

/// Everything about one handler.
#[derive(Serialize, ToSchema)]
struct Whole {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; null when none is declared.
    environment: Option<String>,
    /// The handler, as in the report.
    handler: HandlerReport,
    /// All that was measured; null for one that was not called in the window.
    evidence: Option<Explanation>,
    /// The life of its moves, the newest change first.
    recommendations: Vec<Life>,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(handlers)).routes(routes!(handler))
}

/// Every handler with its verdict, as it stands.
#[utoipa::path(
    get, path = "/api/v1/handlers", tag = "handlers", params(Filter),
    responses((status = 200, body = Handlers), (status = 400, body = Problem, content_type = "application/problem+json")),
)]
async fn handlers(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Json<Handlers> {
    let view = web.board.view();
    let wanted = view.reports().filter(|report| filter.fits(&report.service, report.environment.as_deref()));
    let listed = wanted.flat_map(|report| {
        report.handlers.iter().map(|handler| Listed {
            service: report.service.clone(),
            environment: report.environment.clone(),
            handler: handler.clone(),
        })
    });
    Json(Handlers { handlers: listed.collect() })
}

/// One handler with its evidence and the life of its moves.
#[utoipa::path(
    get, path = "/api/v1/handlers/{id}", tag = "handlers",
    params(("id" = String, Path, description = "The handler's id: 16 hex digits.")),
    responses((status = 200, body = Whole), (status = 404, body = Problem, content_type = "application/problem+json")),
)]
async fn handler(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Whole>, Problem> {
    let view = web.board.view();
    let shown = view.handler(&id).map_err(|error| Problem::internal(&error))?;
    let shown = shown.ok_or_else(|| unknown_handler(&id))?;
    let report = &shown.outlook.report;
    Ok(Json(Whole {
        service: report.service.clone(),
        environment: report.environment.clone(),
        handler: shown.handler.clone(),
        evidence: shown.measured,
        recommendations: life::all_of(report, &id).into_iter().cloned().collect(),
    }))
}
