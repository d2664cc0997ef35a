//! Where reports go: the receivers that the configuration names.

use std::time::Duration;

use pointsman_store::{KeptReport, Store};

use super::email::Email;
use super::folder::Folder;
use super::grafana::Grafana;
use super::webhook::Webhook;
use crate::config::{FOLDER, Reports};

/// A receiver of reports.
pub(crate) enum Target {
    Folder(Folder),
    Webhook(Webhook),
    Email(Box<Email>),
    Grafana(Grafana),
}

/// How an attempt to deliver ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    /// It was taken.
    Delivered,
    /// It may be taken later; not before so long, when the receiver says it.
    Later(String, Option<Duration>),
    /// It will not be taken, however often it is tried.
    Refused(String),
}

/// The receivers, ready to be delivered to.
pub(super) fn of(reports: &Reports) -> anyhow::Result<Vec<Target>> {
    let audience = || reports.audience();
    let folder =
        reports.folder.clone().map(|path| Target::Folder(Folder::new(path, reports.keep, audience())));
    let webhooks = reports.webhook.iter().map(|one| Webhook::new(one, audience()).map(Target::Webhook));
    let emails = reports
        .email
        .iter()
        .map(|one| Email::new(one, audience()).map(|email| Target::Email(Box::new(email))));
    let grafanas = reports.grafana.iter().map(|one| Grafana::new(one, audience()).map(Target::Grafana));
    folder.map(Ok).into_iter().chain(webhooks).chain(emails).chain(grafanas).collect()
}

impl Target {
    /// The name in logs, metrics and the database.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Folder(_) => FOLDER,
            Self::Webhook(webhook) => webhook.name(),
            Self::Email(email) => email.name(),
            Self::Grafana(grafana) => grafana.name(),
        }
    }

    /// How long an attempt may take.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Folder(_) => Duration::from_secs(60),
            Self::Webhook(webhook) => webhook.timeout(),
            Self::Email(email) => email.timeout(),
            Self::Grafana(grafana) => grafana.timeout(),
        }
    }

    pub(super) async fn deliver(&self, store: &Store, report: KeptReport) -> Outcome {
        match self {
            Self::Folder(folder) => folder.write(store, report).await,
            Self::Webhook(webhook) => webhook.send(&report).await,
            Self::Email(email) => email.send(&report).await,
            Self::Grafana(grafana) => grafana.write(store, &report).await,
        }
    }
}
