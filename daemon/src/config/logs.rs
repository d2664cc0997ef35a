//! How the daemon writes its log, and where its own traces go: the sections `[logs]` and `[telemetry]`. Setting them up is the
//! business of `telemetry`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// How the log is written, which goes to standard error.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Logs {
    /// `text` for people, `json` for machines: one object a line.
    pub format: LogFormat,
    /// How much is logged: `error`, `warn`, `info`, `debug` or `trace`, also by module as in `info,pointsman_collector=debug`.
    /// `RUST_LOG` wins over it.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Where the daemon's own traces go.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Telemetry {
    /// A receiver of OTLP over HTTP, as in `http://collector:4318`; without one the daemon traces nothing. Never the daemon
    /// itself.
    pub otlp_endpoint: Option<String>,
    /// A file with the token that the receiver wants, sent as `authorization: Bearer TOKEN`.
    pub token_file: Option<PathBuf>,
    /// Under which name it appears there.
    pub service_name: String,
    /// Share of advisor runs, deliveries and requests of pages that are traced, from 0 to 1.
    pub sampling_ratio: f64,
}

impl Default for Logs {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".to_owned() }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            otlp_endpoint: None,
            token_file: None,
            service_name: "pointsman".to_owned(),
            sampling_ratio: 1.0,
        }
    }
}

impl Logs {
    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let fault = EnvFilter::try_new(&self.level).err().filter(|_| !self.level.is_empty());
        let empty = self.level.trim().is_empty().then(|| "it is empty".to_owned());
        let fault = empty.or(fault.map(|error| error.to_string()));
        fault
            .map(|fault| {
                format!(
                    "logs.level = {}: {fault}; write error, warn, info, debug or trace",
                    self.level.escape_debug()
                )
            })
            .into_iter()
            .collect()
    }
}

impl Telemetry {
    /// Where traces are sent to. What is wrong with the address is said without repeating it.
    pub(crate) fn endpoint(&self) -> Result<Option<Url>, String> {
        let Some(text) = &self.otlp_endpoint else { return Ok(None) };
        let remedy = "write a receiver of OTLP over HTTP, as in http://collector:4318";
        let mut url = Url::parse(text).map_err(|error| format!("not a valid address ({error}); {remedy}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{} is not supported; {remedy}", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("it holds a user or a password, which logs would show; {remedy}"));
        }
        // As OTEL_EXPORTER_OTLP_ENDPOINT is read: the base of all signals.
        let path = format!("{}/v1/traces", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(Some(url))
    }

    /// Values that parse and make no sense.
    pub(super) fn faults(&self, listening: &[SocketAddr]) -> Vec<String> {
        let mut faults = Vec::new();
        match self.endpoint() {
            Err(fault) => faults.push(format!("telemetry.otlp_endpoint: {fault}")),
            Ok(Some(url)) => faults.extend(listening.iter().find(|own| leads_to(&url, **own)).map(|own| {
                format!(
                    "telemetry.otlp_endpoint: this daemon itself listens on {own}, and tracing what receives traces never \
                     ends; name another receiver"
                )
            })),
            Ok(None) => {}
        }
        if self.service_name.trim().is_empty() {
            faults.push("telemetry.service_name is empty: write a name".to_owned());
        }
        if !(0.0..=1.0).contains(&self.sampling_ratio) {
            faults.push(format!(
                "telemetry.sampling_ratio = {}: write a number from 0 to 1",
                self.sampling_ratio
            ));
        }
        faults
    }
}

/// Whether the address is one on which this machine listens.
pub(crate) fn leads_to(url: &Url, own: SocketAddr) -> bool {
    if url.port_or_known_default() != Some(own.port()) {
        return false;
    }
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_this_machine = host == "localhost" || host.ends_with(".localhost");
    match bare.parse::<IpAddr>() {
        Ok(ip) => {
            ip == own.ip()
                || (own.ip().is_unspecified() && (ip.is_loopback() || ip.is_unspecified()))
                || (ip.is_unspecified() && own.ip().is_loopback())
        }
        Err(_) => is_this_machine && (own.ip().is_loopback() || own.ip().is_unspecified()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(endpoint: &str, listening: &str) -> Vec<String> {
        let telemetry = Telemetry { otlp_endpoint: Some(endpoint.to_owned()), ..Telemetry::default() };
        telemetry.faults(&[listening.parse().unwrap()])
    }

    #[test]
    fn traces_never_go_to_the_daemon_itself() {
        for (endpoint, listening, is_own) in [
            ("http://127.0.0.1:4318", "127.0.0.1:4318", true),
            ("http://localhost:4318/", "127.0.0.1:4318", true),
            ("http://localhost:4318", "0.0.0.0:4318", true),
            ("http://127.0.0.1:4318", "[::]:4318", true),
            ("http://[::1]:4318", "[::1]:4318", true),
            ("http://0.0.0.0:4318", "127.0.0.1:4318", true),
            ("http://127.0.0.1:4319", "127.0.0.1:4318", false),
            ("http://10.0.0.1:4318", "127.0.0.1:4318", false),
            ("http://collector:4318", "0.0.0.0:4318", false),
            ("http://127.0.0.1", "127.0.0.1:80", true),
        ] {
            assert_eq!(faults(endpoint, listening).len(), usize::from(is_own), "{endpoint} {listening}");
        }
    }

    #[test]
    fn addresses_are_taken_as_their_base_and_faults_do_not_repeat_them() {
        let endpoint = |text: &str| {
            let telemetry = Telemetry { otlp_endpoint: Some(text.to_owned()), ..Telemetry::default() };
            telemetry.endpoint().map(|url| url.unwrap().to_string())
        };
        assert_eq!(endpoint("http://c:4318"), Ok("http://c:4318/v1/traces".to_owned()));
        assert_eq!(endpoint("https://c/otlp/"), Ok("https://c/otlp/v1/traces".to_owned()));
        for bad in ["c:4318", "ftp://c", "collector", "https://me:secret@c"] {
            let said = endpoint(bad).unwrap_err();
            assert!(said.contains("http://collector:4318") && !said.contains("secret@"), "{bad}: {said}");
        }
    }

    #[test]
    fn levels_are_checked() {
        for (level, count) in [("info", 0), ("info,pointsman=debug", 0), ("pointsman=loud", 1), ("", 1)] {
            let logs = Logs { level: level.to_owned(), ..Logs::default() };
            assert_eq!(logs.faults().len(), count, "{level}: {:?}", logs.faults());
        }
    }
}
