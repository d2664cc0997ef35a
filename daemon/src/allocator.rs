//! How the allocator behaves in the daemon. It reads that from its environment before `main`, and setting an option
//! from within would take unsafe code; so the daemon begins once more, as the same process, with the environment set.
//!
//! Why: it keeps what was freed for a second, and each thread for itself. Under hostile senders of 8 MiB requests that was
//! 243 MiB at the peak and is now around 125; under ordinary full load it was 126 and is 87 MiB. A variable that is set already
//! stays as it is. SQLite and zstd use the same allocator (feature `override`): the C library's own one has a heap for each of their
//! threads and held 42 MiB after a day of traffic.

use std::os::unix::process::CommandExt;
use std::process::Command;

const SETTINGS: [(&str, &str); 2] = [
    // Milliseconds until freed pages go back to the system.
    ("MIMALLOC_PURGE_DELAY", "5"),
    // Pages are taken from the system when they are needed, not an arena at a time.
    ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
];

/// Begins once more with the settings; returns where they are there already, or cannot be made.
pub(crate) fn give_back_soon() {
    let missing: Vec<_> = SETTINGS.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()).collect();
    if missing.is_empty() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // Comes back only when it failed: then memory goes back later, and nothing else is different.
    let _ = again.args(arguments).envs(missing).exec();
}
