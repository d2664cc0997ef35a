//! Reports as Markdown that reads well in a pull request.

use std::fmt::Write;

use pointsman_advisor::{EvidenceKind, HandlerReport, Report};

use super::benefit::{benefit, overlap};
use super::safe::markdown as safe;
use super::text::days;
use super::{headline, kind, lowered, name, need, number, percent, verdict};

/// All reports, one after the other.
pub(crate) fn reports(reports: &[Report]) -> String {
    if reports.is_empty() {
        return "No calls yet.\n".to_owned();
    }
    reports.iter().map(report).collect::<Vec<_>>().join("\n---\n\n")
}

fn report(report: &Report) -> String {
    let mut text =
        format!("# Pointsman: {}\n\n**{}**\n\n", safe(&report.service), capital(&headline(report)));
    let _ = writeln!(
        text,
        "{} to {}, {} covered. {}.\n",
        report.window.from,
        report.window.to,
        days(report.days_covered),
        capital(&report.sampling.text)
    );
    let _ = writeln!(text, "| Handler | Kind | Calls a day | Own UI | Verdict | Gain |");
    let _ = writeln!(text, "|---|---|---:|---:|---|---|");
    for handler in &report.handlers {
        text += &row(handler);
    }
    for handler in report.handlers.iter().filter(|h| h.verdict.is_move() || !h.improvements.is_empty()) {
        text += &section(handler);
    }
    for line in overlap(report) {
        let _ = writeln!(text, "\n{}.", safe(&capital(&line)));
    }
    let lowered = lowered(&report.settings);
    if !lowered.is_empty() {
        let _ = writeln!(text, "\n> Thresholds that are not the defaults: {}", safe(&lowered.join(", ")));
    }
    text
}

fn row(handler: &HandlerReport) -> String {
    let own = handler.callers.get("own_ui").map_or_else(|| "0 %".to_owned(), |share| percent(*share));
    let gain = handler.benefit.as_ref().and_then(benefit).unwrap_or_default();
    let why = handler.blockers.first().map_or_else(String::new, |blocker| format!(" ({blocker})"));
    format!(
        "| {} | {} | {} | {own} | {}{why} | {gain} |\n",
        safe(&name(handler)),
        kind(&handler.kind),
        number(handler.calls_per_day),
        verdict(handler.verdict)
    )
}

fn section(handler: &HandlerReport) -> String {
    let mut text = format!("\n## {}: {}\n\n", safe(&name(handler)), verdict(handler.verdict));
    let _ = writeln!(text, "{}\n", safe(&capital(&handler.reason)));
    if let Some(confidence) = handler.confidence {
        let effort = handler.effort.as_deref().unwrap_or_default();
        let _ = writeln!(text, "Confidence {confidence:.2}, effort {effort}, id `{}`.\n", handler.id);
    }
    for row in &handler.evidence {
        let mark = match row.kind {
            EvidenceKind::For => "for",
            EvidenceKind::Against => "against",
            EvidenceKind::Blocker => "blocker",
            EvidenceKind::Improvement => "improve",
        };
        let _ = writeln!(text, "- **{}** ({mark}): {}", row.rule, safe(&row.text));
    }
    for (index, step) in handler.steps.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}{}. {}", index + 1, safe(step));
    }
    for warning in &handler.warnings {
        let _ = writeln!(text, "\n> {}", safe(&capital(warning)));
    }
    if !handler.needs.is_empty() {
        let needs: Vec<String> = handler.needs.iter().map(need).collect();
        let _ = writeln!(text, "\nNeeds {}.", needs.join(", and "));
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
