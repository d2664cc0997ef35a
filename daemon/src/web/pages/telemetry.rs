//! What telemetry arrives, from which instance and version, what is missing, and the lines that bring it.

use anyhow::Context;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::choice::name as service_name;
use super::{Frame, Page, Part, draw};
use crate::render::checkup::{Instance, Piece, Remedy, Telemetry};
use crate::render::silence::{self, TurnedAway};
use crate::render::when::{Moment, moment};
use crate::render::{percent, safe};
use crate::web::Web;

#[derive(Template)]
#[template(path = "pages/telemetry.html")]
struct TelemetryPage<'a> {
    frame: Frame,
    apps: Vec<App>,
    otlp_http: &'a str,
    otlp_grpc: &'a str,
    otlp: Option<String>,
    /// What keeps telemetry away.
    silence: Vec<Remedy>,
}

/// One service and environment.
struct App {
    name: String,
    told: Telemetry,
    pieces: Vec<(Piece, String)>,
    builds: Vec<Build>,
    instances: Vec<Process>,
}

struct Build {
    id: String,
    first: Moment,
    last: Moment,
    instances: String,
    actions: usize,
}

struct Process {
    id: String,
    build: String,
    first: Moment,
    last: Moment,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/telemetry", get(telemetry))
}

async fn telemetry(State(web): State<Web>) -> Page {
    let view = web.board.view();
    let came = web.store.arrivals().await.context("what has come cannot be read")?;
    let metrics = web.board.metrics().context("the metrics cannot be read")?;
    let away = TurnedAway::from_metrics(&String::from_utf8_lossy(&metrics));
    let otlp = silence::endpoint(&web.config);
    let apps = view.outlooks.iter().map(|outlook| app(Telemetry::of(&outlook.checkup), &web)).collect();
    draw(&TelemetryPage {
        frame: Frame::new(Part::Telemetry, "Telemetry"),
        apps,
        otlp_http: &web.config.serve.otlp_http,
        otlp_grpc: &web.config.serve.otlp_grpc,
        silence: silence::reasons(&came, !view.outlooks.is_empty(), Some(&away), otlp.as_deref()),
        otlp,
    })
}

fn app(told: Telemetry, web: &Web) -> App {
    let zone = web.zone();
    let build = |one: &pointsman_advisor::explanation::Build| Build {
        id: safe::terminal(&one.id),
        first: moment(&one.first, zone),
        last: moment(&one.last, zone),
        instances: one.instances.map_or_else(|| "unknown".to_owned(), |count| count.to_string()),
        actions: one.actions.len(),
    };
    let process = |one: &Instance| Process {
        id: safe::terminal(&one.id),
        build: one.build.as_deref().map_or_else(|| "unknown".to_owned(), safe::terminal),
        first: moment(&one.first, zone),
        last: moment(&one.last, zone),
    };
    App {
        name: service_name(&told.service, told.environment.as_deref()),
        pieces: told.coverage.iter().map(|piece| (piece.clone(), percent(piece.share))).collect(),
        builds: told.builds.iter().rev().map(build).collect(),
        instances: told.instances.iter().map(process).collect(),
        told,
    }
}
