//! What to do, one card each: what it is now and after in small, what it brings in words that everybody understands, and the
//! decision in place.

use pointsman_advisor::explanation::{Example, Explanation};
use pointsman_advisor::{HandlerReport, Report};

use crate::advise::Evidence;
use crate::render::benefit::{Said, in_plain_words};
use crate::render::chart::interaction;
use crate::render::{self, life, safe};

/// Cards that are shown whole; the rest is listed by name.
const WHOLE: usize = 6;

/// All that the report asks to be done.
pub(super) struct Cards {
    /// Open ones with all that is needed to decide.
    pub(super) whole: Vec<Card>,
    /// The other open ones.
    pub(super) more: Vec<Card>,
    /// Those that somebody has answered, or that were applied.
    pub(super) answered: Vec<Card>,
}

/// One change.
pub(super) struct Card {
    /// Its place in the list, from 1; 0 for one that is answered.
    pub(super) number: usize,
    pub(super) href: String,
    /// Where a decision is sent; `None` where none can be taken.
    pub(super) decide: Option<String>,
    pub(super) title: String,
    /// Where it stands, unless it is just proposed.
    pub(super) state: Option<String>,
    pub(super) gains: Vec<Said>,
    pub(super) reason: String,
    pub(super) confidence: Option<String>,
    pub(super) effort: Option<&'static str>,
    pub(super) picture: Option<String>,
}

impl Cards {
    /// Of a report; pictures where there is evidence, decisions where the report is the one that stands.
    pub(super) fn of(report: &Report, evidence: Option<&Evidence>) -> anyhow::Result<Self> {
        let moves = report.handlers.iter().filter(|handler| handler.verdict.is_move());
        let (open, answered): (Vec<_>, Vec<_>) = moves.partition(|handler| handler.is_open_move());
        let mut cards = Self { whole: Vec::new(), more: Vec::new(), answered: Vec::new() };
        for (number, handler) in (1..).zip(open) {
            let card = card(handler, number, evidence.is_some());
            if number <= WHOLE {
                let measured = evidence.map(|evidence| evidence.handler(&handler.id)).transpose()?.flatten();
                let picture = measured.as_ref().and_then(|measured| picture(measured, number));
                cards.whole.push(Card { picture, ..card });
            } else {
                cards.more.push(card);
            }
        }
        cards.answered = answered.into_iter().map(|handler| card(handler, 0, false)).collect();
        Ok(cards)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.whole.len() + self.more.len()
    }
}

fn card(handler: &HandlerReport, number: usize, can_decide: bool) -> Card {
    let state = handler.state.as_deref().filter(|state| *state != "proposed");
    Card {
        number,
        href: format!("/handlers/{}", handler.id),
        decide: can_decide.then(|| format!("/handlers/{}/decision", handler.id)),
        title: safe::terminal(&format!("{}: {}", render::name(handler), render::verdict(handler.verdict))),
        state: state.map(str::to_owned),
        gains: handler.benefit.as_ref().map(in_plain_words).unwrap_or_default(),
        reason: safe::sentence(&handler.reason),
        confidence: handler.confidence.map(render::percent),
        effort: handler.effort.as_deref().map(life::effort),
        picture: None,
    }
}

/// The interaction that the change would shorten, in small.
fn picture(measured: &Explanation, number: usize) -> Option<String> {
    let shortened = |example: &&Example| example.after.is_some();
    let example = measured.sequences.examples.iter().find(shortened)?;
    Some(interaction::in_small(example)?.with_id(&format!("card-{number}")).into())
}
