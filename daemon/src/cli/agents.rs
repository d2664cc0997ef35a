//! Options of the commands for coding agents.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Until, parse_until};

#[derive(Args, Debug)]
pub(crate) struct McpOptions {
    /// Ask a running daemon, as http://127.0.0.1:4400, instead of reading the database. Its token is in POINTSMAN_MCP_TOKEN or in
    /// --token-file.
    #[arg(long, value_name = "URL", conflicts_with_all = ["allow_decisions", "until", "service"])]
    pub url: Option<String>,
    /// A file with the token that the daemon's pages want.
    #[arg(long, env = "POINTSMAN_MCP_TOKEN_FILE", value_name = "PATH", requires = "url")]
    pub token_file: Option<PathBuf>,
    /// Let agents accept, dismiss and snooze changes in the database. With --url the daemon's `mcp.allow_decisions` says so.
    #[arg(long)]
    pub allow_decisions: bool,
    /// End of the week that is looked at: `now`, `last` (the newest call, for recorded traffic) or a time as in RFC 3339.
    #[arg(long, default_value = "now", value_name = "TIME", value_parser = parse_until)]
    pub until: Until,
    /// Look at this service only.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct AgentsOptions {
    #[command(subcommand)]
    pub command: AgentsCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum AgentsCommand {
    /// Tell the coding agents of a repository about Pointsman: a block in AGENTS.md and an entry in .mcp.json. Running it again
    /// brings both up to date.
    Install(InstallOptions),
}

#[derive(Args, Debug)]
pub(crate) struct InstallOptions {
    /// The repository.
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
    /// The daemon that agents ask. Its token is not written down: POINTSMAN_MCP_TOKEN holds it.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4400")]
    pub url: String,
    /// Let agents read the database of --db instead of asking a daemon.
    #[arg(long, conflicts_with = "url")]
    pub from_db: bool,
    /// Where agents find the report as Markdown [default: `latest.md` in the folder of [reports], if there is one].
    #[arg(long, value_name = "PATH")]
    pub report: Option<PathBuf>,
    /// Only show what would be changed.
    #[arg(long)]
    pub dry_run: bool,
    /// Take both out again.
    #[arg(long)]
    pub undo: bool,
}
