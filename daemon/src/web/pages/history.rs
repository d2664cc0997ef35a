//! What became of a move: its steps, what was promised and what was found.

use jiff::tz::TimeZone;
use pointsman_advisor::life::{Outcome, Proof, Step};

use crate::render::chart::promise;
use crate::render::when::{Moment, moment};
use crate::render::{self, life, safe};

/// What became of a move.
pub(super) struct Story {
    pub(super) title: String,
    pub(super) steps: Vec<(Moment, String)>,
    pub(super) found: Option<Outcomes>,
}

/// What the comparison of before and after found.
pub(super) struct Outcomes {
    /// A class of the style sheet: `better`, `flat`, `worse`, `open`.
    pub(super) class: &'static str,
    pub(super) outcome: &'static str,
    /// Whether the promise was kept, with its class; `None` where nothing was promised that can be compared.
    pub(super) kept: Option<(&'static str, &'static str)>,
    pub(super) reason: String,
    pub(super) lines: Vec<String>,
    pub(super) picture: Option<String>,
}

/// The story of a move.
pub(super) fn story(life: &life::Life, zone: &TimeZone) -> Story {
    let title = render::verdict(life.verdict).to_owned();
    story_of(title, &life.id, (&life.history, life.proof.as_ref()), zone)
}

/// The story of whatever was proposed; `name` tells its picture from others of the page.
pub(super) fn story_of(
    title: String,
    name: &str,
    (history, proof): (&[Step], Option<&Proof>),
    zone: &TimeZone,
) -> Story {
    let step = |step: &Step| {
        let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
        let text = format!("{} by the {}{reason}", step.to.as_str(), step.who.as_str());
        (moment(&step.at, zone), safe::sentence(&text))
    };
    Story { title, steps: history.iter().map(step).collect(), found: proof.map(|proof| found(proof, name)) }
}

/// A proof in words and a picture; `name` tells the picture from others of the page.
pub(super) fn found(proof: &Proof, name: &str) -> Outcomes {
    let class = match proof.outcome {
        Outcome::Improved => "better",
        Outcome::Flat => "flat",
        Outcome::Worse => "worse",
        Outcome::Unknown => "open",
    };
    Outcomes {
        class,
        outcome: life::outcome(proof.outcome),
        kept: proof
            .promise_kept
            .map(|kept| if kept { ("better", "promise held") } else { ("worse", "promise not held") }),
        reason: safe::sentence(&proof.reason),
        lines: life::numbers_of(proof).iter().map(|line| safe::sentence(line)).collect(),
        picture: promise::and_found(proof).map(|picture| picture.with_id(&format!("found-{name}")).into()),
    }
}
