//! What is found in one report, in words: on the overview as it stands now, on the page of a kept report as it was. What to do comes
//! first, then what can be improved, then everything.

use askama::Template;
use jiff::tz::TimeZone;
use pointsman_advisor::{HandlerReport, Report, Verdict};

use super::cards::Cards;
use super::choice::{name as service_name, query};
use super::listing::Listing;
use super::rules::{manual, summary};
use super::wanted::Wanted;
use crate::advise::Evidence;
use crate::render::benefit::in_plain_words;
use crate::render::when::{Moment, moment};
use crate::render::{self, life, safe};

/// Handlers of an improvement that are named; the rest is counted.
const NAMED: usize = 3;

/// What is known of one service and environment.
#[derive(Template)]
#[template(path = "pages/found.html")]
pub(super) struct Found<'a> {
    report: &'a Report,
    name: String,
    headline: String,
    others: String,
    from: Moment,
    to: Moment,
    made: Moment,
    covered: String,
    lowered: Vec<String>,
    /// Telemetry that too few calls carry, with what it is needed for.
    missing: Vec<(String, String)>,
    remarks: Vec<String>,
    cards: Cards,
    /// What to do where there is no change.
    idle: &'static str,
    /// The page to which a decision leads back.
    back: String,
    improvements: Vec<Improvement>,
    listing: Listing<'a>,
    record: Option<String>,
    policies: Vec<String>,
}

/// Where a report is shown, and what is to be shown of it.
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    /// What the address says beside the table.
    pub(super) fixed: Vec<(&'static str, String)>,
    pub(super) wanted: Wanted,
    pub(super) zone: &'a TimeZone,
    /// The evidence behind a report that stands; `None` for one that is kept.
    pub(super) evidence: Option<&'a Evidence>,
}

/// Something that gets better without a move, with the handlers it is about.
struct Improvement {
    rule: String,
    /// What to do.
    remedy: String,
    summary: String,
    handlers: Vec<Improved>,
    /// How many it is about beyond those that are named, and where they are listed.
    more: usize,
    all: String,
}

/// A handler that can be improved.
struct Improved {
    id: String,
    name: String,
    gain: Option<String>,
}

impl<'a> Found<'a> {
    /// A report in words.
    pub(super) fn of(report: &'a Report, place: Place<'a>) -> anyhow::Result<Self> {
        let Place { path, fixed, wanted, zone, evidence } = place;
        let mut back = form_urlencoded::Serializer::new(String::new());
        let back = format!("{path}?{}#changes", back.extend_pairs(&fixed).finish());
        let cards = Cards::of(report, evidence)?;
        let improvements = improvements(report, path, &fixed);
        let number = |handler: &HandlerReport| cards.number_of(&handler.id);
        let listing = Listing::of(report, (path, fixed), wanted, number);
        Ok(Self {
            report,
            name: service_name(&report.service, report.environment.as_deref()),
            headline: render::capital(&render::moves_in_short(report)),
            others: render::others_in_short(report),
            from: moment(&report.window.from, zone),
            to: moment(&report.window.to, zone),
            made: moment(&report.generated_at, zone),
            covered: render::text::days(report.days_covered),
            lowered: render::lowered(&report.settings),
            missing: Vec::new(),
            remarks: render::remarks::reasons(report),
            improvements,
            listing,
            record: life::record(&report.record),
            policies: report.policies.iter().map(life::policy).collect(),
            cards,
            idle: idle(report),
            back,
        })
    }

    fn record_query(&self) -> String {
        query(&self.report.service, self.report.environment.as_deref())
    }

    /// With what telemetry lacks, and what that is needed for.
    pub(super) fn with_missing(self, missing: Vec<(String, String)>) -> Self {
        Self { missing, ..self }
    }
}

/// What to do while nothing is to be changed.
fn idle(report: &Report) -> &'static str {
    let lacks = report.handlers.iter().any(|row| row.verdict == Verdict::InsufficientEvidence);
    let improves = report.handlers.iter().any(|row| !row.improvements.is_empty());
    match (lacks, improves) {
        (true, _) => {
            "There is nothing to move yet: keep the app running, and look again when more calls have come in."
        }
        (false, true) => "There is nothing to move. What can be improved in place is listed next.",
        (false, false) => "There is nothing to do: no measurement is a reason to change anything.",
    }
}

/// Improvements by rule, those of most handlers first; urgent ones before all others.
fn improvements(report: &Report, path: &str, fixed: &[(&'static str, String)]) -> Vec<Improvement> {
    let mut rules: Vec<(&str, Vec<&HandlerReport>)> = Vec::new();
    for handler in &report.handlers {
        for rule in &handler.improvements {
            match rules.iter_mut().find(|(known, _)| known == rule) {
                Some((_, handlers)) => handlers.push(handler),
                None => rules.push((rule, vec![handler])),
            }
        }
    }
    let is_urgent = |handlers: &[&HandlerReport]| handlers.iter().any(|handler| handler.is_urgent());
    rules.sort_by_key(|(_, handlers)| (!is_urgent(handlers), std::cmp::Reverse(handlers.len())));
    let improvement = |(rule, handlers): (&str, Vec<&HandlerReport>)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fixed).append_pair("rule", rule);
        Improvement {
            rule: rule.to_owned(),
            remedy: render::capital(render::phrases::remedy(rule)),
            summary: manual(rule).map(summary).unwrap_or_default().replace('`', ""),
            handlers: handlers.iter().take(NAMED).map(|handler| improved(handler)).collect(),
            more: handlers.len().saturating_sub(NAMED),
            all: format!("{path}?{}#handlers", query.finish()),
        }
    };
    rules.into_iter().map(improvement).collect()
}

fn improved(handler: &HandlerReport) -> Improved {
    let is_its_own = !handler.verdict.is_move() && handler.improvements.len() == 1;
    let gain = handler.benefit.as_ref().filter(|_| is_its_own).map(in_plain_words);
    Improved {
        id: handler.id.clone(),
        name: safe::terminal(&render::name(handler)),
        gain: gain.and_then(|said| said.into_iter().next()).map(|said| said.text),
    }
}
