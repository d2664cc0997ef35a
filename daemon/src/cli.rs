//! The command line. What the commands do lives in `commands`; settings that a file may hold live in `config`.

mod ci;
#[cfg(test)]
mod reference;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::clock;
use crate::commands::init::Manager;
use crate::config::LogFormat;

pub(crate) use ci::{CaptureOptions, CheckFormat, CheckOptions, FormatFile};

/// Production telemetry advisor for Next.js: what belongs in an API route, what in a Server Action.
#[derive(Parser, Debug)]
#[command(name = "pointsman", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The database file; created when absent.
    #[arg(long, global = true, env = "POINTSMAN_DB", default_value = "pointsman.db", value_name = "PATH")]
    pub db: PathBuf,
    /// A configuration file (TOML); flags win over it.
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
    /// Show the report of a recorded shop: no app, no Node.js and no network needed.
    Demo(DemoOptions),
    /// Set an app of Next.js up: packages, instrumentation file, and what else its version needs.
    Init(InitOptions),
    /// Run the daemon: receive OTLP, keep it, advise, show pages and metrics.
    Serve(ServeOptions),
    /// Feed recorded OTLP through the same path as live traces.
    Replay(ReplayOptions),
    /// Print the report.
    Report(ReportOptions),
    /// Print all evidence about one handler, or about all.
    Explain(ExplainOptions),
    /// Say that a recommended move will be made.
    Accept(AcceptOptions),
    /// Say that a recommended move is not wanted, and why.
    Dismiss(DismissOptions),
    /// Put a recommended move off.
    Snooze(SnoozeOptions),
    /// Say that a recommended move has been made, where the traffic does not tell.
    Applied(AppliedOptions),
    /// Say which telemetry arrives, which is missing, and how to get it.
    Doctor(DoctorOptions),
    /// Print one stored trace as a tree.
    Trace(TraceOptions),
    /// Make a consistent copy of the database, also while the daemon runs.
    Backup(BackupOptions),
    /// Derive calls and hourly numbers afresh from the stored spans. Stop the daemon first.
    Reindex,
    /// Drop everything that is kept of a service, for good. Stop the daemon first.
    Forget(ForgetOptions),
    /// Say everything that is wrong with the configuration, with the flags of `serve` over it.
    CheckConfig(CheckConfigOptions),
    /// Save what can be read of a damaged database (--db) into a new file. Stop the daemon first.
    Recover(RecoverOptions),
    /// Ask the daemon whether it is well: for container engines and scripts, which have no HTTP client.
    Health(HealthOptions),
    /// Find the app's handlers and their call sites in its source code. Runs none of it.
    Link(LinkOptions),
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

/// How the log is written, and where own traces go.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LogsOptions {
    /// How a line of the log looks [default: text].
    #[arg(long, env = "POINTSMAN_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// How much is logged: error, warn, info, debug or trace; `RUST_LOG` wins over it [default: info].
    #[arg(long, env = "POINTSMAN_LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,
    /// A receiver of OTLP over HTTP for the daemon's own traces, as in http://collector:4318.
    #[arg(long, env = "POINTSMAN_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// Who may see the pages.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PagesOptions {
    /// Tokens that readers of pages and API must show, `name token` a line; POINTSMAN_PAGES_TOKENS holds further ones.
    #[arg(long, env = "POINTSMAN_PAGES_TOKENS_FILE", value_name = "PATH")]
    pub pages_tokens_file: Option<PathBuf>,
    /// Whoever reaches the pages may read everything and decide about recommendations, without any token.
    #[arg(long, env = "POINTSMAN_ALLOW_ANONYMOUS")]
    pub allow_anonymous: bool,
    /// The old name of `--allow-anonymous`.
    #[arg(long, hide = true, env = "POINTSMAN_LET_ANYONE_IN")]
    pub let_anyone_in: bool,
    /// A further address that serves only metrics, to whoever reaches it, or `off` [default: off].
    #[arg(long, env = "POINTSMAN_METRICS_LISTEN", value_name = "ADDR")]
    pub metrics_listen: Option<String>,
    /// Tokens that open /metrics and nothing else; POINTSMAN_METRICS_TOKENS holds further ones.
    #[arg(long, env = "POINTSMAN_METRICS_TOKENS_FILE", value_name = "PATH")]
    pub metrics_tokens_file: Option<PathBuf>,
}

/// Who may send OTLP, and over what.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AccessOptions {
    /// Certificate chain (PEM) for OTLP; with it only TLS is spoken.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_CERTIFICATE", value_name = "PATH")]
    pub otlp_tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_KEY", value_name = "PATH")]
    pub otlp_tls_key: Option<PathBuf>,
    /// Authorities (PEM); senders must show a certificate that one of them signed.
    #[arg(long, env = "POINTSMAN_OTLP_TLS_CLIENT_CA", value_name = "PATH")]
    pub otlp_tls_client_ca: Option<PathBuf>,
    /// Tokens that senders must show, `name token` a line; POINTSMAN_OTLP_TOKENS holds further ones.
    #[arg(long, env = "POINTSMAN_OTLP_TOKENS_FILE", value_name = "PATH")]
    pub otlp_tokens_file: Option<PathBuf>,
    /// The secret under which addresses become client keys; POINTSMAN_HASH_SECRET holds it otherwise.
    #[arg(long, env = "POINTSMAN_HASH_SECRET_FILE", value_name = "PATH")]
    pub hash_secret_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct DemoOptions {
    /// Address for the pages.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4400")]
    pub listen: String,
    /// Print the report and end; no pages are served.
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
    /// Take back what init has done.
    #[arg(long, conflicts_with_all = ["wait", "package"])]
    pub undo: bool,
    /// Wait for the app's first request, up to so many seconds, and print what arrived.
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
    /// Largest file after inflating, MiB: it is held in memory.
    #[arg(long, default_value_t = 4096, value_name = "MIB")]
    pub max_size: u64,
}

/// Hours of the window by default: a week, so that no weekday counts more than another.
pub(crate) const USUAL_WINDOW: u32 = 7 * 24;

/// Which data a report looks at.
#[derive(Args, Clone, Debug)]
pub(crate) struct View {
    /// Length of the window, in days (`7d`) or hours (`12h`).
    #[arg(long, default_value = "7d", value_name = "LENGTH", value_parser = parse_window)]
    pub window: u32,
    /// End of the window: `now`, `last` (the newest call, for recorded traffic) or a time as in RFC 3339.
    #[arg(long, default_value = "now", value_name = "TIME", value_parser = parse_until)]
    pub until: Until,
    /// Look at this service only.
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
    /// Print every handler with all that is said of it, not only what fits on a screen (text; the other formats always do).
    #[arg(long)]
    pub full: bool,
    /// Print one change: its id, or the beginning of it (text, markdown or json).
    #[arg(long, value_name = "ID", conflicts_with = "full")]
    pub change: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainOptions {
    /// A change or a handler: its id, or a part of the handler's route or action that only it has; all handlers when none is
    /// named.
    #[arg(value_name = "ID")]
    pub handler: Option<String>,
    #[command(flatten)]
    pub view: View,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = EvidenceFormat::Text)]
    pub format: EvidenceFormat,
}

/// Which recommendation is decided about, and when.
#[derive(Args, Debug)]
pub(crate) struct Target {
    /// The change: its id, or that of one of its handlers, or a part of a handler's route or action that only it has.
    #[arg(value_name = "ID")]
    pub handler: String,
    /// Look at this service only.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// When it is decided: `now`, `last` (the newest call, for recorded traffic) or a time as in RFC 3339.
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
    /// Until when: a day as 2026-12-31 or a time as in RFC 3339; without it for good.
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
    /// Until when: a day as 2026-12-31 or a time as in RFC 3339.
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
    /// The handler that came in its place: its id, or a part of its route or action that only it has.
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
    /// The service, as `service.name` tells it.
    #[arg(long, value_name = "NAME")]
    pub service: String,
    /// Only this environment of it; the empty one where none is declared.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Drop it. Without this only what there is of it is counted.
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
    /// The new file; it must not exist. The damaged one, named by --db, is only read.
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct HealthOptions {
    /// Where the daemon serves its pages [default: what the configuration says].
    #[arg(long, env = "POINTSMAN_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// Ask whether it has advice to show (/readyz), not only whether it runs (/healthz).
    #[arg(long)]
    pub ready: bool,
}

#[derive(Args, Debug)]
pub(crate) struct LinkOptions {
    /// The app's repository; of a monorepo its root.
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    /// The app, by its folder in the repository or the name of its package; needed if there are several.
    #[arg(long, value_name = "APP")]
    pub app: Option<String>,
    /// The file for the result; without it the result is printed.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The commit, where `.git` does not tell it (in a container image, a worktree).
    #[arg(long, value_name = "HASH")]
    pub commit: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct CompletionsOptions {
    /// The shell that is to complete.
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(crate) struct ManOptions {
    /// A folder for the pages of all commands; without it the page of `pointsman` itself is printed.
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
        time => clock::parse(time)
            .map(Until::At)
            .ok_or_else(|| format!("`{text}` is no time: write `now`, `last` or 2026-11-22T06:00:00Z")),
    }
}

fn parse_time(text: &str) -> Result<u64, String> {
    let fault =
        || format!("`{text}` is no time: write a day as 2026-12-31 or a time as 2026-12-31T18:00:00Z");
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
