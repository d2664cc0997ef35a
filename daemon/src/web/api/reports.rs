//! Reports, with ETags: whoever polls is told that nothing is new.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pointsman_advisor::Report;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::render;
use crate::web::Web;
use crate::web::problem::Problem;

/// The report, or several.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it describes what `render::json` writes")]
enum Latest {
    /// Of the one service and environment there is.
    One(Box<Report>),
    /// Of each service and environment.
    Several {
        /// Always `pointsman.report/v1`.
        schema: String,
        /// The reports; none before the first calls.
        services: Vec<Report>,
    },
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(latest))
}

/// The report as it stands: one object, or one a service and environment under `services` where there are several.
#[utoipa::path(
    get, path = "/api/v1/reports/latest", tag = "reports",
    responses(
        (status = 200, body = Latest, headers(("etag" = String, description = "Changes when the report does."))),
        (status = 304, description = "It is the one that `if-none-match` names."),
    ),
)]
async fn latest(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Problem> {
    let view = web.board.view();
    let reports: Vec<&Report> = view.reports().collect();
    let json = render::json(&reports).map_err(|error| Problem::internal(&error))?;
    Ok(tagged(&headers, json))
}

/// JSON with an ETag; 304 without it where the asker has it already (RFC 9110, 13.1.2).
fn tagged(asked: &HeaderMap, json: String) -> Response {
    let digest = Sha256::digest(&json);
    let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|value| value.split(',')).any(|one| {
        matches!(one.trim().trim_start_matches("W/"), "*") || one.trim().trim_start_matches("W/") == tag
    });
    if is_known {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, tag)], json).into_response()
}
