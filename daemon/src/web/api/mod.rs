//! The JSON API, version 1: everything that pages show, and the decisions that can be taken on them. Its description
//! (OpenAPI 3.1) is made from the code below it, at `/api/v1/openapi.json`.

mod changes;
mod handlers;
mod recommendations;
mod reports;
mod rules;
mod source;
mod telemetry;
pub(super) mod traces;

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use super::Web;
use super::problem::Problem;

#[derive(OpenApi)]
#[openapi(info(
    title = "Pointsman",
    description = "What belongs in an API route and what in a Server Action, with the evidence. Errors are problem details \
                   (RFC 9457). Where tokens are set, send one as `authorization: Bearer TOKEN`; changes need it, or an \
                   `Origin` that is the daemon's own.",
))]
struct Description;

/// Which service and environment is meant; without them all are.
#[derive(Clone, Default, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// `service.name`.
    service: Option<String>,
    /// `deployment.environment.name`; an empty one means none.
    environment: Option<String>,
}

impl Filter {
    fn fits(&self, service: &str, environment: Option<&str>) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
            && self.environment.as_deref().is_none_or(|wanted| wanted == environment.unwrap_or_default())
    }
}

/// The query of a request, refused with problem details when it does not fit.
struct Asked<T>(T);

impl<S: Send + Sync, T: DeserializeOwned + 'static> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(fault) => Err(Problem::bad_request(fault.body_text())),
        }
    }
}

/// All endpoints of the API, and their description.
pub(super) fn router() -> Router<Web> {
    let (router, description) = described();
    let described = get(move || std::future::ready(Json(&*description).into_response()));
    router.route("/api/v1/openapi.json", described)
}

fn described() -> (Router<Web>, Arc<utoipa::openapi::OpenApi>) {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .merge(changes::router())
        .merge(handlers::router())
        .merge(recommendations::router())
        .merge(reports::router())
        .merge(rules::router())
        .merge(source::router())
        .merge(telemetry::router())
        .merge(traces::router())
        .split_for_parts();
    (router, Arc::new(description))
}
