//! A report as an e-mail: a subject, a text for programs that show nothing else, and the same as HTML. Styles are written into
//! the tags, because mail programs drop style sheets. The template escapes whatever it is given.

use anyhow::Context;
use askama::Template;
use pointsman_advisor::life::State;
use pointsman_advisor::{Change, Report};

use super::code::{Words, words};
use super::differences::{Lists, in_short_at, told};
use super::summary::{self, saves};
use super::{Audience, Style, capital, headline, life, lowered, name, phrases, safe};

/// Columns of the text.
const WIDTH: usize = 76;
/// Changes that are listed with their plans.
const MOST_CHANGES: usize = 5;
/// Letters of a subject; programs show fewer.
const LONGEST_SUBJECT: usize = 150;

/// The parts of a message.
pub(crate) struct Mail {
    /// Its subject.
    pub(crate) subject: String,
    /// Plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Page {
    title: String,
    headline: String,
    differences: Option<(String, Lists)>,
    changes: Vec<Row>,
    further: usize,
    improvements: Vec<(String, String)>,
    done: Vec<(String, &'static str)>,
    lowered: Option<String>,
    overview: Option<String>,
}

/// A Change, worded.
struct Row {
    title: String,
    saves: String,
    facts: String,
    reason: String,
    steps: Vec<Vec<Words>>,
    link: Option<String>,
    id: String,
}

/// The message of a report.
pub(crate) fn of(report: &Report, audience: &Audience) -> anyhow::Result<Mail> {
    let style = Style { width: WIDTH, colour: false };
    let overview = audience.overview(&report.service, report.environment.as_deref());
    let mut text = summary::of(report, audience, style);
    if let Some(link) = &overview {
        text += &format!("\n{link}\n");
    }
    let html = page(report, audience, overview).render().context("the message cannot be drawn")?;
    Ok(Mail { subject: subject(report), text, html: safe::page(&html) })
}

fn subject(report: &Report) -> String {
    let environment = report.environment.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let moves = capital(&super::moves_in_short(report));
    let text = safe::terminal(&format!("Pointsman: {}{environment}: {moves}", report.service));
    text.chars().take(LONGEST_SUBJECT).collect()
}

fn page(report: &Report, audience: &Audience, overview: Option<String>) -> Page {
    let open: Vec<&Change> = report.changes.iter().filter(|change| change.state.is_open()).collect();
    let made = report.changes.iter().filter(|it| matches!(it.state, State::Applied | State::Verified));
    let found = |change: &Change| {
        change
            .proof
            .as_ref()
            .map_or("before and after are being compared", |proof| life::outcome(proof.outcome))
    };
    let better = report.handlers.iter().filter(|row| !row.improvements.is_empty());
    let lowered = lowered(&report.settings);
    Page {
        title: safe::terminal(&summary::title(report, audience)),
        headline: format!("{}.", headline(report)),
        differences: report
            .since_last_report
            .as_ref()
            .map(|known| (format!("{}.", capital(&in_short_at(known, &audience.zone))), told(known))),
        changes: open.iter().take(MOST_CHANGES).map(|change| row(change, audience)).collect(),
        further: open.len().saturating_sub(MOST_CHANGES),
        improvements: better
            .map(|row| {
                let remedies: Vec<&str> = row.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
                (safe::terminal(&name(row)), remedies.join("; "))
            })
            .collect(),
        done: made.map(|change| (safe::terminal(&change.title), found(change))).collect(),
        lowered: (!lowered.is_empty()).then(|| lowered.join(", ")),
        overview,
    }
}

fn row(change: &Change, audience: &Audience) -> Row {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(change.confidence.map(|confidence| format!("confidence {:.0} %", confidence * 100.0)));
    facts.extend(change.effort.as_ref().map(|effort| format!("{} effort", life::effort(effort))));
    if change.state != State::Proposed {
        facts.push(change.state.as_str().to_owned());
    }
    Row {
        title: safe::terminal(&change.title),
        saves: change.benefit.as_ref().map(saves).unwrap_or_default().join(", "),
        facts: facts.join(", "),
        reason: safe::sentence(&format!("{}.", capital(change.reason.trim_end_matches('.')))),
        steps: change.steps.iter().map(|step| words(step)).collect(),
        link: audience.change(&change.id),
        id: change.id.clone(),
    }
}
