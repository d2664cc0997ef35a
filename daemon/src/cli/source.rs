//! Options of the commands that read the app's source code.

use std::path::PathBuf;

use clap::Args;

use super::View;

#[derive(Args, Debug)]
pub(crate) struct LinkOptions {
    /// The app's repository; of a monorepo its root.
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    /// The app, by its folder in the repository or the name of its package; needed if there are several.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// The file for the result; printed when omitted.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The commit, where `.git` does not show it (in a container image, a worktree).
    #[arg(long, value_name = "HASH")]
    pub commit: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DraftOptions {
    /// What to draft: a change or a handler as for `explain`, or an action that nobody needs, as `file#name`.
    #[arg(value_name = "ID")]
    pub change: String,
    /// The app's repository; of a monorepo its root [default: what the configuration says, else this folder].
    #[arg(long, value_name = "PATH")]
    pub repo: Option<PathBuf>,
    /// The app, by its folder in the repository or the name of its package; needed if there are several.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// A running daemon to ask for the report instead of the database, as in http://127.0.0.1:4400; POINTSMAN_TOKEN holds the
    /// token for it.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Do not run the app's own TypeScript before and after.
    #[arg(long)]
    pub no_typecheck: bool,
    #[command(flatten)]
    pub view: View,
}
