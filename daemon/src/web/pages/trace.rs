//! One stored trace as a waterfall, and in words.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;

use super::{Frame, Page, Part, draw};
use crate::render::chart::waterfall;
use crate::render::tree::Told;
use crate::web::Web;
use crate::web::api::traces::{gone, stored};

#[derive(Template)]
#[template(path = "pages/trace.html")]
struct TracePage {
    frame: Frame,
    picture: String,
    trace: Told,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/traces/{id}", get(trace))
}

async fn trace(State(web): State<Web>, Path(id): Path<String>) -> Page {
    let stored = stored(&web, &id).await?;
    let trace = stored.assemble()?.ok_or_else(gone)?;
    let told = Told::of(&trace);
    draw(&TracePage {
        frame: Frame::new(Part::Elsewhere, format!("Trace {}", told.id)),
        picture: waterfall::of(&trace).into(),
        trace: told,
    })
}
