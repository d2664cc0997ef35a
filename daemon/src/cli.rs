//! The command line. What the commands do lives in `commands`; settings that a file may hold live in `config`.

mod agents;
mod ci;
mod copy;
#[cfg(test)]
mod reference;
mod source;

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use pointsman_store::Location;

use crate::clock;
use crate::commands::init::Manager;
use crate::config::LogFormat;

pub(crate) use agents::{AgentsCommand, AgentsOptions, InstallOptions, McpOptions};
pub(crate) use ci::{CaptureOptions, CheckFormat, CheckOptions};
pub(crate) use copy::CopyOptions;
pub(crate) use source::{DraftOptions, LinkOptions};

/// Production telemetry advisor for Next.js: what belongs in an API route, what in a Server Action.
#[derive(Parser, Debug)]
#[command(name = "pointsman", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The database: a file, created when absent, or postgres://USER@HOST/DATABASE.
    #[arg(
        long,
        global = true,
        env = "POINTSMAN_DB",
        hide_env_values = true,
        default_value = "pointsman.db",
        value_name = "DATABASE",
        value_parser = OsStringValueParser::new().map(Location::from)
    )]
    pub db: Location,
    /// A configuration file (TOML); flags take precedence.
    #[arg(long, global = true, env = "POINTSMAN_CONFIG", value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// A file of the app's repository with policies about its handlers (TOML).
    #[arg(long, global = true, env = "POINTSMAN_POLICY", value_name = "PATH")]
    pub policy: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Show the report of a recorded shop; needs no app, no Node.js and no network.
    Demo(DemoOptions),
    /// Set up a Next.js app: packages, the instrumentation file, and whatever else its version needs.
    Init(InitOptions),
    /// Run the daemon: receive and store OTLP, advise, serve pages and metrics.
    Serve(ServeOptions),
    /// Read recorded OTLP the way live traces are read.
    Replay(ReplayOptions),
    /// Print the report.
    Report(ReportOptions),
    /// Print all evidence about one handler, or about all.
    Explain(ExplainOptions),
    /// Accept a recommended change: it will be made.
    Accept(AcceptOptions),
    /// Dismiss a recommended change, with the reason.
    Dismiss(DismissOptions),
    /// Snooze a recommended change.
    Snooze(SnoozeOptions),
    /// Record that a recommended change was made, where the traffic does not show it.
    Applied(AppliedOptions),
    /// Show which telemetry arrives, what is missing, and how to add it.
    Doctor(DoctorOptions),
    /// Print one stored trace as a tree.
    Trace(TraceOptions),
    /// Make a consistent copy of the database, even while the daemon runs.
    Backup(BackupOptions),
    /// Copy everything from an SQLite file to a PostgreSQL database, or back. Stop the daemons first.
    Copy(CopyOptions),
    /// Rebuild calls and hourly numbers from the stored spans. Stop the daemon first.
    Reindex,
    /// Permanently delete everything stored about a service. Stop the daemon first.
    Forget(ForgetOptions),
    /// Check the configuration, with flags of `serve` applied, and list every error.
    CheckConfig(CheckConfigOptions),
    /// Copy whatever is readable in a damaged database (--db) to a new file. Stop the daemon first.
    Recover(RecoverOptions),
    /// Check the daemon's health, for container engines and scripts without an HTTP client.
    Health(HealthOptions),
    /// Find the app's handlers and their call sites in its source code, without running any of it.
    Link(LinkOptions),
    /// Answer a coding agent on standard input and output, over the Model Context Protocol.
    Mcp(McpOptions),
    /// Set coding agents up.
    Agents(AgentsOptions),
    /// Print a change as a patch of the app's source, checked as far as it says. Writes nothing into the app.
    Draft(DraftOptions),
    /// Record the traces of an app while a command uses it, such as its end-to-end tests.
    Capture(CaptureOptions),
    /// Say what is new against a baseline and whether budgets are kept, for CI.
    Check(CheckOptions),
    /// Print completions for a shell.
    Completions(CompletionsOptions),
    /// Print the manual page, or write the pages of all commands.
    Man(ManOptions),
}

#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeOptions {
    /// Address for OTLP over gRPC, or `off` [default: 127.0.0.1:4317].
    #[arg(long, env = "POINTSMAN_OTLP_GRPC", value_name = "ADDR")]
    pub otlp_grpc: Option<String>,
    /// Address for OTLP over HTTP, or `off` [default: 127.0.0.1:4318].
    #[arg(long, env = "POINTSMAN_OTLP_HTTP", value_name = "ADDR")]
    pub otlp_http: Option<String>,
    /// Address for pages, API and metrics, or `off` [default: 127.0.0.1:4400].
    #[arg(long, env = "POINTSMAN_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    #[command(flatten)]
    pub access: AccessOptions,
    #[command(flatten)]
    pub pages: PagesOptions,
    #[command(flatten)]
    pub logs: LogsOptions,
}

/// How the log is written, and where the daemon's own traces go.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LogsOptions {
    /// The log format [default: text].
    #[arg(long, env = "POINTSMAN_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// The log level: error, warn, info, debug or trace; `RUST_LOG` takes precedence [default: info].
    #[arg(long, env = "POINTSMAN_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// An OTLP/HTTP receiver for the daemon's own traces, as in http://collector:4318.
    #[arg(long, env = "POINTSMAN_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// Who may see the pages.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PagesOptions {
    /// Tokens that readers of pages and API must send, one `name token` per line; POINTSMAN_PAGES_TOKENS may hold more.
    #[arg(long, env = "POINTSMAN_PAGES_TOKENS_FILE", value_name = "PATH")]
    pub pages_tokens_file: Option<PathBuf>,
    /// Anyone who can reach the pages may read everything and decide about recommendations, without a token.
    #[arg(long, env = "POINTSMAN_ALLOW_ANONYMOUS")]
    pub allow_anonymous: bool,
    /// The old name of `--allow-anonymous`.
    #[arg(long, hide = true, env = "POINTSMAN_LET_ANYONE_IN")]
    pub let_anyone_in: bool,
    /// A separate address that serves only metrics, to anyone who can reach it, or `off` [default: off].
    #[arg(long, env = "POINTSMAN_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<String>,
    /// Tokens that give access to /metrics only; POINTSMAN_METRICS_TOKENS may hold more.
    #[arg(long, env = "POINTSMAN_METRICS_TOKENS_FILE", value_name = "PATH")]
    pub metrics_tokens_file: Option<PathBuf>,
}

/// Who may send OTLP, and over what.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AccessOptions {
    /// Certificate chain (PEM) for OTLP; when set, only TLS is accepted.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_CERTIFICATE", value_name = "PATH")]
    pub otlp_tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_KEY", value_name = "PATH")]
    pub otlp_tls_key: Option<PathBuf>,
    /// Certificate authorities (PEM); senders must present a certificate that one of them signed.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_CLIENT_CA", value_name = "PATH")]
    pub otlp_tls_client_ca: Option<PathBuf>,
    /// Tokens that senders must send, one `name token` per line; POINTSMAN_OTLP_TOKENS may hold more.
    #[arg(long, env = "POINTSMAN_OTLP_TOKENS_FILE", value_name = "PATH")]
    pub otlp_tokens_file: Option<PathBuf>,
    /// The secret that turns addresses into client keys; otherwise POINTSMAN_HASH_SECRET holds it.
    #[arg(long, env = "POINTSMAN_HASH_SECRET_FILE", value_name = "PATH")]
    pub hash_secret_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// Address for the pages.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4400")]
    pub listen: String,
    /// Print the report and exit, without serving pages.
    #[arg(long)]
    pub once: bool,
}

#[derive(Args, Debug)]
pub(crate) struct InitOptions {
    /// The app's folder, or that of a workspace with one app.
    #[arg(value_name = "APP", default_value = ".")]
    pub app: PathBuf,
    /// Only show what would be done.
    #[arg(long, conflicts_with_all = ["undo", "wait"])]
    pub dry_run: bool,
    /// Undo what init has done.
    #[arg(long, conflicts_with_all = ["wait", "package"])]
    pub undo: bool,
    /// Wait up to SECONDS for the app's first request, and print what arrived.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600")]
    pub wait: Option<u64>,
    /// A tarball of @pointsman/nextjs instead of the published package; it is copied into the app's folder `vendor`.
    #[arg(long, value_name = "PATH.tgz")]
    pub package: Option<PathBuf>,
    /// The app's package manager [default: what its lock file and package.json say].
    #[arg(long, value_enum, value_name = "NAME")]
    pub package_manager: Option<Manager>,
}

#[derive(Args, Debug)]
pub(crate) struct ReplayOptions {
    /// Recorded files: JSON lines or protobuf as the OpenTelemetry Collector's file exporter writes them, or one
    /// request body; .gz and .zst too; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Largest file after decompression, MiB: it is held in memory.
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    pub max_size: u64,
}

/// Hours of the window by default: a week, so that no weekday counts more than another.
pub(crate) const USUAL_WINDOW: u32 = 7 * 24;

/// Which data a report covers.
#[derive(Args, Clone, Debug)]
pub(crate) struct View {
    /// Length of the window, in days (`7d`) or hours (`12h`).
    #[arg(long, default_value = "7d", value_name = "LENGTH", value_parser = parse_window)]
    pub window: u32,
    /// End of the window: `now`, `last` (the newest call, for recorded traffic) or an RFC 3339 time.
    #[arg(long, default_value = "now", value_name = "TIME", value_parser = parse_until)]
    pub until: Until,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ReportOptions {
    #[command(flatten)]
    pub view: View,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print every handler in full, not only what fits on one screen (text; the other formats always do).
    #[arg(long)]
    pub full: bool,
    /// Print one change: its id, or the beginning of it (text, markdown or json).
    #[arg(long, value_name = "ID", conflicts_with = "full")]
    pub change: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainOptions {
    /// A change or a handler: its id, or a unique part of the handler's route or action; all handlers when omitted.
    #[arg(value_name = "ID")]
    pub handler: Option<String>,
    #[command(flatten)]
    pub view: View,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = EvidenceFormat::Text)]
    pub format: EvidenceFormat,
}

/// Which recommendation the decision is about, and when it was taken.
#[derive(Args, Debug)]
pub(crate) struct Target {
    /// The change: its id, the id of one of its handlers, or a unique part of a handler's route or action.
    #[arg(value_name = "ID")]
    pub handler: String,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// When the decision was taken: `now`, `last` (the newest call, for recorded traffic) or an RFC 3339 time.
    #[arg(long, default_value = "now", value_name = "TIME", value_parser = parse_until)]
    pub at: Until,
}

#[derive(Args, Debug)]
pub(crate) struct AcceptOptions {
    #[command(flatten)]
    pub target: Target,
}

#[derive(Args, Debug)]
pub(crate) struct DismissOptions {
    #[command(flatten)]
    pub target: Target,
    /// Why; the report shows it.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Until when: a day (2026-12-31) or an RFC 3339 time; permanent when omitted.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<u64>,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("end").required(true).args(["lasting", "until"]))]
pub(crate) struct SnoozeOptions {
    #[command(flatten)]
    pub target: Target,
    /// For how long, in days (`14d`) or hours (`12h`).
    #[arg(long = "for", value_name = "LENGTH", value_parser = parse_window)]
    pub lasting: Option<u32>,
    /// Until when: a day (2026-12-31) or an RFC 3339 time.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub until: Option<u64>,
    /// Why; the report shows it.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct AppliedOptions {
    #[command(flatten)]
    pub target: Target,
    /// The handler that replaced it: its id, or a unique part of its route or action.
    #[arg(long = "as", value_name = "HANDLER")]
    pub successor: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub view: View,
}

#[derive(Args, Debug)]
pub(crate) struct TraceOptions {
    /// The trace id: 32 hex digits.
    #[arg(value_name = "ID")]
    pub id: String,
}

#[derive(Args, Debug)]
pub(crate) struct BackupOptions {
    /// The copy; it must not exist.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct ForgetOptions {
    /// The service, as in `service.name`.
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// Only this environment; empty for the one without a name.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Delete it. Without this flag, the command only counts what is stored.
    #[arg(long)]
    pub yes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CheckConfigOptions {
    #[command(flatten)]
    pub serve: ServeOptions,
    /// Print the configuration in effect as TOML, without secrets.
    #[arg(long)]
    pub print: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RecoverOptions {
    /// The new file; it must not exist. The damaged file (--db) is only read.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct HealthOptions {
    /// Where the daemon serves its pages [default: what the configuration says].
    #[arg(long, env = "POINTSMAN_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// Check that it has advice to show (/readyz), not only that it runs (/healthz).
    #[arg(long)]
    pub ready: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// A folder for the manual pages of all commands; without it, the page of `pointsman` itself is printed.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    Text,
    Markdown,
    Html,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum EvidenceFormat {
    Text,
    Json,
}

/// Where a window ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Until {
    /// With the hour that runs now.
    Now,
    /// With the hour of the newest call.
    Last,
    /// With the hour of this time, ns since the epoch.
    At(u64),
}

/// Hours in `7d` or `12h`.
fn parse_window(text: &str) -> Result<u32, String> {
    let (number, hours_each) = match text.strip_suffix('d') {
        Some(days) => (days, 24),
        None => (text.strip_suffix('h').unwrap_or(""), 1),
    };
    let hours = number.parse::<u32>().ok().and_then(|number| number.checked_mul(hours_each));
    hours.filter(|hours| (1..=24 * 400).contains(hours)).ok_or_else(|| {
        format!("`{text}` is not a length of time: write days as `7d` or hours as `12h`, up to 400d")
    })
}

fn parse_until(text: &str) -> Result<Until, String> {
    match text {
        "now" => Ok(Until::Now),
        "last" => Ok(Until::Last),
        time => clock::parse(time).map(Until::At).ok_or_else(|| {
            format!("`{text}` is not a valid time: write `now`, `last` or 2026-11-22T06:00:00Z")
        }),
    }
}

fn parse_time(text: &str) -> Result<u64, String> {
    let fault = || {
        format!("`{text}` is not a valid time: write a day as 2026-12-31 or a time as 2026-12-31T18:00:00Z")
    };
    clock::parse(text).ok_or_else(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn windows_and_ends_are_read_or_refused_with_a_remedy() {
        assert_eq!(parse_window("7d"), Ok(168));
        assert_eq!(parse_window("12h"), Ok(12));
        for bad in ["7", "d", "0d", "-1d", "9999d", "99999999999d"] {
            assert!(parse_window(bad).unwrap_err().contains("write days"), "{bad}");
        }
        assert_eq!(parse_until("1970-01-01T00:00:01Z"), Ok(Until::At(1_000_000_000)));
        assert!(parse_until("yesterday").is_err());
        assert!(parse_until("1960-01-01T00:00:00Z").is_err());
    }
}
