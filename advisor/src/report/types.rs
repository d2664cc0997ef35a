//! The fields of a report.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Benefit, Differences, Need, SharedImprovement, SharedReason, Total, Verdict};
use crate::change::Change;
use crate::life::{HandlerPolicy, Life, PolicyInForce, Record};
use crate::settings::Settings;
use crate::source::{HandlerSource, ReportSource};
use crate::words::{Effort, ReportedKind};

/// All Recommendations of one advisor run for one service and environment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Always `pointsman.report/v1`.
    pub schema: String,
    /// When it was made, RFC 3339.
    pub generated_at: String,
    /// What it looks at.
    pub window: Window,
    /// `service.name`.
    pub service: String,
    /// `deployment.environment.name`; null when none is declared.
    pub environment: Option<String>,
    /// Days of the window that telemetry covers, at least 1.
    pub days_covered: f64,
    /// Next.js version last seen; null when none was seen.
    pub next_version: Option<String>,
    /// What is known about sampling.
    pub sampling: Sampled,
    /// What to do: moves that are one piece of work together, what waits for somebody first, then by gain.
    #[serde(default, deserialize_with = "list_of_changes")]
    pub changes: Vec<Change>,
    /// Every Handler seen, moves first, then by gain and calls.
    pub handlers: Vec<HandlerReport>,
    /// What all advised moves gain together.
    pub total: Total,
    /// Reasons that alone hold most routes where they are: one decision of the app each.
    #[serde(default)]
    pub shared_reasons: Vec<SharedReason>,
    /// Improvements that most actions, or most routes, need: most likely one cause each.
    #[serde(default)]
    pub shared_improvements: Vec<SharedImprovement>,
    /// The life of every move that was ever advised, the newest change first.
    #[serde(default)]
    pub recommendations: Vec<Life>,
    /// How often what was promised was found afterwards.
    #[serde(default)]
    pub record: Record,
    /// The policies in force, and what each of them keeps out of the advice.
    #[serde(default)]
    pub policies: Vec<PolicyInForce>,
    /// Rules that run in the shadow, and on how many Handlers they would have spoken.
    pub shadow: BTreeMap<String, usize>,
    /// Calls of action ids that the app did not know, by page: errors of that page's actions.
    pub unknown_actions: Vec<UnknownActions>,
    /// Preflights (OPTIONS) of the window, as observed, those included that asked for what nobody called.
    #[serde(default)]
    pub preflights: u64,
    /// The app's source that was compared with the traffic; null without any.
    #[serde(default)]
    pub source: Option<ReportSource>,
    /// The thresholds in force for all rules.
    pub settings: Settings,
    /// Each rule with the thresholds in force.
    pub rules: Vec<EffectiveRule>,
    /// What changed since the report that was kept last; null when none was, or when it looks at another span of time.
    #[serde(default)]
    pub since_last_report: Option<Differences>,
}

/// The Changes of a report. Kept reports of the first versions have something else under this name, which is left out.
fn list_of_changes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Change>, D::Error> {
    /// Either form.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        List(Vec<Change>),
        Other(IgnoredAny),
    }
    Ok(match Either::deserialize(from)? {
        Either::List(changes) => changes,
        Either::Other(_) => Vec::new(),
    })
}

/// A half-open time range, RFC 3339.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// First moment.
    pub from: String,
    /// First moment after it.
    pub to: String,
}

/// How traces were chosen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sampled {
    /// Whether all of them declare it, or the configuration does.
    pub declared: bool,
    /// One sentence.
    pub text: String,
}

/// Calls of unknown action ids on one page.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnknownActions {
    /// The page they were posted to.
    pub route: String,
    /// How many, corrected for sampling.
    pub calls: f64,
}

/// One Handler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HandlerReport {
    /// Stable fingerprint, 16 hex digits.
    pub id: String,
    /// `route_handler`, `pages_api`, `server_action`, `page`, `unmatched` or `other`.
    #[schema(value_type = String)]
    pub kind: ReportedKind,
    /// Route pattern; of an action its commonest page.
    pub route: String,
    /// Of a Dispatcher, a route that stands for a whole layer, which of its operations it is (`task.move`); null for all else.
    #[serde(default)]
    pub operation: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Name of the action, or its id where no name is known.
    pub action: Option<String>,
    /// File of the action.
    pub file: Option<String>,
    /// Calls, corrected for sampling.
    pub calls: f64,
    /// Calls per day covered.
    pub calls_per_day: f64,
    /// Of a page: its calls by form (`document`, `navigation`, `prefetch`), corrected for sampling; what is none of them is not
    /// listed. Empty for all else.
    #[serde(default)]
    pub forms: BTreeMap<String, f64>,
    /// Preflights (OPTIONS) that asked for it, as observed: evidence, not calls.
    #[serde(default)]
    pub preflights: u64,
    /// Share of calls by class of caller.
    pub callers: BTreeMap<String, f64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Id of the Change that its move is part of; null unless the verdict is a move.
    #[serde(default)]
    pub change: Option<String>,
    /// The rule that gives the reason for its move; null unless the verdict is a move that was seen in this window.
    #[serde(default)]
    pub rule: Option<String>,
    /// Routes of the pages that call it, most calls first, at most ten; of an action those that it was posted to.
    #[serde(default)]
    pub pages: Vec<String>,
    /// How sure a move is, 0 to 1; null unless it is one.
    pub confidence: Option<f64>,
    /// The recommendation's state; null unless the verdict is a move.
    pub state: Option<String>,
    /// What the team's house rule changed; null when it changed nothing.
    #[serde(default)]
    pub policy: Option<HandlerPolicy>,
    /// One sentence: why this verdict.
    pub reason: String,
    /// What would have to be seen for another one; empty where nothing that is seen could change it.
    pub flips_if: String,
    /// A move is out of the question, whatever else is seen: because of who calls, because nobody knows who does, or
    /// because its team has decided so.
    pub barred: bool,
    /// Ids of the rules that bar a move.
    pub blockers: Vec<String>,
    /// Ids of the rules that see something to improve without a move.
    pub improvements: Vec<String>,
    /// What every speaking rule measured.
    pub evidence: Vec<EvidenceRow>,
    /// What acting on the verdict (or, without a move, on the improvements) gains; null when nothing is claimed.
    pub benefit: Option<Benefit>,
    /// `S`, `M` or `L`; null unless the verdict is a move.
    #[schema(value_type = Option<String>)]
    pub effort: Option<Effort>,
    /// The plan of a move.
    pub steps: Vec<String>,
    /// Side effects of the move, and what telemetry cannot see: check these first.
    pub warnings: Vec<String>,
    /// What is missing for a verdict.
    pub needs: Vec<Need>,
    /// Duration of its calls, ms; null when none was measured.
    pub duration_ms: Option<Quantiles>,
    /// Where it is defined and called in the app's source; null without source, and for pages.
    #[serde(default)]
    pub source: Option<HandlerSource>,
    /// The move that the shape of its calls speaks for; only in what was recorded while tests ran, where no move is advised.
    #[serde(default)]
    pub shape: Option<Shape>,
}

/// What the shape of a Handler's calls speaks for, whatever its traffic may be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Shape {
    /// The move.
    pub verdict: Verdict,
    /// The rule that gives the reason for it.
    pub rule: String,
    /// Why the app's team does not want this move; null when no policy is against it.
    pub dismissed: Option<String>,
}

/// Quantiles of a distribution.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Quantiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// Which way a measured statement points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// For a move.
    For,
    /// Against a move.
    Against,
    /// It bars a move.
    Blocker,
    /// It gets better without a move.
    Improvement,
}

/// What one rule measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EvidenceRow {
    /// The rule's id.
    pub rule: String,
    /// Which way it points.
    pub kind: EvidenceKind,
    /// What it adds to or takes from the score.
    pub weight: f64,
    /// The observed value, in the unit of the threshold.
    pub observed: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// What the observable had to reach.
    pub threshold: f64,
    /// Observations.
    pub samples: u64,
    /// One sentence.
    pub text: String,
    /// What would have to be seen for the opposite.
    pub flips_if: String,
    /// Trace ids that show it; `pointsman trace ID` prints them.
    pub exemplars: Vec<String>,
}

/// A rule with the thresholds in force.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct EffectiveRule {
    /// Its id.
    pub id: String,
    /// Whether it is switched on.
    pub enabled: bool,
    /// What it adds to or takes from the score.
    pub weight: f64,
    /// What its observable must reach.
    pub threshold: f64,
    /// Observations it needs.
    pub min_samples: u64,
    /// Whether it looks and is counted, but does not speak.
    pub shadow: bool,
    /// Handlers that it looked at.
    #[serde(default)]
    pub handlers: usize,
    /// Handlers among them about which it could not decide: telemetry lacks what it looks at, or there are too few observations.
    #[serde(default)]
    pub undecided: usize,
}
