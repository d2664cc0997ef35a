//! Rules: their manuals and the thresholds in force.

use axum::Json;
use axum::extract::{Path, State};
use pointsman_advisor::EffectiveRule;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::Web;
use crate::web::pages::rules::manual;
use crate::web::problem::Problem;

/// The thresholds in force.
#[derive(Serialize, ToSchema)]
struct Rules {
    /// Of each service and environment.
    services: Vec<OfService>,
}

/// The thresholds in force for one service and environment.
#[derive(Serialize, ToSchema)]
struct OfService {
    /// `service.name`.
    service: String,
    /// `deployment.environment.name`; null when none is declared.
    environment: Option<String>,
    /// Each rule.
    rules: Vec<EffectiveRule>,
}

/// A rule with its manual.
#[derive(Serialize, ToSchema)]
struct Rule {
    /// Its id.
    id: String,
    /// What it watches, why it is true, its source and its defaults, in Markdown.
    manual: String,
    /// Its thresholds in force.
    services: Vec<OfService>,
}

pub(super) fn router() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(rules)).routes(routes!(rule))
}

/// Every rule with the thresholds in force.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses((status = 200, body = Rules)))]
async fn rules(State(web): State<Web>) -> Json<Rules> {
    Json(Rules { services: in_force(&web, |_| true) })
}

/// One rule with its manual.
#[utoipa::path(
    get, path = "/api/v1/rules/{id}", tag = "rules",
    params(("id" = String, Path, description = "The rule's id.")),
    responses((status = 200, body = Rule), (status = 404, body = Problem, content_type = "application/problem+json")),
)]
async fn rule(State(web): State<Web>, Path(id): Path<String>) -> Result<Json<Rule>, Problem> {
    let manual = manual(&id)
        .ok_or_else(|| Problem::not_found("there is no such rule; /api/v1/rules lists them all"))?
        .to_owned();
    let services = in_force(&web, |rule| rule.id == id);
    Ok(Json(Rule { id, manual, services }))
}

fn in_force(web: &Web, wanted: impl Fn(&EffectiveRule) -> bool) -> Vec<OfService> {
    let of = |report: &pointsman_advisor::Report| OfService {
        service: report.service.clone(),
        environment: report.environment.clone(),
        rules: report.rules.iter().filter(|rule| wanted(rule)).cloned().collect(),
    };
    web.board.view().reports().map(of).collect()
}
