//! Reports as annotations on Grafana's dashboards: deployments, Changes that are new, and Changes that were compared. An
//! annotation is written once: before it is sent it is asked for, so that a second attempt adds nothing twice.

use std::time::Duration;

use anyhow::Context;
use pointsman_advisor::life::{self, State};
use pointsman_advisor::{Change, Report};
use pointsman_store::{KeptReport, Store};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};

use super::target::Outcome;
use super::webhook::{chain, refused};
use crate::advise::read;
use crate::clock;
use crate::config::{self, secrets};
use crate::render::{Audience, life as words, safe};

/// Annotations of one report.
const MOST: usize = 50;
/// An answer to a question for annotations is read up to so many bytes.
const MOST_ANSWER: usize = 1 << 20;

/// Grafana's HTTP API.
pub(super) struct Grafana {
    name: String,
    url: Url,
    token: String,
    timeout: Duration,
    client: Client,
    audience: Audience,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Event {
    at_ms: u64,
    tags: Vec<String>,
    text: String,
}

impl Grafana {
    /// Reads its token and the system's certificates.
    pub(super) fn new(of: &config::Grafana, audience: Audience) -> anyhow::Result<Self> {
        let context = || format!("the grafana target {} in [reports]", of.name);
        let url = of.url.parsed().map_err(anyhow::Error::msg).with_context(context)?;
        let token = secrets::token(&of.token_file, "token_file").with_context(context)?;
        let timeout = Duration::from_secs(of.timeout_s);
        // There can be one of a process; it may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .user_agent(concat!("pointsman/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(reqwest::Error::without_url)
            .with_context(context)?;
        Ok(Self { name: of.name.clone(), url, token, timeout, client, audience })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// How long all annotations of a report may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout * 4
    }

    /// Writes what a report tells.
    pub(super) async fn write(&self, store: &Store, kept: &KeptReport) -> Outcome {
        let report = match read(kept) {
            Ok(report) => report,
            Err(error) => return Outcome::Refused(format!("{error:#}")),
        };
        let facts = match store.app_facts(&report.service).await {
            Ok(facts) => facts,
            Err(error) => return Outcome::Later(error.to_string(), None),
        };
        let deployed_ns = life::deployed(&facts, report.environment.as_deref(), kept.key.at_ns);
        for event in events(&report, deployed_ns, &self.audience).into_iter().take(MOST) {
            if let Err(outcome) = self.annotate(&event).await {
                return outcome;
            }
        }
        Outcome::Delivered
    }

    /// Writes an event, unless it is there already.
    async fn annotate(&self, event: &Event) -> Result<(), Outcome> {
        let mut url = self.endpoint();
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("from", &event.at_ms.to_string()).append_pair("to", &event.at_ms.to_string());
            for tag in &event.tags {
                query.append_pair("tags", tag);
            }
        }
        let found = self.answered(self.client.get(url)).await?;
        let known: Value = serde_json::from_slice(&body(found).await).map_err(|error| {
            Outcome::Later(format!("cannot list the existing annotations: {error}"), None)
        })?;
        let same = |one: &Value| one["text"] == event.text.as_str();
        if known.as_array().is_some_and(|known| known.iter().any(same)) {
            return Ok(());
        }
        let annotation = json!({ "time": event.at_ms, "tags": event.tags, "text": event.text }).to_string();
        let post =
            self.client.post(self.endpoint()).header("content-type", "application/json").body(annotation);
        self.answered(post).await.map(|_| ())
    }

    fn endpoint(&self) -> Url {
        let mut url = self.url.clone();
        let path = format!("{}/api/annotations", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }

    async fn answered(&self, request: reqwest::RequestBuilder) -> Result<Response, Outcome> {
        match request.bearer_auth(&self.token).send().await {
            Ok(answer) if answer.status().is_success() => Ok(answer),
            Ok(answer) => Err(refused(answer, &self.url).await),
            Err(error) => Err(Outcome::Later(chain(&error.without_url()), None)),
        }
    }
}

/// What has happened since the last report: all that a report without an earlier one says is where it stands.
fn events(report: &Report, deployed_ns: Option<u64>, audience: &Audience) -> Vec<Event> {
    let since_ns = report.since_last_report.as_ref().and_then(|known| clock::parse(&known.since));
    let mut tags = vec!["pointsman".to_owned(), report.service.clone()];
    tags.extend(report.environment.clone());
    let event = |at_ns: u64, tag: &str, text: String| Event {
        at_ms: at_ns / 1_000_000,
        tags: tags.iter().cloned().chain([tag.to_owned()]).collect(),
        text: safe::sentence(&text),
    };
    let is_new = |at_ns: &u64| since_ns.is_none_or(|since_ns| *at_ns >= since_ns);
    let deployment = deployed_ns
        .filter(is_new)
        .map(|at_ns| event(at_ns, "deployment", "A new build was first seen.".to_owned()));
    let told = report.changes.iter().filter_map(|change| {
        let at_ns = |time: &Option<String>| time.as_deref().and_then(clock::parse).filter(is_new);
        let link = audience.change(&change.id).map_or_else(String::new, |link| format!(" {link}"));
        match change.state {
            State::Proposed => {
                Some(event(at_ns(&change.proposed)?, "new change", format!("New: {}.{link}", change.title)))
            }
            State::Verified => {
                Some(event(at_ns(&change.since)?, "verified change", format!("{}.{link}", verified(change))))
            }
            _ => None,
        }
    });
    deployment.into_iter().chain(told).collect()
}

fn verified(change: &Change) -> String {
    let outcome = change.proof.as_ref().map_or("compared", |proof| words::outcome(proof.outcome));
    format!("{}: {outcome}", change.title)
}

/// The first bytes of an answer.
async fn body(mut answer: Response) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < MOST_ANSWER {
        match answer.chunk().await {
            Ok(Some(piece)) => all.extend_from_slice(&piece),
            _ => break,
        }
    }
    all
}
