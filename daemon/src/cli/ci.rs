//! The options of `capture` and `check`, which run in CI.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use pointsman_advisor::check::Budget;

use super::View;

#[derive(Args, Debug)]
pub(crate) struct CaptureOptions {
    /// The file for the traces: OTLP JSON, one export request a line; replaced when the command has ended.
    #[arg(long, value_name = "FILE", default_value = "traces.jsonl")]
    pub out: PathBuf,
    /// Largest file, MiB; what comes after that is turned away and counted.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub max_size: u64,
    /// How long to wait for late traces after the command has ended, s; a second without any ends it earlier.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=600))]
    pub wait: u64,
    /// The command, with its arguments. It starts the app, uses it and stops it; its exit code is passed on.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct CheckOptions {
    /// Recordings to check, as `capture` or the OpenTelemetry Collector's file exporter writes them; without any, the database
    /// (`--db`).
    #[arg(value_name = "FILE", conflicts_with = "url")]
    pub files: Vec<PathBuf>,
    /// Check the report of a running daemon, as in http://127.0.0.1:4400; POINTSMAN_CHECK_TOKEN holds a reader's token.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A file with the findings that are known; the others are new.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the findings to the baseline, so that they are known from now on.
    #[arg(long, requires = "baseline")]
    pub update: bool,
    /// A budget, `max RULE NUMBER` or `no new RULE`, in place of those in the configuration; may be repeated.
    #[arg(long = "budget", value_name = "BUDGET", value_parser = Budget::from_str)]
    pub budgets: Vec<Budget>,
    /// How to print the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
    /// Write the result to a file as well, as in `sarif=pointsman.sarif`; may be repeated.
    #[arg(long = "write", value_name = "FORMAT=FILE", value_parser = FormatFile::from_str)]
    pub copies: Vec<FormatFile>,
    /// A checkout of the app's repository, so that findings name files and lines; wins over `[source]`. It is only read.
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub repo: Option<PathBuf>,
    #[command(flatten)]
    pub view: View,
}

/// How the result of a check is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// `pointsman.check/v1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands of GitHub Actions, which become annotations.
    Github,
    /// For a comment on a pull request, or a job summary.
    Markdown,
}

/// A further form of the result, and the file for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FormatFile {
    pub(crate) format: CheckFormat,
    pub(crate) file: PathBuf,
}

impl FromStr for FormatFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("`{text}` is not FORMAT=FILE; write it as sarif=pointsman.sarif");
        let (format, file) = text.split_once('=').filter(|(_, file)| !file.is_empty()).ok_or_else(fault)?;
        let format = CheckFormat::from_str(format, false).map_err(|_| {
            format!(
                "`{format}` in `{text}` is not a format; there are text, json, sarif, github and markdown"
            )
        })?;
        Ok(Self { format, file: file.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_read_or_refused_with_a_remedy() {
        let copy: FormatFile = "sarif=out/a=b.sarif".parse().unwrap();
        assert_eq!((copy.format, copy.file), (CheckFormat::Sarif, PathBuf::from("out/a=b.sarif")));
        for bad in ["sarif", "sarif=", "xml=a", ""] {
            assert!(bad.parse::<FormatFile>().is_err(), "{bad}");
        }
    }
}
