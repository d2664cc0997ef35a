//! The pages, one file each: what is on them is put into words here and laid out in `daemon/templates`. Every page works
//! without a script.

mod cards;
mod change;
mod choice;
mod decide;
mod evidence;
mod figures;
mod found;
mod handler;
mod history;
mod listing;
mod overview;
mod record;
mod reports;

pub(crate) mod rules;
mod sentence;
mod telemetry;
mod trace;
mod wanted;

use anyhow::Context;
use askama::Template;
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};

use super::assets::{CHART_STYLE, PAGE_SCRIPT, PAGE_STYLE};
use super::problem::Problem;
use super::{Web, unknown_handler};
use crate::render::safe;

/// The parts of the site, as the navigation names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Overview,
    Record,
    Reports,
    Telemetry,
    Rules,
    Elsewhere,
}

/// What stands around every page.
struct Frame {
    title: String,
    part: Part,
    styles: [&'static str; 2],
    script: &'static str,
}

impl Frame {
    fn new(part: Part, title: impl Into<String>) -> Self {
        let title = safe::terminal(&title.into());
        Self { title, part, styles: [&PAGE_STYLE.path, &CHART_STYLE.path], script: &PAGE_SCRIPT.path }
    }

    /// `aria-current` of a link in the navigation.
    fn current(&self, part: Part) -> &'static str {
        if self.part == part { "page" } else { "false" }
    }

    /// The parts of the site with their addresses.
    fn parts(&self) -> [(&'static str, &'static str, &'static str); 5] {
        [
            ("/", "Overview", self.current(Part::Overview)),
            ("/record", "Record", self.current(Part::Record)),
            ("/reports", "Reports", self.current(Part::Reports)),
            ("/telemetry", "Telemetry", self.current(Part::Telemetry)),
            ("/rules", "Rules", self.current(Part::Rules)),
        ]
    }
}

/// A request for a page that cannot be answered as it was meant.
struct Trouble(Problem);

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self(Problem::internal(&error))
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        problem(&self.0)
    }
}

type Page = Result<Html<String>, Trouble>;

#[derive(Template)]
#[template(path = "pages/problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    problem: &'a Problem,
}

/// All pages.
pub(super) fn router() -> Router<Web> {
    Router::new()
        .merge(overview::router())
        .merge(handler::router())
        .merge(change::router())
        .merge(record::router())
        .merge(reports::router())
        .merge(telemetry::router())
        .merge(rules::router())
        .merge(trace::router())
}

/// Draws a page: whatever it was given is text, and nothing in it turns the reading direction.
fn draw(page: &impl Template) -> Page {
    Ok(Html(safe::page(&page.render().context("a page cannot be drawn")?)))
}

/// A problem, as a page.
pub(super) fn problem(problem: &Problem) -> Response {
    let page = ProblemPage { frame: Frame::new(Part::Elsewhere, problem.title()), problem };
    match page.render() {
        Ok(html) => (problem.status(), Html(safe::page(&html))).into_response(),
        Err(_) => (problem.status(), problem.detail().to_owned()).into_response(),
    }
}

/// What nothing else answers.
pub(super) async fn not_found(uri: Uri) -> Response {
    let missing =
        Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {}", safe::terminal(uri.path())));
    if uri.path().starts_with("/api/") { missing.into_response() } else { problem(&missing) }
}
