//! Recommended moves, and decisions about them.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use pointsman_advisor::life::{Life, State as Stage};
use pointsman_advisor::rfc3339;
use pointsman_store::Fingerprint;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Filter};
use crate::advise::{End, Said};
use crate::clock;
use crate::web::Web;
use crate::web::problem::Problem;

/// The life of every move that was ever advised.
#[derive(Serialize, ToSchema)]
struct Recommendations {
    /// Of each service and environment, the newest change first.
    recommendations: Vec<Life>,
}

/// What is decided about a change.
#[derive(Deserialize, ToSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Decision {
    /// It will be done.
    Accept {},
    /// It is not wanted.
    Dismiss {
        /// Why; the report shows it.
        reason: String,
        /// Until when: a day or a time as in RFC 3339; for good without it.
        until: Option<String>,
    },
    /// Not now.
    Snooze {
        /// Until when: a day or a time as in RFC 3339.
        until: String,
        /// Why.
        reason: Option<String>,
    },
    /// It has been done.
    Applied {
        /// The id of the handler that came in its place.
        successor: Option<String>,
    },
}

/// A decision that was taken.
#[derive(Serialize, ToSchema)]
pub(super) struct Decided {
    /// The id under which it was decided.
    id: String,
    /// The change that was decided about.
    change: Option<String>,
    /// Ids of its handlers.
    handlers: Vec<String>,
    /// Where it stands now.
    state: Stage,
    /// Until when, RFC 3339; null without an end.
    until: Option<String>,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(recommendations)).routes(routes!(decide))
}

/// Every move that was ever advised, with its history.
#[utoipa::path(
    get, path = "/api/v1/recommendations", tag = "recommendations", params(Filter),
    responses(
        (status = 200, body = Recommendations),
        (status = 400, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn recommendations(State(web): State<Web>, Asked(filter): Asked<Filter>) -> Json<Recommendations> {
    let view = web.board.view();
    let wanted = view.reports().filter(|report| filter.fits(&report.service, report.environment.as_deref()));
    Json(Recommendations {
        recommendations: wanted.flat_map(|report| report.recommendations.clone()).collect(),
    })
}

/// Accepts, dismisses or snoozes the change that a handler's move is part of, or says that it was made. The id may also be the
/// change's own.
#[utoipa::path(
    post, path = "/api/v1/recommendations/{id}/decisions", tag = "recommendations",
    params(("id" = String, Path, description = "A change's id (`c` and ten hex digits), or that of one of its handlers (16 hex digits).")),
    request_body = Decision,
    responses(
        (status = 200, body = Decided),
        (status = 400, description = "The decision cannot be read.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "It comes from another site.", body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The move is not open to it.", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn decide(
    State(web): State<Web>,
    Path(id): Path<String>,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<Json<Decided>, Problem> {
    decide_about(&web, id, decision).await.map(Json)
}

/// Takes a decision about what an id names.
pub(super) async fn decide_about(
    web: &Web,
    id: String,
    decision: Result<Json<Decision>, JsonRejection>,
) -> Result<Decided, Problem> {
    let Json(decision) = decision.map_err(|fault| Problem::new(fault.status(), fault.body_text()))?;
    let decided = web.decide(&id, &said(decision)?).await?;
    Ok(Decided {
        id,
        change: decided.change.map(|id| id.to_string()),
        handlers: decided.moves.iter().map(|(handler, _)| handler.to_string()).collect(),
        state: decided.state,
        until: decided.until_ns.map(rfc3339),
    })
}

fn said(decision: Decision) -> Result<Said, Problem> {
    Ok(match decision {
        Decision::Accept {} => Said::Accept,
        Decision::Dismiss { reason, until } => {
            Said::Dismiss { reason, until_ns: until.as_deref().map(time).transpose()? }
        }
        Decision::Snooze { until, reason } => Said::Snooze { end: End::At(time(&until)?), reason },
        Decision::Applied { successor } => {
            let id = |hex: String| {
                Fingerprint::from_hex(&hex)
                    .ok_or_else(|| Problem::bad_request("successor: write a handler's id, 16 hex digits"))
            };
            Said::Applied { successor: successor.map(id).transpose()? }
        }
    })
}

fn time(text: &str) -> Result<u64, Problem> {
    let fault = || Problem::bad_request("until: write a day as 2026-12-31 or a time as 2026-12-31T18:00:00Z");
    clock::parse(text).ok_or_else(fault)
}
