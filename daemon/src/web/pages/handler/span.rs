//! Over which span of time a handler's numbers are shown: a day, a week or a month. The verdict is about a week and stays what
//! it is.

use anyhow::Context;
use pointsman_advisor::Window;
use pointsman_advisor::explanation::{Explanation, Looked};
use pointsman_store::{Fingerprint, RollupRef};
use serde::Deserialize;

use super::facts;
use crate::render::when::{Moment, moment};
use crate::render::{self, safe};
use crate::web::Web;
use crate::web::board::Shown;
use crate::web::pages::choice::Choice;
use crate::web::pages::figures::{self, Figure};

/// A span that can be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Span {
    Day,
    /// That of the verdict.
    #[default]
    Week,
    Month,
}

/// The query that chooses one.
#[derive(Clone, Default, Debug, Deserialize)]
pub(super) struct Query {
    window: Option<String>,
}

/// The numbers of a span, in words and pictures.
pub(super) struct Numbers {
    pub(super) choices: Vec<Choice>,
    pub(super) from: Moment,
    pub(super) to: Moment,
    /// How much of it telemetry covers, where that is not all.
    pub(super) covers: Option<String>,
    /// Whether it was called at all.
    pub(super) called: bool,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) figures: Vec<Figure>,
    pub(super) agents: Vec<(String, String)>,
}

impl Span {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    fn hours(self) -> u32 {
        match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }
}

impl Query {
    /// The span that is meant; what is not understood is a week.
    pub(super) fn span(&self) -> Span {
        Span::ALL.into_iter().find(|span| self.window.as_deref() == Some(span.word())).unwrap_or_default()
    }
}

/// The numbers of a handler over a span.
pub(super) async fn numbers(web: &Web, shown: &Shown<'_>, span: Span) -> anyhow::Result<Numbers> {
    let report = &shown.outlook.report;
    if span == Span::Week {
        let of_report = (&report.window, report.days_covered, shown.measured.as_ref());
        return Ok(laid_out(web, shown, span, of_report));
    }
    let looked = look(web, shown, span).await?;
    let of_span = (&looked.window, looked.days_covered, looked.measured.as_ref());
    Ok(laid_out(web, shown, span, of_span))
}

/// Reads what the store holds of one handler.
async fn look(web: &Web, shown: &Shown<'_>, span: Span) -> anyhow::Result<Looked> {
    let id = Fingerprint::from_hex(&shown.handler.id).context("a report names a handler by no id")?;
    let lookback = &shown.outlook.lookback;
    let mut looking = lookback.over(span.hours());
    let (from, to) = (looking.from(), lookback.end());
    let add = |rollup: RollupRef<'_>| -> anyhow::Result<()> { Ok(looking.add(rollup.payload)?) };
    web.store.for_each_rollup_of(id, from, to, add).await?;
    let handler = web.store.handler(id).await?.context("a handler was forgotten while it was shown")?;
    Ok(looking.finish(id, handler))
}

fn laid_out(
    web: &Web,
    shown: &Shown<'_>,
    span: Span,
    (window, days, measured): (&Window, f64, Option<&Explanation>),
) -> Numbers {
    let whole = f64::from(span.hours()) / 24.0;
    let covers = (days < whole - 0.5)
        .then(|| format!("Telemetry covers {} of these {}.", render::text::days(days), span.name()));
    let choice = |one: Span| Choice {
        name: one.name().to_owned(),
        href: format!("/handlers/{}?window={}", shown.handler.id, one.word()),
        current: if one == span { "true" } else { "false" },
    };
    let zone = web.zone();
    Numbers {
        choices: Span::ALL.map(choice).into(),
        from: moment(&window.from, zone),
        to: moment(&window.to, zone),
        covers,
        called: measured.is_some(),
        facts: measured.map(facts).unwrap_or_default(),
        figures: measured.map(figures::numbers).unwrap_or_default(),
        agents: measured.map(agents).unwrap_or_default(),
    }
}

fn agents(measured: &Explanation) -> Vec<(String, String)> {
    let agents = measured.outside_agents.iter();
    agents.map(|agent| (safe::terminal(&agent.name), render::number(agent.calls))).collect()
}
