//! The overview: what all handlers of an app come to, what to do first, and what became of earlier advice.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;

use super::choice::{Choice, Which, choices};
use super::found::{Found, Place};
use super::wanted;
use super::{Frame, Page, Part, draw};
use crate::advise::Outlook;
use crate::render::checkup::{INIT, Telemetry};
use crate::render::silence;
use crate::web::Web;

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct Overview<'a> {
    frame: Frame,
    choices: Vec<Choice>,
    found: Option<Found<'a>>,
    install: &'static str,
    otlp: Option<String>,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/", get(overview))
}

async fn overview(
    State(web): State<Web>,
    Query(which): Query<Which>,
    Query(wanted): Query<wanted::Query>,
) -> Page {
    let view = web.board.view();
    let outlook = which.of(&view)?;
    let found = outlook.map(|outlook| {
        let place = Place {
            path: "/",
            fixed: which.pairs(),
            wanted: wanted.wanted(),
            zone: web.zone(),
            evidence: Some(&outlook.evidence),
        };
        anyhow::Ok(Found::of(&outlook.report, place)?.with_missing(missing(outlook)))
    });
    let page = Overview {
        frame: Frame::new(Part::Overview, "Overview"),
        choices: choices(&view, "/", outlook),
        found: found.transpose()?,
        install: INIT,
        otlp: silence::endpoint(&web.config),
    };
    draw(&page)
}

/// Telemetry that too few calls carry, with what it is needed for.
fn missing(outlook: &Outlook) -> Vec<(String, String)> {
    let pieces = Telemetry::of(&outlook.checkup).coverage.into_iter();
    pieces.filter(|piece| piece.missing).map(|piece| (piece.attribute, piece.matters_for)).collect()
}
