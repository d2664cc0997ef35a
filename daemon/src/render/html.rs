//! Reports as one HTML file, which works offline and on paper: what changed, what to do, a map of all handlers, and everything
//! about each. The pages that the daemon serves are in `web`. The template escapes whatever it is given.

use std::collections::BTreeMap;

use anyhow::Context;
use askama::Template;
use pointsman_advisor::explanation::Example;
use pointsman_advisor::life::State;
use pointsman_advisor::{Change, HandlerReport, Report, ReportedKind};

use super::benefit::benefit;
use super::chart::interaction;
use super::chart::map::{self, Entry, KINDS, Room};
use super::code::{Words, words};
use super::differences::{Lists, in_short_at, told};
use super::remarks::remarks;
use super::summary::saves;
use super::text::days;
use super::{
    Audience, Class, capital, headline, kind, life, lowered, name, needs, number, own_ui, phrases, points,
    safe, verdict_and_state,
};

/// Its style sheet.
const STYLE: &str = concat!(
    include_str!("../../assets/design.css"),
    include_str!("../../templates/report.css"),
    include_str!("../../assets/chart.css")
);

/// For a Change, by its id, the interaction that stands for it; a report that was kept has none.
pub(crate) type Pictures = BTreeMap<String, Example>;

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
    from: String,
    to: String,
    covered: String,
    plans: Vec<Plan<'a>>,
    improvements: Vec<(&'a str, String, String)>,
    /// The map of all handlers.
    map: Option<String>,
    /// Its marks, each with what it means.
    legend: Vec<(String, &'static str)>,
    overlap: Vec<String>,
    lowered: Vec<String>,
    record: Option<String>,
    policies: Vec<String>,
    rows: Vec<Row<'a>>,
    made: Vec<Made>,
}

/// A Change, worded.
struct Plan<'a> {
    change: &'a Change,
    title: String,
    saves: String,
    facts: String,
    reason: String,
    handlers: Vec<(&'a str, String)>,
    steps: Vec<Vec<Words>>,
    warnings: Vec<Vec<Words>>,
    history: Vec<String>,
    picture: Option<String>,
}

/// A Change that was made.
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
    steps: Vec<Vec<Words>>,
    warnings: Vec<Vec<Words>>,
}

/// One measured statement, worded.
struct Evidence<'a> {
    rule: &'a str,
    kind: &'static str,
    text: Vec<Words>,
    numbers: String,
}

/// The file with all reports.
pub(crate) fn page(reports: &[Report], audience: &Audience, pictures: &Pictures) -> anyhow::Result<String> {
    let page =
        Page { style: STYLE, reports: reports.iter().map(|one| section(one, audience, pictures)).collect() };
    Ok(safe::page(&page.render().context("the page cannot be drawn")?))
}

fn section<'a>(report: &'a Report, audience: &Audience, pictures: &Pictures) -> Section<'a> {
    Section {
        report,
        headline: format!("{}.", headline(report)),
        changes: report
            .since_last_report
            .as_ref()
            .map(|known| (capital(&in_short_at(known, &audience.zone)), told(known))),
        from: audience.when(&report.window.from),
        to: audience.when(&report.window.to),
        plans: report
            .changes
            .iter()
            .filter(|one| !is_made(one))
            .map(|one| plan(report, one, audience, pictures))
            .collect(),
        improvements: improvements(report),
        map: map_of(report),
        legend: legend(report),
        covered: days(report.days_covered),
        overlap: remarks(report).iter().map(|line| format!("{}.", capital(line))).collect(),
        lowered: lowered(&report.settings),
        record: life::record(&report.record),
        policies: report.policies.iter().map(life::policy).collect(),
        rows: report.handlers.iter().map(|handler| row(report, handler, audience)).collect(),
        made: report.changes.iter().filter(|one| is_made(one)).map(made).collect(),
    }
}

fn is_made(change: &Change) -> bool {
    matches!(change.state, State::Applied | State::Verified)
}

fn made(change: &Change) -> Made {
    let found = change.proof.as_ref().map(life::found_by).unwrap_or_default();
    Made { title: safe::terminal(&life::change_title(change)), found }
}

fn plan<'a>(report: &'a Report, change: &'a Change, audience: &Audience, pictures: &Pictures) -> Plan<'a> {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(change.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0)));
    facts.extend(change.effort.as_ref().map(|effort| format!("{} effort", life::effort(effort))));
    facts.push(change.state.as_str().to_owned());
    let handlers = report.handlers.iter().filter(|row| change.handlers.contains(&row.id));
    let told = change.history.iter().skip(1).map(|step| life::step(step, audience));
    Plan {
        change,
        title: safe::terminal(&change.title),
        saves: change.benefit.as_ref().map(saves).unwrap_or_default().join(", "),
        facts: facts.join(", "),
        reason: format!("{}.", capital(change.reason.trim_end_matches('.'))),
        handlers: handlers.map(|row| (row.id.as_str(), safe::terminal(&name(row)))).collect(),
        steps: change.steps.iter().map(|step| words(step)).collect(),
        warnings: change.warnings.iter().map(|warning| words(warning)).collect(),
        history: told.collect(),
        picture: pictures.get(&change.id).map(|example| {
            interaction::now_and_after(example).with_id(&format!("plan-{}", change.id)).into()
        }),
    }
}

fn improvements(report: &Report) -> Vec<(&str, String, String)> {
    let better = report.handlers.iter().filter(|row| !row.improvements.is_empty());
    let worded = better.map(|row| {
        let remedies: Vec<&str> = row.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
        (row.id.as_str(), safe::terminal(&name(row)), remedies.join("; "))
    });
    worded.collect()
}

/// Every handler, with a link to what is said of it.
fn map_of(report: &Report) -> Option<String> {
    let all: Vec<Entry<'_>> =
        report.handlers.iter().map(|row| Entry { row, number: None, wanted: true }).collect();
    let href = |handler: &HandlerReport| format!("#h-{}", handler.id);
    let picture = map::handlers(&all, Room::Wide, href)?;
    let prefix = all.first().map_or_else(String::new, |first| format!("m{}", first.row.id));
    Some(picture.with_id(&prefix).into())
}

/// The classes and kinds that the report has.
fn legend(report: &Report) -> Vec<(String, &'static str)> {
    let has = |class: &Class| report.handlers.iter().any(|row| Class::of(row) == *class);
    let classes = Class::ALL.into_iter().filter(has);
    let classes = classes.map(|class| (map::symbol(&ReportedKind::RouteHandler, Some(class)), class.words()));
    let kinds = KINDS.into_iter().map(|(kind, name)| (map::symbol(&kind, None), name));
    classes.chain(kinds).collect()
}

fn row<'a>(report: &Report, handler: &'a HandlerReport, audience: &Audience) -> Row<'a> {
    let life = life::of(report, handler);
    Row {
        handler,
        name: safe::terminal(&name(handler)),
        kind: kind(&handler.kind),
        verdict: verdict_and_state(handler),
        state: life.filter(|life| life.state != State::Proposed).map(|life| life::state(life, audience)),
        policy: life::house_rule(handler),
        history: life
            .map(|life| life.history.iter().map(|step| life::step(step, audience)).collect())
            .unwrap_or_default(),
        class: Class::of(handler).as_str(),
        calls_per_day: number(handler.calls_per_day),
        p50: handler.duration_ms.map_or_else(|| "unknown".to_owned(), |ms| format!("{} ms", number(ms.p50))),
        own_ui: own_ui(handler),
        gain: handler.benefit.as_ref().and_then(benefit).unwrap_or_default(),
        confidence: handler.confidence.map_or_else(String::new, |c| format!("{c:.2}")),
        rules: handler.blockers.iter().chain(&handler.improvements).cloned().collect(),
        needs: needs(handler),
        evidence: handler.evidence.iter().map(evidence).collect(),
        steps: handler.steps.iter().map(|step| words(step)).collect(),
        warnings: handler.warnings.iter().map(|warning| words(warning)).collect(),
    }
}

fn evidence(row: &pointsman_advisor::EvidenceRow) -> Evidence<'_> {
    let [low, high] = row.interval;
    Evidence {
        rule: &row.rule,
        kind: points(row.kind),
        text: words(&row.text),
        numbers: format!(
            "observed {:.3} (95 %: {low:.3} to {high:.3}), threshold {}, {} samples",
            row.observed, row.threshold, row.samples
        ),
    }
}
