//! Kept reports, for pages and API: their list, one of them, and what changed between two.

use anyhow::Context;
use pointsman_advisor::{Differences, Report, differences, rfc3339};
use pointsman_store::{ReportHead, ReportKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::Web;
use super::problem::Problem;
use crate::clock;

/// Reports that are listed at most, the newest.
const MOST: u32 = 500;

/// A kept report, without what it says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub(super) struct Head {
    /// `service.name`.
    pub service: String,
    /// `deployment.environment.name`; null when none is declared.
    pub environment: Option<String>,
    /// The moment that it was due, RFC 3339: its name.
    pub at: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Why it was made: `schedule`, `deployment` or `first`.
    pub reason: String,
}

impl Head {
    fn of(head: ReportHead) -> Self {
        Self {
            service: head.key.service,
            environment: head.key.environment,
            at: rfc3339(head.key.at_ns),
            made: rfc3339(head.made_ns),
            reason: head.reason,
        }
    }
}

/// The newest kept reports, of one service or of all.
pub(super) async fn heads(web: &Web, service: Option<&str>) -> Result<Vec<Head>, Problem> {
    let heads =
        web.store.report_heads(service, MOST).await.map_err(|error| Problem::internal(&error.into()))?;
    Ok(heads.into_iter().map(Head::of).collect())
}

/// The report of a service and environment that was due at this time (RFC 3339).
pub(super) async fn report(
    web: &Web,
    (service, environment): (&str, Option<&str>),
    at: &str,
) -> Result<Report, Problem> {
    let at_ns = clock::parse(at).ok_or_else(|| {
        Problem::bad_request("a report is named by the time at which it was due, as 2026-11-25T06:00:00Z")
    })?;
    let environment = environment.filter(|name| !name.is_empty()).map(str::to_owned);
    let key = ReportKey { service: service.to_owned(), environment, at_ns };
    let kept = web.store.kept_report(&key).await.map_err(|error| Problem::internal(&error.into()))?;
    let kept = kept.ok_or_else(|| {
        Problem::not_found("there is no such report, or it has expired: only the newest ones are kept")
    })?;
    let read = serde_json::from_slice(&kept.payload).context("a kept report does not decode");
    read.map_err(|error| Problem::internal(&error))
}

/// What changed from one kept report to another.
pub(super) async fn difference(
    web: &Web,
    of: (&str, Option<&str>),
    from: &str,
    to: &str,
) -> Result<Differences, Problem> {
    let (before, after) = (report(web, of, from).await?, report(web, of, to).await?);
    // Between two that are named, the name of the earlier one says since when.
    Ok(Differences { since: rfc3339(clock::parse(from).unwrap_or_default()), ..differences(&before, &after) })
}
