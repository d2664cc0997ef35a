//! Reports as Markdown that reads well in a pull request.

use std::fmt::Write;

use pointsman_advisor::{Change, EvidenceKind, HandlerReport, Report};

use super::benefit::benefit;
use super::differences::{in_short, told};
use super::remarks::remarks;
use super::safe::{markdown as safe, markdown_sentence as sentence};
use super::text::days;
use super::{capital, headline, kind, life, lowered, name, needs, number, own_ui, source, verdict_and_state};

/// All reports, one after the other.
pub(crate) fn reports(reports: &[Report]) -> String {
    if reports.is_empty() {
        return "No calls yet.\n".to_owned();
    }
    reports.iter().map(report).collect::<Vec<_>>().join("\n---\n\n")
}

fn report(report: &Report) -> String {
    let environment =
        report.environment.as_deref().map_or_else(String::new, |name| format!(" ({})", safe(name)));
    let mut text = format!(
        "# Pointsman: {}{environment}\n\n**{}.**\n\n",
        safe(&report.service),
        safe(&headline(report))
    );
    text += &changes(report);
    let _ = writeln!(
        text,
        "{} to {}, {} covered. {}.\n",
        report.window.from,
        report.window.to,
        days(report.days_covered),
        capital(&report.sampling.text)
    );
    if let Some(record) = life::record(&report.record) {
        let _ = writeln!(text, "{}.\n", capital(&record));
    }
    let _ = writeln!(text, "| Handler | Kind | Calls a day | Own UI | Verdict | Gain |");
    let _ = writeln!(text, "|---|---|---:|---:|---|---|");
    for handler in &report.handlers {
        text += &row(handler);
    }
    for handler in report.handlers.iter().filter(|h| is_worth_a_section(h)) {
        text += &section(report, handler);
    }
    text += &made(report);
    text += &findings(report);
    for line in remarks(report) {
        let _ = writeln!(text, "\n{}.", safe(&capital(&line)));
    }
    for policy in &report.policies {
        let _ = writeln!(text, "\n> Policy: {}", safe(&life::policy(policy)));
    }
    let lowered = lowered(&report.settings);
    if !lowered.is_empty() {
        let _ = writeln!(text, "\n> Thresholds that are not the defaults: {}", safe(&lowered.join(", ")));
    }
    text
}

/// One Change with its plan.
pub(crate) fn change(report: &Report, change: &Change) -> String {
    let mut text = format!("## {}\n\n{}.\n\n", safe(&change.title), sentence(&capital(&change.reason)));
    let mut facts: Vec<String> = Vec::new();
    if let Some(gain) = change.benefit.as_ref().and_then(benefit) {
        facts.push(format!("saves {gain}"));
    }
    facts.extend(change.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0)));
    facts.extend(change.effort.as_ref().map(|effort| format!("effort {effort}")));
    facts.push(change.state.as_str().to_owned());
    let _ = writeln!(text, "{}. Id `{}`.\n", capital(&facts.join(", ")), change.id);
    for handler in report.handlers.iter().filter(|row| change.handlers.contains(&row.id)) {
        let _ = writeln!(
            text,
            "- {}: {}, {} calls a day",
            safe(&name(handler)),
            kind(&handler.kind),
            number(handler.calls_per_day)
        );
    }
    for (index, step) in change.steps.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{}. {}", index + 1, sentence(step));
    }
    for warning in &change.warnings {
        let _ = writeln!(text, "\n> {}", sentence(&capital(warning)));
    }
    text
}

/// What changed since the last kept report.
fn changes(report: &Report) -> String {
    let Some(changes) = &report.since_last_report else { return String::new() };
    let mut text = format!("{}.\n\n", safe(&capital(&in_short(changes))));
    for (title, lines) in told(changes) {
        let _ = writeln!(text, "**{title}**\n");
        for line in lines {
            let _ = writeln!(text, "- **{}**: {}", safe(&line.name), sentence(&line.text));
        }
        text.push('\n');
    }
    text
}

fn row(handler: &HandlerReport) -> String {
    let own = own_ui(handler);
    let gain = handler.benefit.as_ref().and_then(benefit).unwrap_or_default();
    let why = handler.blockers.first().map_or_else(String::new, |blocker| format!(" ({blocker})"));
    format!(
        "| {} | {} | {} | {own} | {}{why} | {gain} |\n",
        safe(&name(handler)),
        kind(&handler.kind),
        number(handler.calls_per_day),
        verdict_and_state(handler)
    )
}

/// Moves that were made, with what was promised and what was found.
fn made(report: &Report) -> String {
    let mut text = String::new();
    for life in life::made(report) {
        let _ = writeln!(text, "\n## {}\n", safe(&capital(&life::title(life))));
        for line in life::proof(life) {
            let _ = writeln!(text, "- {}", safe(&line));
        }
    }
    text
}

/// What source and traffic show together about code without traffic.
fn findings(report: &Report) -> String {
    let findings = source::findings(report);
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n## In the source, without traffic\n\n".to_owned();
    for line in findings {
        let _ = writeln!(text, "- {}", safe(&line));
    }
    text
}

fn is_worth_a_section(handler: &HandlerReport) -> bool {
    handler.verdict.is_move() || handler.policy.is_some() || !handler.improvements.is_empty()
}

fn section(report: &Report, handler: &HandlerReport) -> String {
    let mut text = format!("\n## {}: {}\n\n", safe(&name(handler)), verdict_and_state(handler));
    let _ = writeln!(text, "{}\n", safe(&capital(&handler.reason)));
    if let Some(rule) = life::house_rule(handler) {
        let _ = writeln!(text, "{}.\n", safe(&capital(&rule)));
    }
    if let Some(life) = life::of(report, handler).filter(|_| !handler.is_open_move()) {
        let _ = writeln!(text, "{}.\n", safe(&capital(&life::state(life))));
    }
    if let Some(confidence) = handler.confidence {
        let effort = handler.effort.as_deref().unwrap_or_default();
        let _ = writeln!(text, "Confidence {confidence:.2}, effort {effort}, id `{}`.\n", handler.id);
    }
    if !handler.evidence.is_empty() {
        let _ = writeln!(text, "<details>\n<summary>Evidence ({})</summary>\n", handler.evidence.len());
    }
    for row in &handler.evidence {
        let mark = match row.kind {
            EvidenceKind::For => "for",
            EvidenceKind::Against => "against",
            EvidenceKind::Blocker => "blocker",
            EvidenceKind::Improvement => "improve",
        };
        let _ = writeln!(text, "- **{}** ({mark}): {}", row.rule, sentence(&row.text));
    }
    if !handler.evidence.is_empty() {
        let _ = writeln!(text, "\n</details>");
    }
    for (index, step) in handler.steps.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{}. {}", index + 1, safe(step));
    }
    for (index, line) in source::lines(handler).iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}- {}", safe(line));
    }
    for warning in &handler.warnings {
        let _ = writeln!(text, "\n> {}", safe(&capital(warning)));
    }
    if !handler.needs.is_empty() {
        let needs = needs(handler);
        let _ = writeln!(text, "\nNeeds {}.", needs.join(", and "));
    }
    text
}
