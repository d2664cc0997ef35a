//! What telemetry arrives, and what is missing.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Filter};
use crate::render::checkup::Telemetry;
use crate::web::Web;
use crate::web::problem::Problem;

/// What telemetry arrives.
#[derive(Serialize, ToSchema)]
struct Arriving {
    /// Of each service and environment.
    services: Vec<Telemetry>,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(telemetry))
}

/// What telemetry arrives, from which instances and builds, what is missing and how to get it.
#[utoipa::path(
    get, path = "/api/v1/telemetry", tag = "telemetry", params(Filter),
    responses((status = 200, body = Arriving), (status = 400, body = Problem, content_type = "application/problem+json")),
)]
async fn telemetry(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Json<Arriving> {
    let view = web.board.view();
    let checkups = view.outlooks.iter().map(|outlook| &outlook.checkup);
    let wanted = checkups.filter(|one| filter.fits(&one.service, one.environment.as_deref()));
    Json(Arriving { services: wanted.map(Telemetry::of).collect() })
}
