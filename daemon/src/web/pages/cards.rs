//! What to do, one card each: what it is now and after in small, what it brings in words that everybody understands, and the
//! decision in place.

use pointsman_advisor::life::State;
use pointsman_advisor::{Change, HandlerReport, Report};

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
    /// Those that somebody has put aside.
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
    /// Ids of its handlers.
    handlers: Vec<String>,
}

impl Cards {
    /// Of a report; pictures where there is evidence, decisions where the report is the one that stands.
    pub(super) fn of(report: &Report, evidence: Option<&Evidence>) -> anyhow::Result<Self> {
        let open = numbered(report, evidence.is_some());
        let mut cards = Self { whole: Vec::new(), more: Vec::new(), answered: Vec::new() };
        for card in open {
            if card.number <= WHOLE {
                let picture = picture(report, &card, evidence)?;
                cards.whole.push(Card { picture, ..card });
            } else {
                cards.more.push(card);
            }
        }
        let put_aside = |change: &&Change| matches!(change.state, State::Dismissed | State::Snoozed);
        cards.answered =
            report.changes.iter().filter(put_aside).map(|change| of_change(change, 0, false)).collect();
        Ok(cards)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.whole.len() + self.more.len()
    }

    /// The number of the card that speaks of a handler.
    pub(super) fn number_of(&self, handler: &str) -> Option<usize> {
        let mut cards = self.whole.iter().chain(&self.more);
        cards.find(|card| card.handlers.iter().any(|id| id == handler)).map(|card| card.number)
    }
}

/// The open ones. Reports that were kept before there were Changes have moves only.
fn numbered(report: &Report, can_decide: bool) -> Vec<Card> {
    let changes = report.changes.iter().filter(|change| change.state.is_open());
    let cards: Vec<Card> =
        (1..).zip(changes).map(|(number, change)| of_change(change, number, can_decide)).collect();
    if !report.changes.is_empty() {
        return cards;
    }
    let moves = report.handlers.iter().filter(|handler| handler.is_open_move());
    (1..).zip(moves).map(|(number, handler)| of_move(handler, number)).collect()
}

fn of_change(change: &Change, number: usize, can_decide: bool) -> Card {
    Card {
        number,
        href: format!("/changes/{}", change.id),
        decide: can_decide.then(|| format!("/changes/{}/decision", change.id)),
        title: safe::terminal(&change.title),
        state: (change.state != State::Proposed).then(|| change.state.as_str().to_owned()),
        gains: change.benefit.as_ref().map(in_plain_words).unwrap_or_default(),
        reason: render::capital(&safe::sentence(&change.reason)),
        confidence: change.confidence.map(render::percent),
        effort: change.effort.as_ref().map(life::effort),
        picture: None,
        handlers: change.handlers.clone(),
    }
}

fn of_move(handler: &HandlerReport, number: usize) -> Card {
    Card {
        number,
        href: format!("/handlers/{}", handler.id),
        decide: None,
        title: safe::terminal(&format!("{}: {}", render::name(handler), render::verdict(handler.verdict))),
        state: handler.state.clone().filter(|state| state != "proposed"),
        gains: handler.benefit.as_ref().map(in_plain_words).unwrap_or_default(),
        reason: render::capital(&safe::sentence(&handler.reason)),
        confidence: handler.confidence.map(render::percent),
        effort: handler.effort.as_ref().map(life::effort),
        picture: None,
        handlers: vec![handler.id.clone()],
    }
}

/// The interaction that stands for a change, in small.
fn picture(report: &Report, card: &Card, evidence: Option<&Evidence>) -> anyhow::Result<Option<String>> {
    let change = report.changes.iter().find(|change| change.handlers == card.handlers);
    let (Some(evidence), Some(change)) = (evidence, change) else { return Ok(None) };
    let example = evidence.example_of(change)?;
    let drawn = example.as_ref().and_then(interaction::in_small);
    Ok(drawn.map(|picture| picture.with_id(&format!("card-{}", card.number)).into()))
}
