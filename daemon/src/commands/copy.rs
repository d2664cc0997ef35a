//! `pointsman copy`: everything of a database in another one, from a file to a server or back. Begun again it goes on.

use std::process::ExitCode;

use pointsman_store::{Location, copy};

use super::progress::Progress;
use super::{must_exist, print};
use crate::cli::CopyOptions;
use crate::config::Config;

/// Copies, counts both sides, and says what was copied.
pub(crate) async fn run(options: CopyOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let connected = |at: Location| anyhow::Ok(at.connected_by(config.store.connection()?));
    let (from, to) = (connected(options.from)?, connected(options.to)?);
    must_exist(&from)?;
    let mut shown: Option<(&str, Progress)> = None;
    let mut show = |table: &'static str, done, all| {
        if shown.as_ref().is_none_or(|(name, _)| *name != table) {
            shown = Some((table, Progress::new(format!("copying {table}"), "rows")));
        }
        if let Some((_, progress)) = &mut shown {
            progress.show(done, all);
        }
    };
    let copied = copy(&from, &to, &mut show).await?;
    drop(shown);
    let rows = copied.iter().map(|one| format!("{:<24}{:>14}\n", one.table, one.rows)).collect::<String>();
    print(&format!(
        "{rows}\nall of it is in {to}, counted on both sides; start the daemon with --db {to}, and keep {from} until you are \
         content\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}
