//! What a service manager is told (`sd_notify(3)`): ready, reloading, stopping, and that the pipeline gets on. Without
//! `NOTIFY_SOCKET` nothing is said to anybody.

use std::time::Duration;

use pointsman_collector::ingest::Monitor;
use sd_notify::NotifyState;
use tokio::sync::watch;
use tracing::warn;

/// The manager is told often enough that one look may find nothing done.
const LOOKS: u32 = 3;

/// Everything is bound and open.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is read anew; [`ready`] ends that.
pub(crate) fn reloading() {
    // Both in one message: the manager compares the time with that of its own signal.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => {
            warn!(%error, "cannot notify the service manager of the reload: the system clock cannot be read");
        }
    }
}

/// The end has begun.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        warn!(%error, "cannot notify the service manager at NOTIFY_SOCKET");
    }
}

/// Feeds the manager's watchdog while the pipeline gets on, until it is told to stop. Without a watchdog it only waits.
pub(crate) async fn feed_watchdog(
    monitor: Monitor,
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let period = sd_notify::watchdog_enabled().map(|within| within / LOOKS);
    let mut before = monitor.pulse();
    loop {
        let wait = async {
            match period {
                Some(period) => tokio::time::sleep(period.max(Duration::from_millis(1))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // An error means that the sender is gone: then it is time to stop as well.
            _ = stopped.wait_for(|stop| *stop) => return Ok(()),
            () = wait => {}
        }
        let now = monitor.pulse();
        if now.beats_since(&before) {
            tell(&[NotifyState::Watchdog]);
        } else {
            warn!(
                "requests or blocks are waiting and none makes progress; the service manager's watchdog is not notified"
            );
        }
        before = now;
    }
}
