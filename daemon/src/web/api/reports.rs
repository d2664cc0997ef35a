//! Reports, with ETags: whoever polls is told that nothing is new.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use pointsman_advisor::{Differences, Report};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Filter};
use crate::render;
use crate::web::Web;
use crate::web::answer;
use crate::web::kept::{self, Head};
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

/// Kept reports.
#[derive(Serialize, ToSchema)]
struct Kept {
    /// The newest first, without what they say.
    reports: Vec<Head>,
}

/// Whose reports are meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Of {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; empty or absent where none is declared.
    environment: Option<String>,
}

/// Two reports of one service and environment.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Two {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; empty or absent where none is declared.
    environment: Option<String>,
    /// The time of the earlier report, RFC 3339.
    from: String,
    /// The time of the later one, RFC 3339.
    to: String,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(reports))
        .routes(routes!(latest))
        .routes(routes!(difference))
        .routes(routes!(report))
}

/// The reports that were made on the schedule and after deployments, the newest 500.
#[utoipa::path(
    get, path = "/api/v1/reports", tag = "reports", params(Filter),
    responses((status = 200, body = Kept), (status = 400, body = Problem, content_type = "application/problem+json")),
)]
async fn reports(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Result<Json<Kept>, Problem> {
    let mut reports = kept::heads(&web, filter.service.as_deref()).await?;
    reports.retain(|head| filter.fits(&head.service, head.environment.as_deref()));
    Ok(Json(Kept { reports }))
}

/// One kept report.
#[utoipa::path(
    get, path = "/api/v1/reports/{at}", tag = "reports",
    params(("at" = String, Path, description = "When it was due, RFC 3339."), Of),
    responses(
        (status = 200, body = Report, headers(("etag" = String, description = "Names what it says."))),
        (status = 304, description = "It is the one that `if-none-match` names."),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn report(
    State(web): State<Web>,
    Path(at): Path<String>,
    Asked(of): Asked<Of>,
) -> Result<Response, Problem> {
    let report = kept::report(&web, (&of.service, of.environment.as_deref()), &at).await?;
    let json = render::json(&[report]).map_err(|error| Problem::internal(&error))?;
    Ok(tagged(json))
}

/// What changed from one kept report to another.
#[utoipa::path(
    get, path = "/api/v1/reports/changes", tag = "reports", params(Two),
    responses(
        (status = 200, body = Differences),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn difference(State(web): State<Web>, Asked(two): Asked<Two>) -> Result<Json<Differences>, Problem> {
    let of = (two.service.as_str(), two.environment.as_deref());
    kept::difference(&web, of, &two.from, &two.to).await.map(Json)
}

/// The report as it stands: one object, or one a service and environment under `services` where there are several.
#[utoipa::path(
    get, path = "/api/v1/reports/latest", tag = "reports",
    responses(
        (status = 200, body = Latest, headers(("etag" = String, description = "Changes when the report does."))),
        (status = 304, description = "It is the one that `if-none-match` names."),
    ),
)]
async fn latest(State(web): State<Web>) -> Result<Response, Problem> {
    let view = web.board.view();
    let reports: Vec<&Report> = view.reports().collect();
    let json = render::json(&reports).map_err(|error| Problem::internal(&error))?;
    Ok(tagged(json))
}

/// JSON with an ETag, by which a client that asks again learns that nothing is new.
fn tagged(json: String) -> Response {
    let tag = answer::tag(json.as_bytes());
    ([(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, tag)], json).into_response()
}
