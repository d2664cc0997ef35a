//! Stored traces.

use axum::Json;
use axum::extract::{Path, State};
use pointsman_store::TraceId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::render::tree::Told;
use crate::stored_trace::StoredTrace;
use crate::web::Web;
use crate::web::problem::Problem;

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(trace))
}

/// The stored trace with this id.
pub(in crate::web) async fn stored(web: &Web, id: &str) -> Result<StoredTrace, Problem> {
    let id = TraceId::from_hex(id)
        .ok_or_else(|| Problem::bad_request("a trace id has 32 hex digits, and is not all zero"))?;
    StoredTrace::read(&web.store, id).await.map_err(|error| Problem::internal(&error))
}

/// That it is not there.
pub(in crate::web) fn gone() -> Problem {
    Problem::not_found("this trace is not stored: it was never received, or retention has removed its spans")
}

/// One stored trace, span by span.
#[utoipa::path(
    get, path = "/api/v1/traces/{id}", tag = "traces",
    params(("id" = String, Path, description = "The trace id: 32 hex digits.")),
    responses(
        (status = 200, body = Told),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn trace(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Told>, Problem> {
    let stored = stored(&web, &id).await?;
    let trace = stored.assemble().map_err(|error| Problem::internal(&error))?;
    Ok(Json(Told::of(&trace.ok_or_else(gone)?)))
}
