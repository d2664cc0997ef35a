//! The one place where the daemon reads the system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, ns since the epoch.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
