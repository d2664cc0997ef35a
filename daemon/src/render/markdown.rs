//! Reports as Markdown that reads well in a pull request: what changed, what to do, and everything else folded.

use std::fmt::Write;

use pointsman_advisor::life::State;
use pointsman_advisor::{Change, EvidenceKind, HandlerReport, Report};

use super::benefit::benefit;
use super::differences::{in_short_at, told};
use super::remarks::{preview, remarks};
use super::safe::{markdown as safe, markdown_sentence as sentence, markdown_with_code as with_code};
use super::summary::saves;
use super::text::days;
use super::{
    Audience, capital, headline, kind, life, lowered, name, needs, number, own_ui, phrases, source,
    verdict_and_state,
};

/// All reports, one after the other.
pub(crate) fn reports(reports: &[Report], audience: &Audience) -> String {
    if reports.is_empty() {
        return "No calls yet.\n".to_owned();
    }
    reports.iter().map(|one| report(one, audience)).collect::<Vec<_>>().join("\n---\n\n")
}

fn report(report: &Report, audience: &Audience) -> String {
    let environment =
        report.environment.as_deref().map_or_else(String::new, |name| format!(" ({})", safe(name)));
    let mut text = format!(
        "# Pointsman: {}{environment}\n\n**{}.**\n\n",
        safe(&report.service),
        safe(&headline(report))
    );
    text += &differences(report, audience);
    let lowered = lowered(&report.settings);
    if !lowered.is_empty() {
        let named: Vec<String> = lowered.iter().map(|one| with_code(&format!("`{one}`"))).collect();
        let _ = writeln!(text, "> {}: {}\n", preview(lowered.len()), named.join(", "));
    }
    text += &changes(report, audience);
    text += &improvements(report);
    text += &made(report, audience);
    text += &every_handler(report, audience);
    text += &findings(report);
    text += &notes(report, audience);
    text
}

/// What changed since the last kept report.
fn differences(report: &Report, audience: &Audience) -> String {
    let Some(known) = &report.since_last_report else { return String::new() };
    let mut text = format!("{}.\n\n", safe(&capital(&in_short_at(known, &audience.zone))));
    for (title, lines) in told(known) {
        for line in lines {
            let _ = writeln!(text, "- **{title}: {}**: {}", safe(&line.name), sentence(&line.text));
        }
    }
    text.trim_end().to_owned() + "\n\n"
}

/// What to do: a table, and each Change with its plan.
fn changes(report: &Report, audience: &Audience) -> String {
    let (open, answered): (Vec<&Change>, Vec<&Change>) = report
        .changes
        .iter()
        .filter(|change| !matches!(change.state, State::Applied | State::Verified))
        .partition(|change| change.state.is_open());
    let mut text = String::new();
    if !open.is_empty() {
        text +=
            "## Changes\n\n| What to change | Saves | Confidence | Effort | Id |\n|---|---|---:|---|---|\n";
        open.iter().for_each(|change| text += &row(change, audience));
        for one in open {
            let _ = writeln!(text, "\n<details>\n<summary>{}: why and how</summary>\n", summary(&one.title));
            text += &body(report, one, audience);
            text += "\n</details>\n";
        }
        text.push('\n');
    }
    if !answered.is_empty() {
        text += "## Dismissed and snoozed\n\n";
        for one in answered {
            let until = one
                .until
                .as_ref()
                .map_or_else(String::new, |until| format!(" until {}", audience.when(until)));
            let why = one.history.last().map_or("", |step| step.reason.as_str());
            let why = if why.is_empty() { String::new() } else { format!(": {}", sentence(why)) };
            let _ = writeln!(text, "- {} ({}{until}){why}", safe(&one.title), one.state.as_str());
        }
        text.push('\n');
    }
    text
}

/// A title within HTML: some renderers read Markdown there, others do not.
fn summary(title: &str) -> String {
    let mut text = String::new();
    for letter in super::safe::terminal(title).chars() {
        match letter {
            '&' | '<' | '>' | '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '@' => {
                let _ = write!(text, "&#{};", u32::from(letter));
            }
            letter => text.push(letter),
        }
    }
    text
}

fn row(change: &Change, audience: &Audience) -> String {
    let accepted = if change.state == State::Accepted { " (accepted)" } else { "" };
    let title = safe(&change.title);
    let title = audience.change(&change.id).map_or(title.clone(), |link| format!("[{title}]({link})"));
    let gain = change.benefit.as_ref().map(saves).unwrap_or_default().join(", ");
    let confidence = change.confidence.map_or_else(String::new, |it| format!("{:.0} %", it * 100.0));
    let effort = change.effort.as_ref().map_or("", life::effort);
    format!("| {title}{accepted} | {gain} | {confidence} | {effort} | `{}` |\n", change.id)
}

/// One Change with its plan.
pub(crate) fn change(report: &Report, change: &Change, audience: &Audience) -> String {
    format!("## {}\n\n{}", safe(&change.title), body(report, change, audience))
}

fn body(report: &Report, change: &Change, audience: &Audience) -> String {
    let mut text = format!("{}.\n\n", sentence(&capital(change.reason.trim_end_matches('.'))));
    let mut facts: Vec<String> = Vec::new();
    if let Some(gain) = change.benefit.as_ref().and_then(benefit) {
        facts.push(format!("saves {gain}"));
    }
    facts.extend(change.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0)));
    facts.extend(change.effort.as_ref().map(|effort| format!("{} effort", life::effort(effort))));
    facts.push(change.state.as_str().to_owned());
    let _ = writeln!(
        text,
        "{}. Id `{1}`: `pointsman draft {1}` makes a patch of it, or says why not.\n",
        capital(&facts.join(", ")),
        change.id
    );
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
        let _ = writeln!(text, "{gap}{}. {}", index + 1, with_code(step));
    }
    for warning in &change.warnings {
        let _ = writeln!(text, "\n> {}", with_code(&capital(warning)));
    }
    if change.history.len() > 1 {
        text.push('\n');
        change.history.iter().for_each(|step| {
            let _ = writeln!(text, "- {}", sentence(&life::step(step, audience)));
        });
    }
    text
}

/// One handler with its evidence.
pub(crate) fn handler(report: &Report, handler: &HandlerReport, audience: &Audience) -> String {
    section(report, handler, audience)
}

fn improvements(report: &Report) -> String {
    let better: Vec<&HandlerReport> =
        report.handlers.iter().filter(|row| !row.improvements.is_empty()).collect();
    if better.is_empty() {
        return String::new();
    }
    let mut text = "## Improve in place\n\n| Handler | What to do |\n|---|---|\n".to_owned();
    for row in better {
        let remedies: Vec<&str> = row.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
        let urgent = if row.is_urgent() { "**Fix first:** " } else { "" };
        let _ = writeln!(text, "| {} | {urgent}{} |", safe(&name(row)), safe(&remedies.join("; ")));
    }
    text + "\n"
}

/// Changes that were made, with what was promised and what was found.
fn made(report: &Report, audience: &Audience) -> String {
    let made: Vec<&Change> =
        report.changes.iter().filter(|it| matches!(it.state, State::Applied | State::Verified)).collect();
    let mut text = String::new();
    if made.is_empty() {
        return text;
    }
    text += "## Already done\n";
    if let Some(record) = life::record(&report.record) {
        let _ = writeln!(text, "\n{}.", capital(&record));
    }
    for change in made {
        let _ = writeln!(text, "\n### {}\n", safe(&capital(&life::change_title(change))));
        if let Some(since) = &change.since {
            let _ = writeln!(text, "- {} since {}", capital(change.state.as_str()), audience.when(since));
        }
        for line in change.proof.as_ref().map(life::found_by).unwrap_or_default() {
            let _ = writeln!(text, "- {}", safe(&line));
        }
    }
    text + "\n"
}

/// All handlers in a table, and what was measured about those that are worth it, folded.
fn every_handler(report: &Report, audience: &Audience) -> String {
    let mut text = format!("<details>\n<summary>All {} handlers</summary>\n\n", report.handlers.len());
    text += "| Handler | Kind | Calls a day | Own UI | Verdict | Gain |\n|---|---|---:|---:|---|---|\n";
    for handler in &report.handlers {
        let own = own_ui(handler);
        let gain = handler.benefit.as_ref().and_then(benefit).unwrap_or_default();
        let why = handler.blockers.first().map_or_else(String::new, |blocker| format!(" ({blocker})"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {own} | {}{why} | {gain} |",
            safe(&name(handler)),
            kind(&handler.kind),
            number(handler.calls_per_day),
            verdict_and_state(handler)
        );
    }
    text += "\n</details>\n";
    let worth = |it: &&HandlerReport| {
        it.verdict.is_move() || it.policy.is_some() || !it.improvements.is_empty() || !it.needs.is_empty()
    };
    let sections: Vec<String> =
        report.handlers.iter().filter(worth).map(|handler| section(report, handler, audience)).collect();
    if !sections.is_empty() {
        let _ = writeln!(text, "\n<details>\n<summary>Evidence</summary>\n{}\n</details>", sections.concat());
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

fn section(report: &Report, handler: &HandlerReport, audience: &Audience) -> String {
    let mut text = format!("\n### {}: {}\n\n", safe(&name(handler)), verdict_and_state(handler));
    let _ = writeln!(text, "{}\n", safe(&capital(&handler.reason)));
    if let Some(rule) = life::house_rule(handler) {
        let _ = writeln!(text, "{}.\n", safe(&capital(&rule)));
    }
    if let Some(life) = life::of(report, handler).filter(|_| !handler.is_open_move()) {
        let _ = writeln!(text, "{}.\n", safe(&capital(&life::state(life, audience))));
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
    for (index, line) in source::lines(handler).iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{gap}- {}", safe(line));
    }
    if !handler.needs.is_empty() {
        let _ = writeln!(text, "\nNeeds {}.", needs(handler).join(", and "));
    }
    text
}

/// What the numbers rest on.
fn notes(report: &Report, audience: &Audience) -> String {
    let mut text = format!(
        "\n{} to {}, {} of data. {}.\n",
        audience.when(&report.window.from),
        audience.when(&report.window.to),
        days(report.days_covered),
        capital(&report.sampling.text)
    );
    for line in remarks(report) {
        let _ = writeln!(text, "\n{}.", safe(&capital(&line)));
    }
    for policy in &report.policies {
        let _ = writeln!(text, "\n> Policy: {}", safe(&life::policy(policy)));
    }
    text
}
