//! A report on one screen: what to do first, what it saves, and what to type next. Everything else is in the full report.

use std::collections::BTreeMap;

use pointsman_advisor::life::State;
use pointsman_advisor::{Benefit, Change, HandlerReport, NeedCode, Report, ReportedKind, Verdict};

use super::differences::{in_short_at, told};
use super::page::{Cell, Ink, Page};
use super::remarks::preview;
use super::rounded::{counted, duration, rounded};
use super::{Audience, Style, capital, headline, life, lowered, name, needs, number, phrases, safe, source};

/// Entries of each list; of more only how many there are. Together they fit on a screen of 70 lines.
const MOST_CHANGES: usize = 8;
const MOST_DIFFERENCES: usize = 5;
const MOST_IMPROVEMENTS: usize = 8;
const MOST_REASONS: usize = 8;
const MOST_NEEDS: usize = 4;
const MOST_MADE: usize = 3;

/// All reports, one after the other.
pub(crate) fn reports(reports: &[Report], audience: &Audience, style: Style) -> String {
    if reports.is_empty() {
        return "No calls yet: send OTLP to `pointsman serve`, or read recorded traces with `pointsman replay FILE`.\n"
            .to_owned();
    }
    let several = reports.len() > 1;
    reports.iter().map(|one| report(one, several, audience, style)).collect::<Vec<_>>().join("\n")
}

/// One report without what to type next: for those who have no terminal.
pub(crate) fn of(report: &Report, audience: &Audience, style: Style) -> String {
    let mut page = Page::new(style);
    everything(&mut page, report, audience);
    page.finish()
}

fn report(report: &Report, several: bool, audience: &Audience, style: Style) -> String {
    let mut page = Page::new(style);
    everything(&mut page, report, audience);
    next(&mut page, report, several);
    page.finish()
}

fn everything(page: &mut Page, report: &Report, audience: &Audience) {
    page.line(0, Ink::Heading, &title(report, audience));
    page.line(0, Ink::Heading, &format!("{}.", headline(report)));
    differences(page, report, audience);
    changes(page, report);
    improvements(page, report);
    stays(page, report);
    lacking(page, report);
    made(page, report);
    notes(page, report);
}

/// `storefront (production), 18 to 25 Nov 2026, Next.js 16.4.6`.
pub(super) fn title(report: &Report, audience: &Audience) -> String {
    let environment = report.environment.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let next =
        report.next_version.as_ref().map_or_else(String::new, |version| format!(", Next.js {version}"));
    safe::terminal(&format!(
        "{}{environment}, {}{next}",
        report.service,
        audience.days(&report.window.from, &report.window.to)
    ))
}

fn differences(page: &mut Page, report: &Report, audience: &Audience) {
    let Some(known) = &report.since_last_report else { return };
    page.blank();
    page.one_line(0, Ink::Heading, &format!("{}.", capital(&in_short_at(known, &audience.zone))));
    let lists = told(known);
    let lines: Vec<String> = lists
        .iter()
        .flat_map(|(title, lines)| {
            lines.iter().map(move |line| format!("{title}: {}: {}", line.name, line.text))
        })
        .collect();
    for line in lines.iter().take(MOST_DIFFERENCES) {
        page.one_line(2, Ink::Keep, line);
    }
    more(page, lines.len(), MOST_DIFFERENCES);
}

fn changes(page: &mut Page, report: &Report) {
    let open: Vec<&Change> = report.changes.iter().filter(|change| change.state.is_open()).collect();
    let answered =
        report.changes.iter().filter(|it| matches!(it.state, State::Dismissed | State::Snoozed)).count();
    if !open.is_empty() {
        page.blank();
        let rows: Vec<Vec<Cell>> = open.iter().take(MOST_CHANGES).map(|change| row(change)).collect();
        page.grid(&["What to change", "Saves", "Confidence", "Effort", "Id"], &rows);
        more(page, open.len(), MOST_CHANGES);
    }
    if answered > 0 {
        page.blank();
        page.line(0, Ink::Faint, &format!("{} dismissed or snoozed.", counted(answered, "change")));
    }
}

/// `and 3 more`, where a list was cut.
fn more(page: &mut Page, all: usize, shown: usize) {
    if all > shown {
        page.line(2, Ink::Faint, &format!("and {} more", all - shown));
    }
}

fn row(change: &Change) -> Vec<Cell> {
    let accepted = if change.state == State::Accepted { " (accepted)" } else { "" };
    let saves = change.benefit.as_ref().map(saves).unwrap_or_default();
    vec![
        Cell::new(Ink::Keep, format!("{}{accepted}", safe::terminal(&change.title))),
        Cell::lines(Ink::Move, saves),
        Cell::new(Ink::Keep, change.confidence.map_or_else(String::new, |it| format!("{:.0} %", it * 100.0))),
        Cell::new(Ink::Keep, change.effort.as_ref().map_or("", life::effort).to_owned()),
        Cell::new(Ink::Faint, change.id.clone()),
    ]
}

/// The main number of a gain, and the waiting that one user is spared: two lines at most.
pub(crate) fn saves(benefit: &Benefit) -> Vec<String> {
    let counts = [(benefit.round_trips_per_day, "round trip"), (benefit.origin_requests_per_day, "request")];
    let count = counts.into_iter().find(|(count, _)| *count >= 0.5);
    let count = count.map(|(count, noun)| {
        let plural = if rounded(count) == "1" { "" } else { "s" };
        format!("{} {noun}{plural} a day", rounded(count))
    });
    let queue = benefit.queue_ms_per_interaction.unwrap_or_default();
    let waiting = match benefit.ms_per_interaction_p50 {
        ms @ 0.5.. => Some(format!("{} each time", duration(ms))),
        _ => (queue >= 0.5).then(|| format!("{} of blocking", duration(queue))),
    };
    count.into_iter().chain(waiting).collect()
}

fn improvements(page: &mut Page, report: &Report) {
    let better = |urgent: bool| {
        let rows = report
            .handlers
            .iter()
            .filter(move |row| row.is_urgent() == urgent && !row.improvements.is_empty());
        rows.collect::<Vec<_>>()
    };
    let (urgent, others) = (better(true), better(false));
    for (title, ink, rows) in [("Fix first", Ink::Urgent, urgent), ("Improve in place", Ink::Heading, others)]
    {
        if rows.is_empty() {
            continue;
        }
        page.blank();
        page.line(0, ink, title);
        let width = rows
            .iter()
            .take(MOST_IMPROVEMENTS)
            .map(|row| short_name(row).chars().count())
            .max()
            .unwrap_or_default();
        for row in rows.iter().take(MOST_IMPROVEMENTS) {
            let remedies: Vec<&str> = row.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
            page.one_line(2, Ink::Keep, &format!("{:width$}  {}", short_name(row), remedies.join("; ")));
        }
        more(page, rows.len(), MOST_IMPROVEMENTS);
    }
}

/// The name of a handler without its file.
fn short_name(row: &HandlerReport) -> String {
    safe::terminal(&row.action.clone().filter(|_| row.file.is_some()).unwrap_or_else(|| name(row)))
}

fn stays(page: &mut Page, report: &Report) {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let kept: Vec<&HandlerReport> =
        report.handlers.iter().filter(|row| row.verdict == Verdict::Keep).collect();
    for row in &kept {
        *reasons.entry(reason_to_stay(row)).or_default() += 1;
    }
    if kept.is_empty() {
        return;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    page.blank();
    page.line(0, Ink::Heading, &format!("{} where they are", stay(kept.len())));
    for (reason, count) in reasons.iter().take(MOST_REASONS) {
        page.one_line(2, Ink::Keep, &format!("{count:>3}  {reason}"));
    }
    let rest: usize = reasons.iter().skip(MOST_REASONS).map(|(_, count)| count).sum();
    if rest > 0 {
        page.line(2, Ink::Faint, &format!("{rest:>3}  for other reasons"));
    }
}

/// `1 handler stays`, `34 handlers stay`.
fn stay(count: usize) -> String {
    format!("{} {}", counted(count, "handler"), if count == 1 { "stays" } else { "stay" })
}

/// Why a handler stays, in words that several share.
fn reason_to_stay(row: &HandlerReport) -> &str {
    match row.blockers.first() {
        Some(rule) => phrases::blocker(rule),
        None if row.policy.is_some() => "kept by your team's policy",
        None if row.kind == ReportedKind::Page => "pages, which are never moved",
        None if matches!(row.kind, ReportedKind::Unmatched | ReportedKind::Other) => {
            "paths without a route of their own"
        }
        None if row.kind != ReportedKind::ServerAction && row.method == "GET" => "GET routes that read data",
        None => "no measured reason to move",
    }
}

fn lacking(page: &mut Page, report: &Report) {
    let unsure: Vec<&HandlerReport> =
        report.handlers.iter().filter(|row| row.verdict == Verdict::InsufficientEvidence).collect();
    if unsure.is_empty() {
        return;
    }
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for row in &unsure {
        let more_calls =
            row.needs.iter().all(|need| matches!(need.code, NeedCode::MoreCalls | NeedCode::MoreDays));
        let what = if more_calls { "more calls".to_owned() } else { needs(row).join(", and ") };
        *missing.entry(what).or_default() += 1;
    }
    let mut missing: Vec<(String, usize)> = missing.into_iter().collect();
    missing.sort_by(|(a, many), (b, more)| more.cmp(many).then(a.cmp(b)));
    page.blank();
    page.line(0, Ink::Heading, &format!("{} without enough evidence", counted(unsure.len(), "handler")));
    for (what, count) in missing.iter().take(MOST_NEEDS) {
        page.one_line(2, Ink::Keep, &format!("{count:>3}  {}", safe::terminal(what)));
    }
    more(page, missing.len(), MOST_NEEDS);
}

/// Changes that were made, and what came of them.
fn made(page: &mut Page, report: &Report) {
    let made: Vec<&Change> =
        report.changes.iter().filter(|it| matches!(it.state, State::Applied | State::Verified)).collect();
    if made.is_empty() {
        return;
    }
    page.blank();
    page.line(0, Ink::Heading, "Already done");
    for change in made.iter().take(MOST_MADE) {
        let found = change
            .proof
            .as_ref()
            .map_or("before and after are being compared", |proof| life::outcome(proof.outcome));
        page.one_line(2, Ink::Keep, &format!("{}: {found}", safe::terminal(&change.title)));
    }
    more(page, made.len(), MOST_MADE);
}

/// What a reader has to know to trust the numbers, one line each.
fn notes(page: &mut Page, report: &Report) {
    let mut notes = Vec::new();
    let lowered = lowered(&report.settings);
    if !lowered.is_empty() {
        notes.push((Ink::Urgent, format!("{}.", preview(lowered.len()))));
    }
    if report.days_covered < 2.0 {
        notes
            .push((Ink::Faint, "This is less than two days of data, so the numbers will change.".to_owned()));
    }
    if !report.sampling.declared {
        notes.push((Ink::Faint, format!("{}.", capital(&report.sampling.text))));
    }
    let unknown: f64 = report.unknown_actions.iter().map(|one| one.calls).sum();
    if unknown >= 0.5 {
        notes.push((
            Ink::Faint,
            format!("{} calls asked for action ids that the app does not know.", number(unknown)),
        ));
    }
    if let Some(line) = source::summary(report) {
        notes.push((Ink::Faint, format!("{}.", capital(&safe::terminal(&line)))));
    }
    match source::findings(report).len() {
        0 => {}
        1 => notes.push((Ink::Faint, "1 finding in code without traffic: --full lists it.".to_owned())),
        count => {
            notes.push((Ink::Faint, format!("{count} findings in code without traffic: --full lists them.")));
        }
    }
    if !report.policies.is_empty() {
        let policies = if report.policies.len() == 1 { "policy is" } else { "policies are" };
        notes.push((Ink::Faint, format!("{} {policies} in force.", report.policies.len())));
    }
    if !notes.is_empty() {
        page.blank();
    }
    for (ink, note) in notes {
        page.one_line(0, ink, &safe::sentence(&note));
    }
}

/// What to type next.
fn next(page: &mut Page, report: &Report, several: bool) {
    let service =
        if several { format!(" --service {}", safe::terminal(&report.service)) } else { String::new() };
    let mut commands = Vec::new();
    if let Some(first) = report.changes.iter().find(|change| change.state.is_open()) {
        commands.push((format!("pointsman explain {}", first.id), "its plan and its evidence"));
        if first.state == State::Proposed {
            commands.push((format!("pointsman accept {}", first.id), "when you will do it"));
        }
    } else if report.handlers.iter().any(|row| row.verdict == Verdict::InsufficientEvidence) {
        commands.push(("pointsman doctor".to_owned(), "what telemetry is missing, and how to get it"));
    }
    commands.push((format!("pointsman report --full{service}"), "every handler"));
    page.blank();
    page.line(0, Ink::Heading, "Next");
    let width = commands.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    for (command, what) in commands {
        page.one_line(2, Ink::Keep, &format!("{command:width$}  {what}"));
    }
}
