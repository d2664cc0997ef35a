//! The record: what was promised and what was found, of everything that was applied. What went wrong is shown as openly as what
//! went right.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::routing::get;
use jiff::tz::TimeZone;
use pointsman_advisor::life::State as Stage;
use pointsman_advisor::{Change, Report};

use super::choice::{Choice, Which, choices};
use super::history::{Outcomes, found};
use super::{Frame, Page, Part, draw};
use crate::render::benefit::in_plain_words;
use crate::render::when::{Moment, moment};
use crate::render::{life, safe};
use crate::web::Web;

#[derive(Template)]
#[template(path = "pages/record.html")]
struct RecordPage {
    frame: Frame,
    choices: Vec<Choice>,
    headline: String,
    counts: Vec<(&'static str, usize)>,
    made: Vec<Made>,
    policies: Vec<String>,
}

/// Something that was applied.
struct Made {
    href: String,
    title: String,
    applied: Option<Moment>,
    promised: Option<String>,
    /// `None` while before and after are being compared.
    found: Option<Outcomes>,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/record", get(record))
}

async fn record(State(web): State<Web>, Query(which): Query<Which>) -> Page {
    let view = web.board.view();
    let outlook = which.of(&view)?;
    let report = outlook.map(|outlook| &outlook.report);
    let made: Vec<Made> = report.map(|report| all_made(report, web.zone())).unwrap_or_default();
    draw(&RecordPage {
        frame: Frame::new(Part::Record, "Record"),
        choices: choices(&view, "/record", outlook),
        headline: headline(report, &made),
        counts: counts(report, &made),
        made,
        policies: report.map(|report| report.policies.iter().map(life::policy).collect()).unwrap_or_default(),
    })
}

/// The result in one sentence, failures first where there are any.
fn headline(report: Option<&Report>, made: &[Made]) -> String {
    let Some(report) = report else { return "nothing has been judged yet".to_owned() };
    if made.is_empty() {
        return "no change has been applied yet".to_owned();
    }
    let record = &report.record;
    if record.verified == 0 {
        return "before and after are still being compared".to_owned();
    }
    let mut parts = Vec::new();
    if record.promises > 0 {
        parts.push(format!("{} of {} promises held", record.promises_kept, record.promises));
    }
    let noun = |count: usize| if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
    if record.worse > 0 {
        parts.push(format!("{} made things worse", noun(record.worse)));
    }
    if record.flat > 0 {
        parts.push(format!("{} made no difference", noun(record.flat)));
    }
    if parts.is_empty() {
        parts.push(format!("{} improved what users notice", noun(record.improved)));
    }
    parts.join("; ")
}

fn counts(report: Option<&Report>, made: &[Made]) -> Vec<(&'static str, usize)> {
    let Some(report) = report.filter(|_| !made.is_empty()) else { return Vec::new() };
    let record = &report.record;
    vec![
        ("Improved", record.improved),
        ("No difference", record.flat),
        ("Worse", record.worse),
        ("Could not be compared", record.unknown),
        ("Still being compared", made.iter().filter(|one| one.found.is_none()).count()),
    ]
}

/// Everything that was applied, the newest first.
fn all_made(report: &Report, zone: &TimeZone) -> Vec<Made> {
    let made_ones = |change: &&Change| matches!(change.state, Stage::Applied | Stage::Verified);
    report.changes.iter().filter(made_ones).map(|change| made(change, zone)).collect()
}

fn made(change: &Change, zone: &TimeZone) -> Made {
    let promised = change.promised.as_ref().map(in_plain_words).unwrap_or_default();
    let promised: Vec<String> = promised.into_iter().map(|said| said.text).collect();
    Made {
        href: format!("/changes/{}#life", change.id),
        title: safe::terminal(&change.title),
        applied: change.applied.as_ref().map(|at| moment(at, zone)),
        promised: (!promised.is_empty()).then(|| promised.join("; ")),
        found: change.proof.as_ref().map(|proof| found(proof, &change.id)),
    }
}
