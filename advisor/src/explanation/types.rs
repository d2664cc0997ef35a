//! What is told about a Handler when its evidence is asked for. The JSON form is a promise (`pointsman.evidence/v1`):
//! fields may be added, never renamed. `null` means that telemetry does not say; it never means zero.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::report::Window;
use crate::source::HandlerSource;
use crate::words::{ReportedKind, SequenceKind};

/// The evidence about all Handlers of one service and environment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanations {
    /// `pointsman.evidence/v1`.
    pub schema: String,
    /// `service.name`.
    pub service: String,
    /// Deployment environment.
    pub environment: Option<String>,
    /// The time it speaks of.
    pub window: Window,
    /// Days of it that telemetry covers, at least 1.
    pub days_covered: f64,
    /// What is known about the app.
    pub app: App,
    /// One entry per Handler, in the order of their ids.
    pub handlers: Vec<Explanation>,
}

/// What is known about the app, with the times at which it was first and last seen (RFC 3339).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct App {
    /// Versions of Next.js.
    pub next_versions: Vec<Seen>,
    /// Deployments or builds, oldest first.
    pub builds: Vec<Build>,
    /// Processes; `null` where none is named.
    pub instances: Option<u64>,
    /// Kinds of routers: `app`, `pages`.
    pub routers: Vec<String>,
    /// `serverActions.bodySizeLimit`, bytes.
    pub action_body_limit: u64,
}

/// A value and when it was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Seen {
    /// The value.
    pub value: String,
    /// First seen.
    pub first: String,
    /// Last seen.
    pub last: String,
}

/// A build of the app.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Build {
    /// Deployment id, else build id.
    pub id: String,
    /// First seen.
    pub first: String,
    /// Last seen.
    pub last: String,
    /// Processes that ran it; `null` where none is named.
    pub instances: Option<u64>,
    /// Ids of the actions that were called in it, with their names where these are known, by name.
    pub actions: Vec<KnownAction>,
}

/// An action of a build.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
pub struct KnownAction {
    /// `file#name`.
    pub name: Option<String>,
    /// Its id in this build.
    pub id: String,
}

/// All that was measured about one Handler.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// Fingerprint, 16 hex digits.
    pub id: String,
    /// `route_handler`, `pages_api`, `server_action`, `page`, `unmatched`, `other`.
    #[schema(value_type = String)]
    pub kind: ReportedKind,
    /// Route pattern; of an action its commonest page.
    pub route: String,
    /// Of a Dispatcher, which of its operations it is; null for all else.
    #[serde(default)]
    pub operation: Option<String>,
    /// HTTP method.
    pub method: String,
    /// Exported name of an action, or its id.
    pub action: Option<String>,
    /// Source file of an action.
    pub file: Option<String>,
    /// How often it is called.
    pub frequency: Frequency,
    /// How long it takes, and where.
    pub time: Time,
    /// How it fails.
    pub errors: Errors,
    /// How large its bodies are.
    pub payload: Payload,
    /// What a cache answers or could answer; `null` where nothing of it can be seen.
    pub cache: Option<Cache>,
    /// Who calls, most calls first.
    pub callers: Vec<CallerShare>,
    /// User agents of callers that are no browsers on its own pages, most calls first.
    pub outside_agents: Vec<NamedCount>,
    /// Pages that call it, by route, most calls first.
    pub pages: Vec<PageShare>,
    /// What clients do in a row.
    pub sequences: Sequences,
    /// Traces that show it, by what they show.
    pub exemplars: BTreeMap<String, Vec<String>>,
    /// Where it is defined and called in the app's source; null without source, and for pages.
    #[serde(default)]
    pub source: Option<HandlerSource>,
}

/// How often a Handler is called.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Frequency {
    /// Calls that were recorded.
    pub observed: u64,
    /// Calls that there were, corrected for sampling.
    pub calls: f64,
    /// Their 95 % interval.
    pub interval: [f64; 2],
    /// Calls a day.
    pub per_day: f64,
    /// Calls of each hour of the window in which anything of the app was recorded, oldest first; an hour that is not
    /// listed is not known, which is not the same as no calls.
    pub by_hour: Vec<HourCalls>,
    /// Calls a day in each hour of the day, UTC.
    pub by_hour_of_day: Vec<f64>,
    /// Different UTC days on which it was called.
    pub days_seen: u32,
    /// Distinct clients (client-days); `null` where some calls tell none, or only some were recorded.
    pub clients: Option<f64>,
    /// Change a week as a share of the mean; `null` below five whole days.
    pub trend: Option<TrendRow>,
    /// How the calls are weighed.
    pub sampling: SamplingRow,
}

/// Calls of one hour.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct HourCalls {
    /// When the hour begins, RFC 3339.
    pub at: String,
    /// Calls in it, corrected for sampling.
    pub calls: f64,
}

/// Change a week as a share of the mean.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct TrendRow {
    /// 0.1: a tenth of the mean more each week.
    pub per_week: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

/// How calls are weighed that were chosen from many.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SamplingRow {
    /// `declared`, `configured`, `counted` or `undeclared`.
    pub basis: String,
    /// How often a recorded call counts, on average.
    pub weight: f64,
}

/// A distribution; quantiles are within 1 %.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Distribution)]
pub struct Quantiles {
    /// Observed values.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// Three quarters are at most this.
    pub p75: f64,
    /// 95 % are.
    pub p95: f64,
    /// 99 % are.
    pub p99: f64,
    /// Up to 16 bins of equal ratio.
    pub histogram: Vec<BinRow>,
}

/// How many values lay between two.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BinRow {
    /// From here,
    pub from: f64,
    /// to here.
    pub to: f64,
    /// Values in it, corrected for sampling.
    pub count: f64,
}

/// How long a Handler takes, and where.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Time {
    /// Whole calls, ms.
    pub duration_ms: Option<Quantiles>,
    /// Of that in child spans of database calls, ms, of calls that have some.
    pub database_ms: Option<Quantiles>,
    /// Of that in child spans of outgoing requests, ms, of calls that have some.
    pub outgoing_ms: Option<Quantiles>,
    /// Share of the time in which no such child span ran: own code, or what is not traced. Of calls that have some.
    pub own_share: Option<f64>,
    /// Calls that have some.
    pub with_child_spans: u64,
}

/// How a Handler fails: each call is counted as one failure only, and `client_gone` beside them.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Errors {
    /// Calls whose status is known.
    pub status_known: u64,
    /// Answered 2xx or 3xx.
    pub succeeded: u64,
    /// Answered 4xx.
    pub client_error: u64,
    /// Answered 5xx.
    pub server_error: u64,
    /// The client went away before the answer was finished, whatever its status.
    pub client_gone: u64,
    /// The app did not know the action's id.
    pub unknown_action: u64,
    /// The body was larger than accepted.
    pub body_too_large: u64,
    /// The action refused a request whose origin names another host.
    pub origin_mismatch: u64,
}

/// How large the bodies are, on the wire.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Payload {
    /// Request bodies, bytes.
    pub request_bytes: Option<Quantiles>,
    /// Response bodies, bytes.
    pub response_bytes: Option<Quantiles>,
    /// What an action accepts, bytes.
    pub action_body_limit: u64,
    /// Share of request bodies over that; blurred by 1 % of the limit.
    pub over_limit: Option<f64>,
    /// Share over 70 % of that.
    pub over_70_percent: Option<f64>,
}

/// What a cache answers, and what it could answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Cache {
    /// Answered from Next.js' cache; `null` without response headers.
    pub hits: Option<u64>,
    /// Not found in it.
    pub misses: Option<u64>,
    /// Answered 304.
    pub not_modified: Option<u64>,
    /// With any `cache-control`.
    pub cache_control: Option<u64>,
    /// With a `cache-control` that lets caches keep them, and 304s.
    pub may_be_kept: Option<u64>,
    /// Calls of which request and answer could be compared.
    pub comparable: u64,
    /// How many of them a cache for everybody could have answered, by its lifetime.
    pub shared: Vec<Repeats>,
    /// How many of them a cache of each client could have answered.
    pub private: Vec<Repeats>,
    /// Why nothing could be compared.
    pub absent: Option<String>,
}

/// Answers that were the same as the last one to the same request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Repeats {
    /// At most so long before.
    pub seconds: u64,
    /// How many.
    pub repeats: u64,
    /// Their share of the comparable calls.
    pub share: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

/// How much of the calls one class of caller makes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct CallerShare {
    /// Class of caller.
    pub class: String,
    /// Calls, corrected for sampling.
    pub calls: f64,
    /// Their share.
    pub share: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// Calls answered 2xx or 3xx, as recorded.
    pub succeeded: u64,
}

/// A name and how many calls bear it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct NamedCount {
    /// The name.
    pub name: String,
    /// Calls, corrected for sampling.
    pub calls: f64,
}

/// How much of the calls come from one page.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PageShare {
    /// Route of the page, or its path where no such route was seen.
    pub route: String,
    /// Calls, corrected for sampling.
    pub calls: f64,
    /// Their share of the calls that tell their page.
    pub share: f64,
}

/// What clients do in a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Sequences {
    /// Why nothing is told; then there are no counts.
    pub absent: Option<String>,
    /// Counts of calls, as recorded.
    #[serde(flatten)]
    pub counts: Option<SequenceCounts>,
    /// Kept examples, a few of each kind.
    pub examples: Vec<Example>,
}

/// Counts of calls that are part of a sequence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct SequenceCounts {
    /// Calls that tell their client.
    pub client_known: u64,
    /// Successful mutations of the own pages: each could be followed.
    pub followable: u64,
    /// ... by an RSC refresh of the same page.
    pub followed_by_refresh: u64,
    /// ... by a new document of the same page.
    pub followed_by_document: u64,
    /// ... by a GET of the same part of the API.
    pub followed_by_refetch: u64,
    /// ... by an RSC request of which nothing tells whether it was a prefetch.
    pub followed_by_ambiguous: u64,
    /// From the end of the mutation to the start of the refresh, ms.
    pub refresh_gap_ms: Option<Quantiles>,
    /// Action calls that could be part of a burst.
    pub sequenced: u64,
    /// Action calls in a serial burst.
    pub in_burst: u64,
    /// Serial bursts.
    pub bursts: u64,
    /// How long actions in bursts waited for those before them, ms.
    pub queue_wait_ms: Option<Quantiles>,
    /// Action calls within 3 s of the load of their page.
    pub soon_after_load: u64,
    /// Reads by the own pages that could be part of a load.
    pub reads_sequenced: u64,
    /// Reads within 3 s of the load of the page that made them.
    pub reads_soon_after_load: u64,
    /// Reads that overlapped another read of the same client.
    pub parallel_reads: u64,
    /// Reads equal to one of the same client within 2 s; `null` where no call tells its request key.
    pub duplicates: Option<u64>,
    /// Calls equal to one of the same client that had failed within a minute before; `null` likewise.
    pub retries: Option<u64>,
    /// Calls of regular polls.
    pub polled: u64,
    /// Polls.
    pub polls: u64,
    /// Between two calls of a poll, ms.
    pub poll_interval_ms: Option<Quantiles>,
    /// Standard deviation of a poll's intervals as a share of their mean: the median poll's.
    pub poll_variation: Option<f64>,
    /// Action calls in quick succession with changing arguments; `null` for anything else, whose arguments are in queries of
    /// which telemetry tells nothing.
    pub typed: Option<u64>,
    /// Calls whose place the clocks of two instances leave open: they are in none of the counts that depend on it.
    pub unordered: u64,
    /// How often the same was seen when nothing preceded it, by the name of the count: only what exceeds it is counted for or
    /// against anything. Counts without an entry have none, or no time was seen in which nothing preceded.
    #[serde(default)]
    pub base_rates: BTreeMap<String, BaseRateRow>,
}

/// How often something happens by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct BaseRateRow {
    /// Share of times of the same length, in which nothing preceded it, in which it was seen as well.
    pub share: f64,
    /// How many such times there were.
    pub windows: u64,
    /// The share that counts: what was seen, less that.
    pub excess: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

/// One sequence of one client.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Example {
    /// Which kind of sequence.
    #[schema(value_type = String)]
    pub kind: SequenceKind,
    /// Its calls.
    pub steps: Vec<ExampleStep>,
    /// Prefetches by the same client within five seconds after it.
    pub prefetches: u32,
    /// The same after the move (or the improvement) that the Handler's verdict is about; `null` where none shortens it.
    pub after: Option<After>,
}

/// A sequence as it would be after a move.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct After {
    /// Its calls.
    pub steps: Vec<AfterStep>,
    /// Waiting that the user is spared, ms as measured at the server; negative where calls overlapped that no longer
    /// would.
    pub saved_ms: f64,
    /// Round trips fewer that the user waits for.
    pub saved_round_trips: f64,
}

/// One call of a sequence after a move.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct AfterStep {
    /// Fingerprint of the Handler whose work it is.
    pub handler: String,
    /// The Handler in words.
    pub name: String,
    /// Start after the first call's, ms.
    pub start_ms: f64,
    /// Duration, ms.
    pub duration_ms: f64,
    /// It is answered by the first step's request: no request of its own is sent any more.
    pub within_first: bool,
}

/// One call of a sequence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ExampleStep {
    /// Fingerprint of the Handler.
    pub handler: String,
    /// The Handler in words.
    pub name: String,
    /// Trace id.
    pub trace: String,
    /// Start after the first call's, ms.
    pub start_ms: f64,
    /// Duration, ms.
    pub duration_ms: f64,
}
