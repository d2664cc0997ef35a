//! What a check allows: the section `[check]`.

use pointsman_advisor::check::Budget;
use serde::{Deserialize, Serialize};

/// What `pointsman check` allows (docs/ci.md). The daemon itself does not use it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CheckSettings {
    /// Budgets, each `max RULE NUMBER` or `no new RULE`, as in `["max unauthenticated-action 0", "no new action-poll"]`; RULE is a
    /// rule's id or a glob.
    pub budgets: Vec<String>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self { budgets: vec!["no new *".to_owned()] }
    }
}

impl CheckSettings {
    /// What is wrong with it.
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = self.budgets.iter().filter_map(|text| text.parse::<Budget>().err());
        faults.map(|fault| format!("check.budgets: {fault}")).collect()
    }
}
