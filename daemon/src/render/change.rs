//! One Change as text: what to do, why, what it saves, how, and what became of it.

use pointsman_advisor::life::State;
use pointsman_advisor::{Change, HandlerReport, Report};

use super::benefit::benefit;
use super::page::{Ink, Page};
use super::{Audience, Style, capital, kind, life, name, number, safe};

/// A Change with its plan.
pub(crate) fn text(report: &Report, change: &Change, audience: &Audience, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(0, Ink::Heading, &safe::terminal(&change.title));
    page.line(0, Ink::Faint, &facts(change, audience));
    page.blank();
    page.line(0, Ink::Keep, &safe::sentence(&format!("{}.", capital(&change.reason))));
    if let Some(gain) = change.benefit.as_ref().and_then(benefit) {
        page.line(0, Ink::Keep, &format!("Saves {gain}."));
    }
    handlers(&mut page, report, change);
    if !change.steps.is_empty() {
        page.heading("Plan");
        for (index, step) in change.steps.iter().enumerate() {
            page.hanging(2, 5, Ink::Keep, &format!("{}. {}", index + 1, safe::sentence(step)));
        }
    }
    if !change.warnings.is_empty() {
        page.heading("Check first");
        for warning in &change.warnings {
            page.hanging(2, 4, Ink::Improve, &format!("- {}", safe::sentence(warning)));
        }
    }
    became(&mut page, change, audience);
    if change.state == State::Proposed {
        page.heading("Next");
        page.line(2, Ink::Keep, &format!("pointsman draft {} --repo . > change.patch", change.id));
        page.line(2, Ink::Keep, &format!("pointsman accept {}", change.id));
        page.line(2, Ink::Keep, &format!("pointsman dismiss {} --reason \"...\"", change.id));
    }
    page.finish()
}

/// `c0123456789, confidence 0.72, small effort, proposed`.
fn facts(change: &Change, audience: &Audience) -> String {
    let mut facts = vec![change.id.clone()];
    facts.extend(change.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0)));
    facts.extend(change.effort.as_ref().map(|effort| format!("{} effort", life::effort(effort))));
    let until =
        change.until.as_ref().map_or_else(String::new, |until| format!(" until {}", audience.when(until)));
    facts.push(format!("{}{until}", change.state.as_str()));
    facts.join(", ")
}

fn handlers(page: &mut Page, report: &Report, change: &Change) {
    page.heading(if change.handlers.len() == 1 { "Handler" } else { "Handlers" });
    for id in &change.handlers {
        let known = report.handlers.iter().find(|row| row.id == *id);
        let gone = || report.recommendations.iter().find(|life| life.id == *id).map(life::name);
        let text = known.map(line).or_else(gone).unwrap_or_else(|| id.clone());
        page.hanging(2, 4, Ink::Keep, &safe::terminal(&text));
    }
}

fn line(row: &HandlerReport) -> String {
    format!("{}: {}, {} calls a day ({})", name(row), kind(&row.kind), number(row.calls_per_day), row.id)
}

/// What became of it so far.
fn became(page: &mut Page, change: &Change, audience: &Audience) {
    let proof = change.proof.as_ref();
    if change.history.len() < 2 && proof.is_none() {
        return;
    }
    page.heading("So far");
    for step in &change.history {
        page.hanging(2, 4, Ink::Keep, &safe::sentence(&life::step(step, audience)));
    }
    for line in proof.map(life::found_by).unwrap_or_default() {
        page.hanging(2, 4, Ink::Keep, &safe::sentence(&line));
    }
}
