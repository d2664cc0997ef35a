//! When verdicts are made that stand, and what keeps them from changing: the section `[recommendations]`.

use std::path::PathBuf;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::retention::Age;
use crate::clock;

/// How the advice is kept steady.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recommendations {
    /// The full hour, UTC, of the daily run.
    pub run_at: FullHour,
    /// For how long after a deployment no verdict changes; `off` is not at all.
    pub pause_after_deployment: Age,
    /// A file with the team's policy, as it lies in the app's repository (docs/policy.md).
    pub policy_file: Option<PathBuf>,
}

/// A full hour of the day, as `06:00`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FullHour(pub(crate) u32);

impl Default for Recommendations {
    fn default() -> Self {
        Self {
            run_at: FullHour(6),
            pause_after_deployment: Age(Some(std::time::Duration::from_secs(6 * 3_600))),
            policy_file: None,
        }
    }
}

impl Recommendations {
    /// The pause after a deployment, ns.
    pub(crate) fn pause_ns(&self) -> u64 {
        clock::nanos(self.pause_after_deployment.0.unwrap_or_default())
    }
}

impl Serialize for FullHour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:00", self.0))
    }
}

impl<'de> Deserialize<'de> for FullHour {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let hour = text.strip_suffix(":00").filter(|hour| hour.len() == 2).and_then(|hour| hour.parse().ok());
        hour.filter(|hour| *hour < 24).map(Self).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a full hour; counts are kept per hour, so write 06:00 (UTC), from 00:00 to 23:00"
            ))
        })
    }
}
