//! Reports as one HTML file, which works offline and on paper. The pages that the daemon serves are in `web`. The template escapes whatever it is given.

use anyhow::Context;
use askama::Template;
use pointsman_advisor::life::{Life, State};
use pointsman_advisor::{HandlerReport, Report};

use super::benefit::benefit;
use super::differences::{Lists, in_short, told};
use super::remarks::remarks;
use super::text::days;
use super::{
    Class, capital, headline, kind, life, lowered, name, needs, number, own_ui, points, safe,
    verdict_and_state,
};

/// Its style sheet.
const STYLE: &str =
    concat!(include_str!("../../assets/design.css"), include_str!("../../templates/report.css"));

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    reports: Vec<Section<'a>>,
}

/// One report.
struct Section<'a> {
    report: &'a Report,
    headline: String,
    /// What changed in short, and list by list.
    changes: Option<(String, Lists)>,
    covered: String,
    overlap: Vec<String>,
    lowered: Vec<String>,
    record: Option<String>,
    policies: Vec<String>,
    rows: Vec<Row<'a>>,
    made: Vec<Made>,
}

/// A move that was made.
struct Made {
    title: String,
    found: Vec<String>,
}

/// One handler, worded.
struct Row<'a> {
    handler: &'a HandlerReport,
    name: String,
    kind: &'a str,
    verdict: String,
    /// The state of its move and why, unless it is just proposed.
    state: Option<String>,
    policy: Option<String>,
    history: Vec<String>,
    class: &'static str,
    calls_per_day: String,
    p50: String,
    own_ui: String,
    gain: String,
    confidence: String,
    rules: Vec<String>,
    needs: Vec<String>,
    evidence: Vec<Evidence<'a>>,
}

/// One measured statement, worded.
struct Evidence<'a> {
    rule: &'a str,
    kind: &'static str,
    text: &'a str,
    numbers: String,
}

/// The file with all reports.
pub(crate) fn page(reports: &[Report]) -> anyhow::Result<String> {
    let page = Page { style: STYLE, reports: reports.iter().map(section).collect() };
    Ok(safe::page(&page.render().context("the page cannot be drawn")?))
}

fn section(report: &Report) -> Section<'_> {
    Section {
        report,
        headline: headline(report),
        changes: report
            .since_last_report
            .as_ref()
            .map(|changes| (capital(&in_short(changes)), told(changes))),
        covered: days(report.days_covered),
        overlap: remarks(report),
        lowered: lowered(&report.settings),
        record: life::record(&report.record),
        policies: report.policies.iter().map(life::policy).collect(),
        rows: report.handlers.iter().map(|handler| row(report, handler)).collect(),
        made: life::made(report).into_iter().map(made).collect(),
    }
}

fn made(life: &Life) -> Made {
    Made { title: life::title(life), found: life::proof(life) }
}

fn row<'a>(report: &Report, handler: &'a HandlerReport) -> Row<'a> {
    let life = life::of(report, handler);
    Row {
        handler,
        name: safe::terminal(&name(handler)),
        kind: kind(&handler.kind),
        verdict: verdict_and_state(handler),
        state: life.filter(|life| life.state != State::Proposed).map(life::state),
        policy: life::house_rule(handler),
        history: life.map(|life| life.history.iter().map(life::step).collect()).unwrap_or_default(),
        class: Class::of(handler).as_str(),
        calls_per_day: number(handler.calls_per_day),
        p50: handler.duration_ms.map_or_else(|| "unknown".to_owned(), |ms| format!("{} ms", number(ms.p50))),
        own_ui: own_ui(handler),
        gain: handler.benefit.as_ref().and_then(benefit).unwrap_or_default(),
        confidence: handler.confidence.map_or_else(String::new, |c| format!("{c:.2}")),
        rules: handler.blockers.iter().chain(&handler.improvements).cloned().collect(),
        needs: needs(handler),
        evidence: handler.evidence.iter().map(evidence).collect(),
    }
}

fn evidence(row: &pointsman_advisor::EvidenceRow) -> Evidence<'_> {
    let [low, high] = row.interval;
    Evidence {
        rule: &row.rule,
        kind: points(row.kind),
        text: &row.text,
        numbers: format!(
            "observed {:.3} (95 %: {low:.3} to {high:.3}), threshold {}, {} samples",
            row.observed, row.threshold, row.samples
        ),
    }
}
