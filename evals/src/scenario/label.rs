//! What is right for a handler: the labels of a scenario, in the words of its file.

use pointsman_advisor::Verdict;
use serde::Deserialize;

/// What should be said about a handler.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(from = "Written")]
pub struct Label {
    /// The right verdict, or several that are; empty where the verdict is not in question.
    pub expect: Vec<Outcome>,
    /// Verdicts that would be an outage.
    pub never: Vec<Outcome>,
    /// Improvements that must be named.
    pub improve: Vec<String>,
    /// Improvements that may be named.
    pub may: Vec<String>,
    /// Improvements that must not be named, beside those that nobody asked for.
    pub not: Vec<String>,
    /// Improvements that would leak, break or loop: dangerous when named.
    pub never_improve: Vec<String>,
    /// Blockers that must be named.
    pub blocks: Vec<String>,
    /// Rules that must speak, in whatever role.
    pub speaks: Vec<String>,
    /// Rules that must not.
    pub silent: Vec<String>,
}

/// A verdict in the short words of a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A route should become an action.
    ToAction,
    /// An action should become a route.
    ToRoute,
    /// An action's data should come with the page.
    ToComponent,
    /// It is where it belongs.
    Keep,
    /// Nothing can be said.
    Insufficient,
}

impl Outcome {
    /// The advisor's word for it.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::ToAction => Verdict::MoveToServerAction,
            Self::ToRoute => Verdict::MoveToRouteHandler,
            Self::ToComponent => Verdict::MoveToServerComponent,
            Self::Keep => Verdict::Keep,
            Self::Insufficient => Verdict::InsufficientEvidence,
        }
    }
}

impl Label {
    /// Whether the verdict is among the right ones.
    #[must_use]
    pub fn accepts(&self, verdict: Verdict) -> bool {
        self.expect.iter().any(|outcome| outcome.verdict() == verdict)
    }

    /// Whether a move is among the right verdicts, and staying is not.
    #[must_use]
    pub fn wants_move(&self) -> bool {
        !self.expect.is_empty() && self.expect.iter().all(|outcome| outcome.verdict().is_move())
    }

    /// Whether the verdict would be an outage.
    #[must_use]
    pub fn forbids(&self, verdict: Verdict) -> bool {
        self.never.iter().any(|outcome| outcome.verdict() == verdict)
    }
}

/// A label as a scenario writes it: a verdict, several, or a table.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(Outcome),
    Many(Vec<Outcome>),
    Table(Table),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Table {
    verdict: Option<OneOrMany>,
    never: Option<OneOrMany>,
    improve: Vec<String>,
    may: Vec<String>,
    not: Vec<String>,
    never_improve: Vec<String>,
    blocks: Vec<String>,
    speaks: Vec<String>,
    silent: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Outcome),
    Many(Vec<Outcome>),
}

impl From<OneOrMany> for Vec<Outcome> {
    fn from(written: OneOrMany) -> Self {
        match written {
            OneOrMany::One(outcome) => vec![outcome],
            OneOrMany::Many(outcomes) => outcomes,
        }
    }
}

impl From<Written> for Label {
    fn from(written: Written) -> Self {
        let verdicts = |expect| Self { expect, ..Self::default() };
        let table = match written {
            Written::One(outcome) => return verdicts(vec![outcome]),
            Written::Many(outcomes) => return verdicts(outcomes),
            Written::Table(table) => table,
        };
        Self {
            expect: table.verdict.map(Into::into).unwrap_or_default(),
            never: table.never.map(Into::into).unwrap_or_default(),
            improve: table.improve,
            may: table.may,
            not: table.not,
            never_improve: table.never_improve,
            blocks: table.blocks,
            speaks: table.speaks,
            silent: table.silent,
        }
    }
}
