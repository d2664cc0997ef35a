//! A user's decision about a move, whether it came as a command, from a page or over the API. What is allowed is decided in the
//! advisor.

use std::collections::{BTreeSet, HashMap};

use pointsman_advisor::life::{self, Decided, Decision, DecisionError, Occasion, Subject};
use pointsman_store::{Fingerprint, Handler, Hour};

use super::gather::{Looks, end_of_look, hour_after};
use super::memory::Memories;
use super::{ATTEMPTS, Advisor, TURN};
use crate::cli::{USUAL_WINDOW, Until};

/// What somebody says about a move.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// It will be done.
    Accept,
    /// It is not wanted, until then or for good.
    Dismiss { reason: String, until_ns: Option<u64> },
    /// Not now.
    Snooze { end: End, reason: Option<String> },
    /// It has been done, and this has come in its place.
    Applied { successor: Option<Fingerprint> },
}

/// When something is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// So many hours after the decision.
    AfterHours(u32),
    /// At this time, ns since the epoch.
    At(u64),
}

/// Why a decision is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Senseless(#[from] DecisionError),
    #[error("the successor {0} is not a handler of the same service and environment")]
    NoSuccessor(Fingerprint),
}

impl Advisor<'_> {
    /// Takes a decision about a Change, and remembers it.
    pub(crate) async fn decide(
        &self,
        (service, environment): (&str, Option<&str>),
        subject: Subject,
        at: Until,
        said: &Said,
    ) -> anyhow::Result<Result<Decided, Refused>> {
        let _turn = TURN.lock().await;
        let environments = BTreeSet::from([environment.map(str::to_owned)]);
        for _ in 0..ATTEMPTS {
            let now_ns = end_of_look(self.store, service, at).await?;
            let memories = Memories::load(self.store, service, &environments).await?;
            let over = (USUAL_WINDOW, hour_after(now_ns));
            let gathered = self.gather(service, over, &memories, Looks::Once).await?;
            let Some(memory) = memories.0.values().next() else { continue };
            let decision = match decision(said, now_ns, environment, &gathered.handlers) {
                Ok(decision) => decision,
                Err(refused) => return Ok(Err(refused)),
            };
            let mut seen = self.look(&gathered, environment, memory, Occasion::View, now_ns);
            let decided = match life::decide(&mut seen.history, subject, &decision, &seen.traffic, now_ns) {
                Ok(decided) => decided,
                Err(error) => return Ok(Err(error.into())),
            };
            // Nothing else of this look is to be kept.
            let mut new = memory.history.clone();
            for key in &decided.moves {
                new.recommendations.extend(seen.history.recommendations.remove_entry(key));
            }
            if let Some(id) = decided.change {
                new.changes.extend(seen.history.changes.remove_entry(&id));
            }
            if memory.replace(self.store, (service, environment), &new, None).await? {
                return Ok(Ok(decided));
            }
        }
        anyhow::bail!("another process keeps changing the advice on {service}; try again")
    }
}

fn decision(
    said: &Said,
    now_ns: u64,
    environment: Option<&str>,
    handlers: &HashMap<Fingerprint, Handler>,
) -> Result<Decision, Refused> {
    Ok(match said.clone() {
        Said::Accept => Decision::Accept,
        Said::Dismiss { reason, until_ns } => Decision::Dismiss { reason, until_ns },
        Said::Snooze { end, reason } => {
            let until_ns = match end {
                End::AfterHours(hours) => now_ns.saturating_add(u64::from(hours) * Hour::NANOS),
                End::At(time) => time,
            };
            Decision::Snooze { until_ns, reason }
        }
        Said::Applied { successor: None } => Decision::Applied { successor: None },
        Said::Applied { successor: Some(id) } => {
            let known = handlers.get(&id).filter(|handler| handler.environment.as_deref() == environment);
            let handler = known.ok_or(Refused::NoSuccessor(id))?;
            Decision::Applied { successor: Some((id, handler.clone())) }
        }
    })
}
