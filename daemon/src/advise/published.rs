//! Reports that are published: made as of the moment they were due, and held against the last one that was kept.

use std::collections::BTreeSet;

use anyhow::Context;
use pointsman_advisor::life::Occasion;
use pointsman_advisor::{Report, differences};
use pointsman_store::KeptReport;
use tracing::warn;

use super::gather::{Looks, end_of_look, hour_after};
use super::{Advisor, Keeping, TURN};
use crate::cli::{USUAL_WINDOW, View};
use crate::clock;

impl Advisor<'_> {
    /// The report of a service and environment whose window ends at a moment (ns since the epoch; beyond it only what is left of
    /// its hour). Regular runs that are missing now are made first. `None` when nothing is known of the environment.
    pub(crate) async fn report_at(
        &self,
        service: &str,
        environment: Option<&str>,
        at_ns: u64,
    ) -> anyhow::Result<Option<Report>> {
        let _turn = TURN.lock().await;
        self.roll_up(Keeping::Nothing).await?;
        let environments = BTreeSet::from([environment.map(str::to_owned)]);
        let memories = self.caught_up(service, &environments, clock::now_ns(), Keeping::Runs).await?;
        let Some(memory) = memories.0.get(&environment.map(str::to_owned)) else { return Ok(None) };
        let over = (USUAL_WINDOW, hour_after(at_ns.saturating_sub(1)));
        let gathered = self.gather(service, over, &memories, Looks::Once).await?;
        Ok(Some(self.look(&gathered, environment, memory, Occasion::View, at_ns).report))
    }

    /// Notes in each report what has changed since the last one that was kept before the moment at which its view ends. A view
    /// of another span of time is not comparable, and gets nothing.
    pub(crate) async fn note_changes(&self, reports: &mut [Report], view: &View) -> anyhow::Result<()> {
        if view.window != USUAL_WINDOW {
            return Ok(());
        }
        for report in reports {
            let moment_ns = end_of_look(self.store, &report.service, view.until).await?;
            let kept =
                self.store.report_before(&report.service, report.environment.as_deref(), moment_ns).await?;
            note_changes(report, kept.as_ref());
        }
        Ok(())
    }
}

/// Notes in a report what has changed since a kept one.
pub(crate) fn note_changes(report: &mut Report, kept: Option<&KeptReport>) {
    report.since_last_report = kept.and_then(|kept| match read(kept) {
        Ok(before) => Some(differences(&before, report)),
        Err(error) => {
            warn!("cannot compare with the last report: {error:#}");
            None
        }
    });
}

/// What a kept report says.
pub(crate) fn read(kept: &KeptReport) -> anyhow::Result<Report> {
    serde_json::from_slice(&kept.payload)
        .with_context(|| format!("the report that is kept from {} ns cannot be read", kept.key.at_ns))
}
