//! Reports for the terminal: aligned, wrapped, coloured only where that is wanted.

use pointsman_advisor::life::{Life, State};
use pointsman_advisor::{EvidenceKind, HandlerReport, Report, Verdict};

use super::benefit::benefit;
use super::differences::{in_short_at, told};
use super::page::{Ink, Page};
use super::remarks::{preview, remarks};
use super::{
    Audience, Style, capital, forms, headline, kind, life, lowered, name, needs, number, percent, preflights,
    safe, source, verdict_and_state,
};

/// All reports, one after the other.
pub(crate) fn reports(reports: &[Report], audience: &Audience, style: Style) -> String {
    if reports.is_empty() {
        return "no calls yet: send OTLP to `pointsman serve`, or feed recorded traces with `pointsman replay FILE`\n"
            .to_owned();
    }
    reports.iter().map(|one| report(one, audience, style)).collect::<Vec<_>>().join("\n")
}

fn report(report: &Report, audience: &Audience, style: Style) -> String {
    let mut page = Page::new(style);
    let service = match &report.environment {
        Some(environment) => format!("{} ({environment})", report.service),
        None => report.service.clone(),
    };
    page.line(0, Ink::Heading, &format!("pointsman: {}", safe::terminal(&service)));
    page.line(0, Ink::Keep, &format!("{}.", headline(report)));
    let next = report.next_version.as_deref();
    let next = next.map_or_else(String::new, |version| format!(", Next.js {}", safe::terminal(version)));
    page.line(
        0,
        Ink::Faint,
        &format!(
            "{} to {}, {} of data{next}",
            audience.when(&report.window.from),
            audience.when(&report.window.to),
            days(report.days_covered)
        ),
    );
    page.line(0, Ink::Faint, &report.sampling.text);
    for line in remarks(report) {
        page.line(0, Ink::Faint, &safe::terminal(&line));
    }
    if let Some(record) = life::record(&report.record) {
        page.line(0, Ink::Faint, &record);
    }
    page.differences(report, audience);
    for (title, chosen) in sections(report) {
        if !chosen.is_empty() {
            page.blank();
            page.line(0, Ink::Heading, &format!("{title} ({})", chosen.len()));
            for handler in chosen {
                page.entry(handler, life::of(report, handler), audience);
            }
        }
    }
    page.made(report);
    page.findings(report);
    for unknown in &report.unknown_actions {
        let (calls, route) = (number(unknown.calls), safe::terminal(&unknown.route));
        page.blank();
        page.line(
            0,
            Ink::Faint,
            &format!("{calls} calls to {route} asked for action ids that the app does not know"),
        );
    }
    if let Some(preflights) = preflights(report) {
        page.blank();
        page.line(0, Ink::Faint, &preflights);
    }
    page.policies(report);
    page.thresholds(report);
    page.finish()
}

/// Handlers by what a reader does with them.
fn sections(report: &Report) -> [(&'static str, Vec<&HandlerReport>); 6] {
    let chosen = |fits: fn(&HandlerReport) -> bool| report.handlers.iter().filter(|h| fits(h)).collect();
    [
        ("Fix first", chosen(HandlerReport::is_urgent)),
        ("Move", chosen(|h| h.is_open_move() && !h.is_urgent())),
        (
            "Dismissed, snoozed or done",
            chosen(|h| h.verdict.is_move() && !h.is_open_move() && !h.is_urgent()),
        ),
        (
            "Improve where it is",
            chosen(|h| !h.verdict.is_move() && !h.improvements.is_empty() && !h.is_urgent()),
        ),
        ("Keep", chosen(|h| h.verdict == Verdict::Keep && h.improvements.is_empty())),
        (
            "Not enough evidence",
            chosen(|h| h.verdict == Verdict::InsufficientEvidence && h.improvements.is_empty()),
        ),
    ]
}

impl Page {
    /// A handler as it stands in a report.
    pub(super) fn entry(&mut self, handler: &HandlerReport, life: Option<&Life>, audience: &Audience) {
        let title = safe::terminal(&name(handler));
        let ink = match handler.verdict {
            _ if handler.is_open_move() => Ink::Move,
            _ if !handler.improvements.is_empty() => Ink::Improve,
            _ => Ink::Keep,
        };
        let sure = handler.confidence.map_or_else(String::new, |c| format!(", confidence {c:.2}"));
        let effort = handler
            .effort
            .as_ref()
            .map_or_else(String::new, |effort| format!(", {} effort", life::effort(effort)));
        self.hanging(2, 4, ink, &format!("{title}: {}{sure}{effort}", verdict_and_state(handler)));
        let calls = format!(
            "{} {}, {} calls, {} a day{}",
            handler.id,
            kind(&handler.kind),
            number(handler.calls),
            number(handler.calls_per_day),
            durations(handler)
        );
        let calls = [vec![calls], forms(handler)].concat().join("; ");
        self.line(4, Ink::Faint, &calls);
        self.line(4, Ink::Keep, &safe::terminal(&handler.reason));
        if let Some(rule) = life::house_rule(handler) {
            self.line(4, Ink::Keep, &safe::terminal(&rule));
        }
        if let Some(life) = life.filter(|life| life.state != State::Proposed) {
            self.line(4, Ink::Keep, &safe::terminal(&life::state(life, audience)));
        }
        for row in handler.evidence.iter().filter(|row| row.kind == EvidenceKind::Improvement) {
            self.hanging(4, 6, Ink::Keep, &format!("{}: {}", row.rule, safe::terminal(&row.text)));
        }
        if let Some(gain) = handler.benefit.as_ref().and_then(benefit) {
            self.line(4, Ink::Keep, &format!("gain: {gain}"));
        }
        for (index, step) in handler.steps.iter().enumerate() {
            self.hanging(4, 7, Ink::Keep, &format!("{}. {}", index + 1, safe::terminal(step)));
        }
        for warning in &handler.warnings {
            self.hanging(4, 6, Ink::Improve, &format!("! {}", safe::terminal(warning)));
        }
        if !handler.steps.is_empty() || !handler.improvements.is_empty() {
            for line in source::lines(handler) {
                self.hanging(4, 6, Ink::Faint, &safe::terminal(&line));
            }
        }
        if !handler.needs.is_empty() {
            let needs = needs(handler);
            self.line(4, Ink::Keep, &format!("needs {}", needs.join(", and ")));
        }
    }

    /// What changed since the last kept report; it comes before everything else.
    fn differences(&mut self, report: &Report, audience: &Audience) {
        let Some(known) = &report.since_last_report else { return };
        self.heading(&capital(&in_short_at(known, &audience.zone)));
        for (title, lines) in told(known) {
            self.line(2, Ink::Heading, title);
            for line in lines {
                self.hanging(4, 6, Ink::Keep, &format!("{}: {}", line.name, line.text));
            }
        }
    }

    /// Moves that were made, with what was promised and what was found.
    fn made(&mut self, report: &Report) {
        let made = life::made(report);
        if made.is_empty() {
            return;
        }
        self.heading(&format!("Already done ({})", made.len()));
        for life in made {
            self.hanging(2, 4, Ink::Keep, &safe::terminal(&life::title(life)));
            for line in life::proof(life) {
                self.hanging(4, 6, Ink::Faint, &safe::terminal(&line));
            }
        }
    }

    /// What source and traffic show together about code without traffic.
    fn findings(&mut self, report: &Report) {
        let findings = source::findings(report);
        if findings.is_empty() {
            return;
        }
        self.heading("In the source, without traffic");
        for line in findings {
            self.hanging(2, 4, Ink::Faint, &safe::terminal(&line));
        }
    }

    fn policies(&mut self, report: &Report) {
        if report.policies.is_empty() {
            return;
        }
        self.heading("Policies in force");
        for policy in &report.policies {
            self.hanging(2, 4, Ink::Faint, &safe::terminal(&life::policy(policy)));
        }
    }

    fn thresholds(&mut self, report: &Report) {
        let settings = &report.settings;
        self.blank();
        self.line(0, Ink::Heading, "Thresholds in force");
        self.line(2, Ink::Faint, &format!(
            "a move needs {} calls on {} different days, {} calls without an outsider, {} of callers known, {} interactions a \
                 day, and saves {} request or {} ms each",
            settings.min_calls_for_move, settings.min_days_for_move, settings.min_calls_without_outsiders,
            percent(settings.min_callers_known), settings.min_interactions_per_day, settings.min_gain_requests,
            settings.min_gain_ms
        ));
        let lowered = lowered(settings);
        if !lowered.is_empty() {
            let text = format!("{}: {}", preview(lowered.len()), lowered.join(", "));
            self.line(2, Ink::Improve, &text);
        }
    }
}

fn durations(handler: &HandlerReport) -> String {
    handler
        .duration_ms
        .map_or_else(String::new, |ms| format!(", p50 {} ms, p95 {} ms", number(ms.p50), number(ms.p95)))
}

pub(crate) fn days(days: f64) -> String {
    if days <= 1.0 { "at most one day".to_owned() } else { format!("{} days", number(days)) }
}
