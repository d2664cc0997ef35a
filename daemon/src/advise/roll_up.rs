//! Dirty hours become Rollups, one after the other. An hour that fails costs itself: the others go on.

use pointsman_advisor::Settings;
use pointsman_advisor::evidence::HourPass;
use pointsman_store::{Call, DirtyHour, Hour, Store, StoreError};
use tokio::sync::mpsc;
use tracing::warn;

use super::left_out::LeftOut;
use crate::render::safe::terminal;

/// Failed hours that are logged one by one; the others are counted only.
const LOGGED: u64 = 3;

/// Brings the Rollups up to date with the Calls, of `most` hours or of all. `progress` is told the hours that are done and all
/// that were dirty. What was left out comes back.
pub(crate) async fn roll_up_dirty_hours(
    store: &Store,
    settings: &Settings,
    most: Option<u32>,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> anyhow::Result<LeftOut> {
    let hours = match most {
        None => store.dirty_hours().await?,
        Some(most) => store.newest_dirty_hours(most).await?.0,
    };
    let all = hours.len() as u64;
    let mut left_out = LeftOut::default();
    for (done, dirty) in (1..).zip(hours) {
        match roll_up(store, settings, &dirty).await {
            Ok(calls) => left_out.calls += calls,
            Err(error) if is_transient(&error) => return Err(error),
            Err(error) => {
                left_out.hours_failed += 1;
                if left_out.hours_failed <= LOGGED {
                    let (service, hour) = (terminal(&dirty.service), dirty.hour.0);
                    warn!(
                        service,
                        hour, "the calls of an hour cannot be counted; the others go on: {error:#}"
                    );
                }
            }
        }
        progress(done, all);
    }
    if most.is_some() {
        let (_, waiting) = store.newest_dirty_hours(1).await?;
        left_out.hours_waiting = waiting.saturating_sub(left_out.hours_failed);
    }
    Ok(left_out)
}

/// Counts one hour; how many Calls were left out.
async fn roll_up(store: &Store, settings: &Settings, dirty: &DirtyHour) -> anyhow::Result<u64> {
    let from = dirty.hour.start_ns().saturating_sub(Hour::OVERLAP_NS);
    let to = dirty.hour.end_ns() + Hour::OVERLAP_NS;
    let mut pass = HourPass::new(dirty.hour, settings.of_pass());
    let (pieces, mut taken) = mpsc::channel::<Vec<Call>>(1);
    // Beside the reading, and off the threads that serve senders.
    let counting = tokio::task::spawn_blocking(move || {
        while let Some(calls) = taken.blocking_recv() {
            pass.add(&calls);
        }
        pass.finish()
    });
    let left_out = store.calls_by_client(&dirty.service, from, to, pieces).await?;
    let rollups = counting.await?;
    // Not written: somebody has counted the hour who read it later.
    let is_written = store.replace_rollups(dirty, &rollups).await?;
    Ok(if is_written { left_out } else { 0 })
}

/// Whether the same may succeed later.
pub(super) fn is_transient(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_transient)
}
