//! What a rule measured, in words and against its threshold.

use pointsman_advisor::EvidenceRow;

use super::sentence::{Words, words};
use crate::render::chart::interval;
use crate::render::{self, safe};

/// One measured statement.
pub(super) struct Evidence<'a> {
    pub(super) rule: &'a str,
    pub(super) kind: &'static str,
    pub(super) text: Vec<Words>,
    pub(super) picture: Option<String>,
    pub(super) observed: String,
    pub(super) interval: String,
    pub(super) threshold: String,
    pub(super) samples: String,
    pub(super) flips_if: String,
    pub(super) exemplars: &'a [String],
}

/// A statement in words and a picture; `name` tells the picture from others of the page.
pub(super) fn evidence<'a>(row: &'a EvidenceRow, name: &str) -> Evidence<'a> {
    let [low, high] = row.interval;
    let amount = render::amount;
    let picture = interval::against_threshold(row);
    Evidence {
        rule: &row.rule,
        kind: render::points(row.kind),
        text: words(&row.text),
        picture: picture.map(|picture| picture.with_id(&format!("evidence-{name}")).into()),
        observed: amount(row.observed),
        interval: format!("{} to {}", amount(low), amount(high)),
        threshold: amount(row.threshold),
        samples: row.samples.to_string(),
        flips_if: safe::sentence(&row.flips_if),
        exemplars: &row.exemplars,
    }
}
