//! How many files the process may have open, and what of them is left for connections: the database, its log and what reports
//! are written to come first.

use tracing::warn;

/// Descriptors that are left for all else: the database with its readers, files, the runtime's own, names that are looked up,
/// scrapers on a listener of their own.
const OTHERS: usize = 80;

/// Lowers the limits of listeners until all of them together leave enough descriptors; each keeps its share.
pub(super) fn leave_some(limits: &mut [&mut usize]) {
    let Some(allowed) = allowed() else { return };
    let wanted = limits.iter().map(|limit| **limit).fold(0_usize, usize::saturating_add);
    if scale(limits, allowed) {
        let left: usize = limits.iter().map(|limit| **limit).sum();
        warn!(
            allowed,
            "this process may open {allowed} files, and its listeners {wanted} connections: they hold {left} at most; raise \
             `ulimit -n` (LimitNOFILE) or lower max_connections in [otlp] and [pages]"
        );
    }
}

/// Whether they had to be lowered.
fn scale(limits: &mut [&mut usize], allowed: usize) -> bool {
    let wanted: u128 = limits.iter().map(|limit| **limit as u128).sum();
    let left = allowed.saturating_sub(OTHERS).max(limits.len()) as u128;
    if wanted <= left {
        return false;
    }
    for limit in limits {
        **limit = usize::try_from(**limit as u128 * left / wanted).unwrap_or(usize::MAX).max(1);
    }
    true
}

/// The limit in force, where the system tells it.
fn allowed() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_database() {
        let (mut receivers, mut pages) = (400, 100);
        assert!(!scale(&mut [&mut receivers, &mut pages], 1_024));
        assert!(scale(&mut [&mut receivers, &mut pages], 330));
        assert_eq!((receivers, pages), (200, 50));
        assert!(scale(&mut [&mut receivers, &mut pages], 1));
        assert_eq!((receivers, pages), (1, 1));
        assert!(cfg!(not(target_os = "linux")) || allowed().is_some());
    }
}
