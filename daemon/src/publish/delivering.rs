//! Bringing kept reports to one receiver: what waits in the database is tried one after the other, with growing delays, until
//! it is taken or given up. How it is brought there is the target's business.

use std::sync::Arc;
use std::time::Duration;

use pointsman_store::{Delivery, DeliveryState, Store};
use tokio::sync::{Notify, watch};
use tracing::{Instrument, error, info, info_span, warn};

use super::metrics::{Attempted, Metrics};
use super::target::{Outcome, Target};
use crate::clock;
use crate::stopping::until;
use crate::telemetry::TRACED;

/// Attempts before a delivery is given up: with the delays below two days and a half.
const MOST_ATTEMPTS: u32 = 10;
const FIRST_DELAY: Duration = Duration::from_secs(60);
const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3_600);
/// An attempt that is not heard of for so long after its time limit counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// How long an attempt goes on when the daemon is told to stop.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// How often is looked at what waits: another process may have put it there.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Deliveries that are looked at together.
const MOST_AT_ONCE: u32 = 50;

/// Delivers to one receiver.
pub(super) struct Deliverer {
    pub(super) store: Store,
    pub(super) target: Arc<Target>,
    pub(super) metrics: Metrics,
    /// Wakes it when there is something new.
    pub(super) kept: Arc<Notify>,
}

impl Deliverer {
    /// What fails in the database is logged and done at the next look.
    pub(super) async fn deliver_again_and_again(self, stopped: watch::Receiver<bool>) -> anyhow::Result<()> {
        let too_late = || async {
            until(&stopped).await;
            tokio::time::sleep(LAST_WAIT).await;
        };
        loop {
            let delivered = tokio::select! {
                () = too_late() => return Ok(()),
                delivered = self.deliver_what_waits(&stopped) => delivered,
            };
            let wait = delivered.unwrap_or_else(|error| {
                error!(target = self.target.name(), "a report could not be delivered: {error:#}");
                LOOK_EVERY
            });
            tokio::select! {
                () = until(&stopped) => return Ok(()),
                () = self.kept.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Tries what is due, and says for how long there is nothing to do.
    async fn deliver_what_waits(&self, stopped: &watch::Receiver<bool>) -> anyhow::Result<Duration> {
        let waiting = self.store.waiting_deliveries(self.target.name(), MOST_AT_ONCE).await?;
        for seen in waiting {
            let now_ns = clock::now_ns();
            if seen.next_try_ns > now_ns {
                return Ok(Duration::from_nanos(seen.next_try_ns - now_ns).min(LOOK_EVERY));
            }
            if *stopped.borrow() {
                break;
            }
            let lost_at_ns = later(now_ns, self.target.timeout() + LOST_AFTER);
            if let Some(begun) = self.store.begin_delivery(&seen, lost_at_ns).await? {
                self.deliver(&begun).await?;
            }
        }
        Ok(LOOK_EVERY)
    }

    /// Makes an attempt that has been begun.
    async fn deliver(&self, begun: &Delivery) -> anyhow::Result<()> {
        let target = self.target.name();
        let Some(report) = self.store.kept_report(&begun.report).await? else {
            // It was trimmed meanwhile, and its deliveries with it.
            return Ok(());
        };
        let outcome = match begun.attempts {
            // Earlier attempts were lost: something about this report ends the process that tries it.
            attempts if attempts > MOST_ATTEMPTS => {
                Outcome::Refused("too many attempts were lost".to_owned())
            }
            attempt => {
                let span = info_span!(target: TRACED, "deliver report", receiver = target, attempt);
                self.target.deliver(&self.store, report).instrument(span).await
            }
        };
        let (service, attempt) = (begun.report.service.as_str(), begun.attempts);
        let now_ns = clock::now_ns();
        let (state, next_try_ns, counted) = match outcome {
            Outcome::Delivered => {
                info!(target, service, attempt, "delivered a report");
                (DeliveryState::Delivered, now_ns, Attempted::Delivered)
            }
            Outcome::Later(reason, asked) if attempt < MOST_ATTEMPTS => {
                let delay = delay(attempt, asked);
                warn!(
                    target,
                    service,
                    attempt,
                    again_in_s = delay.as_secs(),
                    "a report was not delivered: {reason}"
                );
                (DeliveryState::Waiting, later(now_ns, delay), Attempted::Failed)
            }
            Outcome::Later(reason, _) | Outcome::Refused(reason) => {
                error!(target, service, attempt, "a report is not delivered: {reason}");
                (DeliveryState::GivenUp, now_ns, Attempted::GivenUp)
            }
        };
        self.metrics.count_delivery(target, counted);
        self.store.end_delivery(begun, state, next_try_ns).await?;
        Ok(())
    }
}

/// How long to wait after an attempt: a minute, then twice as long each time, six hours at most. A receiver that says when is
/// asked then.
fn delay(attempt: u32, asked: Option<Duration>) -> Duration {
    let doubled =
        2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|times| FIRST_DELAY.checked_mul(times));
    let own = doubled.unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY);
    asked.map_or(own, |asked| asked.clamp(Duration::from_secs(1), LONGEST_DELAY))
}

fn later(now_ns: u64, delay: Duration) -> u64 {
    now_ns.saturating_add(clock::nanos(delay))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_six_hours_unless_the_receiver_says_when() {
        let minutes: Vec<u64> = (1..=10).map(|attempt| delay(attempt, None).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
        for (asked, expected) in [(0, 1), (30, 30), (1_000_000, 21_600)] {
            assert_eq!(delay(9, Some(Duration::from_secs(asked))).as_secs(), expected);
        }
    }
}
