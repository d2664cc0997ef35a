//! What a scenario is: an app, who uses it how, and what is right for each of its handlers. One TOML file each; the words
//! are explained in `docs/evals.md`. How it is played is `sim`'s business.

mod handler;
mod label;
mod load;
mod script;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use handler::{Behaviour, Result, Revalidates, Work};
pub use label::{Label, Outcome};
pub use load::{LoadError, load};
pub use script::{Line, Manner, Step, Target};

/// One scenario.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Set and file name: `cases/cart`.
    #[serde(skip)]
    pub id: String,
    /// What happens, in a sentence.
    pub title: String,
    /// Why the labels are right.
    pub reason: String,
    /// Where that is known from: a URL, or a section of the rules.
    pub source: String,
    /// Version of Next.js.
    #[serde(default = "latest")]
    pub next: String,
    /// Days that are played; the first one is a Monday.
    #[serde(default = "eight")]
    pub days: u32,
    /// Share of a weekday's visits that a day of the weekend has.
    #[serde(default = "most")]
    pub weekend: f64,
    /// Processes that answer.
    #[serde(default = "one")]
    pub instances: u32,
    /// By how much their clocks differ, the first from the last, ms.
    #[serde(default)]
    pub skew_ms: f64,
    /// Whether crawlers, scanners and probes come by.
    #[serde(default = "yes")]
    pub noise: bool,
    /// `deployment.environment.name`.
    #[serde(default = "production")]
    pub environment: String,
    /// `serverActions.bodySizeLimit`, bytes, where the app tells it.
    pub body_limit: Option<u64>,
    /// Paths for which the proxy (middleware) runs, by their beginnings.
    #[serde(default)]
    pub proxy: Vec<String>,
    /// Share of the answers that pass it on which it sets a cookie.
    #[serde(default)]
    pub proxy_sets_cookie: f64,
    /// Whether that cookie holds the session.
    #[serde(default)]
    pub proxy_sets_session: bool,
    /// The page to which the proxy sends the browser's request for an icon, after each document.
    pub favicon: Option<String>,
    /// Whether everyone comes through a load balancer whose headers the app does not trust: without a session there
    /// is no client key.
    #[serde(default)]
    pub untrusted_proxy: bool,
    /// Whether actions of one client run side by side, as no Next.js does so far.
    #[serde(default)]
    pub parallel_actions: bool,
    /// Whether the package may report the names of GraphQL operations.
    #[serde(default)]
    pub graphql_operations: bool,
    /// Days on which a new build is deployed.
    #[serde(default)]
    pub deploys: Vec<u32>,
    /// Share of the visits in the day after a deployment that still have the build before it.
    #[serde(default)]
    pub old_tabs: f64,
    /// Share of action requests that meet an instance with another key, so that their ids are unknown there.
    #[serde(default)]
    pub key_mismatch: f64,
    /// Pages by route.
    #[serde(default)]
    pub pages: BTreeMap<String, Behaviour>,
    /// API routes by `METHOD /route`.
    #[serde(default)]
    pub routes: BTreeMap<String, Behaviour>,
    /// Server actions by name.
    #[serde(default)]
    pub actions: BTreeMap<String, Behaviour>,
    /// What is right for each of them, by the same names.
    pub expect: BTreeMap<String, Label>,
    /// People with browsers.
    #[serde(default)]
    pub people: Vec<People>,
    /// Everybody else.
    #[serde(default)]
    pub machines: Vec<Machine>,
}

/// A group of people who use the app alike.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Visits on a weekday.
    pub visits: f64,
    /// How many people these are; by default each visit is somebody else's.
    pub clients: Option<u64>,
    /// What a visit does.
    #[serde(rename = "does")]
    pub first: Vec<Line>,
    /// What it does after that, `times` times.
    #[serde(default)]
    pub again: Vec<Line>,
    /// How often.
    #[serde(default = "one")]
    pub times: u32,
    /// What runs beside all that: polls.
    #[serde(default)]
    pub beside: Vec<Line>,
    /// Median round trip, ms.
    #[serde(default = "rtt")]
    pub rtt_ms: f64,
    /// Whether they have a session from the start.
    #[serde(default = "yes")]
    pub cookie: bool,
    /// What they show besides a session: `bearer`, or `cookie` for one that is no session.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Whether the session's value is another one after each answer that sets it.
    #[serde(default)]
    pub rotating: bool,
    /// Seconds after which the session has another value without any answer having set it, as with short-lived tokens
    /// that a library in the page renews at its own service.
    pub renews_s: Option<f64>,
    /// Whether their pages forbid the browser to name a `referer`, by `Referrer-Policy: no-referrer`: forms then name the
    /// origin `null`.
    #[serde(default)]
    pub no_referrer: bool,
    /// The script of the worker that makes the calls of `sw`; `/sw.js` by default.
    pub worker: Option<String>,
    /// The host by which they reach the app, where each tenant has one.
    pub host: Option<String>,
    /// From how many addresses they come; by default each from one of its own.
    pub networks: Option<u64>,
    /// The page of another origin on which they are: `https://partner.example`; a browser's extension by
    /// `chrome-extension://id`.
    pub from: Option<String>,
    /// What their requests name as `origin`, where a proxy in front rewrites the host.
    pub origin: Option<String>,
    /// Whether they reach it over plain HTTP, where browsers send no `sec-fetch` headers.
    #[serde(default)]
    pub plain_http: bool,
    /// `webview` for the frame of a mobile app that sends no `sec-fetch` headers.
    pub agent: Option<String>,
}

/// Machines of one sort.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// `webhook`, `cron`, `probe`, `crawler`, `scanner`, `okhttp`, `ios`, `partner`, `script`, `browser` (a browser's name and
    /// nothing else).
    pub kind: String,
    /// What it calls, one of these each time.
    pub calls: Vec<String>,
    /// How often a day, at any time ...
    #[serde(default)]
    pub per_day: f64,
    /// ... or every so many seconds.
    pub every_s: Option<f64>,
    /// Calls each time, `gap_s` apart.
    #[serde(default = "one")]
    pub burst: u32,
    /// Seconds between the calls of a burst.
    #[serde(default = "second")]
    pub gap_s: f64,
    /// How many different ones.
    #[serde(default = "single")]
    pub clients: u64,
    /// What it shows: `bearer`, `api-key`, `signature:<header>`.
    #[serde(default)]
    pub credentials: Vec<String>,
    /// Its user agent, in place of that of its kind.
    pub agent: Option<String>,
    /// What it is answered, in place of what the handler answers.
    pub status: Option<u16>,
    /// Request headers that it sends besides those of its kind.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The days on which it comes; all by default.
    pub on_days: Option<Vec<u32>>,
}

/// A route's name without its operation, and the operation.
#[must_use]
pub(crate) fn operation(name: &str) -> (&str, Option<&str>) {
    match name.split_once(" @") {
        Some((route, operation)) => (route, Some(operation)),
        None => (name, None),
    }
}

fn latest() -> String {
    "16.4.6".to_owned()
}
fn production() -> String {
    "production".to_owned()
}
fn eight() -> u32 {
    8
}
fn one() -> u32 {
    1
}
fn single() -> u64 {
    1
}
fn yes() -> bool {
    true
}
fn most() -> f64 {
    0.7
}
fn rtt() -> f64 {
    60.0
}
fn second() -> f64 {
    1.0
}

impl Scenario {
    /// The set that it belongs to.
    #[must_use]
    pub fn set(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// How a route's name is described: by itself, or without its operation (`GET /api/trpc/[trpc] @task.list`).
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Behaviour> {
        self.routes.get(name).or_else(|| {
            let (route, operations) = operation(name);
            let first = operations?.split(',').next()?;
            self.routes.get(&format!("{route} @{first}")).or_else(|| self.routes.get(route))
        })
    }

    /// The version of Next.js as two numbers; the newest where it cannot be read.
    #[must_use]
    pub fn version(&self) -> (u32, u32) {
        let mut numbers = self.next.split('.').filter_map(|part| part.parse().ok());
        (numbers.next().unwrap_or(16), numbers.next().unwrap_or(4))
    }
}
