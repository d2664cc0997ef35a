//! What coding agents may ask at `/mcp`: the section `[mcp]` of the configuration. Who may ask at all is the same as for the
//! pages.

use serde::{Deserialize, Serialize};

/// Coding agents, which ask at `/mcp` on the address of the pages, with the same tokens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mcp {
    /// Whether agents are answered.
    pub enabled: bool,
    /// Whether agents may also accept, dismiss and snooze changes, and say that they are applied.
    pub allow_decisions: bool,
}

impl Default for Mcp {
    fn default() -> Self {
        Self { enabled: true, allow_decisions: false }
    }
}
