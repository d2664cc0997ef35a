//! Who may see the pages and change recommendations: the section `[pages]` of the configuration. Where they are served stands
//! in `[serve]`, and the checks themselves in `web::access`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pointsman_collector::receive::access::{Access, Tokens};
use serde::{Deserialize, Serialize};

use super::address;
use super::otlp::{bytes, load_tokens, out_of_range};

/// The environment variable that holds tokens for the pages, as a tokens file does; commas separate as well as line ends.
pub(crate) const TOKENS_VARIABLE: &str = "POINTSMAN_PAGES_TOKENS";
/// The environment variable that holds tokens for `/metrics` alone.
const METRICS_TOKENS_VARIABLE: &str = "POINTSMAN_METRICS_TOKENS";

/// Who may see the pages, the API and the metrics.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Pages {
    /// Tokens that readers must show, `name token` a line: as a bearer token, or as the password that a browser asks for.
    pub tokens_file: Option<PathBuf>,
    /// Anyone who can reach the address may read everything and decide about recommendations, without a token.
    pub allow_anonymous: bool,
    /// Further host names under which the pages are reached without a token, as behind a proxy; IP addresses and `localhost`
    /// always are.
    pub hosts: Vec<String>,
    /// A separate address for `/metrics`, open to anyone who can reach it; `off` serves it with the pages.
    pub metrics_listen: String,
    /// Tokens that open `/metrics` and nothing else; those of the pages open it too.
    pub metrics_tokens_file: Option<PathBuf>,
    /// Connections of readers held open; a further one takes the place of one that is silent, stalled or idle.
    pub max_connections: u64,
    /// How long a connection of a reader may be silent, s.
    pub idle_timeout_s: u64,
    /// How long a reader may take over an answer, s.
    pub response_timeout_s: u64,
    /// Compressed answers in flight; beyond it readers are asked to retry (503).
    pub response_buffer_bytes: u64,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            tokens_file: None,
            allow_anonymous: false,
            hosts: Vec::new(),
            metrics_listen: "off".to_owned(),
            metrics_tokens_file: None,
            max_connections: 100,
            idle_timeout_s: 60,
            response_timeout_s: 120,
            response_buffer_bytes: 8 << 20,
        }
    }
}

/// The tokens in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// Without them nobody is asked.
    pub(crate) pages: Option<Arc<Tokens>>,
    pub(crate) metrics: Option<Arc<Tokens>>,
}

impl Keys {
    /// Reads the files anew; what is wrong with them. One that cannot be read stays as it was.
    pub(crate) fn reload(&self) -> Vec<String> {
        let all = [&self.pages, &self.metrics].into_iter().flatten();
        all.filter_map(|tokens| tokens.reload().err()).map(|error| error.to_string()).collect()
    }
}

impl Pages {
    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = [
            ("max_connections", self.max_connections, 1..=1_000_000),
            ("idle_timeout_s", self.idle_timeout_s, 2..=86_400),
            ("response_timeout_s", self.response_timeout_s, 1..=3_600),
            ("response_buffer_bytes", self.response_buffer_bytes, 64 << 10..=1 << 30),
        ]
        .into_iter()
        .filter_map(|(key, value, range)| out_of_range("pages", key, value, &range))
        .collect();
        if let Err(fault) = address(&self.metrics_listen) {
            faults.push(format!("pages.metrics_listen = {}: {fault}", self.metrics_listen));
        }
        for host in &self.hosts {
            let in_names = |letter: u8| letter.is_ascii_alphanumeric() || b"-.".contains(&letter);
            if host.is_empty() || !host.bytes().all(in_names) {
                faults.push(format!(
                    "pages.hosts: {host} is not a valid host name; write it without scheme and port, as in pointsman.example"
                ));
            }
        }
        faults
    }

    /// How many readers may connect, and for how long.
    pub(crate) fn limits(&self) -> Access {
        let idle = Duration::from_secs(self.idle_timeout_s);
        Access {
            max_connections: bytes(self.max_connections),
            idle,
            keepalive: idle / 2,
            keepalive_timeout: idle / 2,
            ..Access::default()
        }
    }

    /// How long a reader may take over an answer.
    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_secs(self.response_timeout_s)
    }

    /// Reads the tokens. Pages on an address that other machines reach must have some, or say that they want none.
    pub(crate) fn keys(&self, listen: Option<SocketAddr>) -> anyhow::Result<Keys> {
        let keys = Keys {
            pages: tokens(self.tokens_file.clone(), TOKENS_VARIABLE)?,
            metrics: tokens(self.metrics_tokens_file.clone(), METRICS_TOKENS_VARIABLE)?,
        };
        let reachable = listen.filter(|address| !address.ip().is_loopback());
        if let (Some(address), None, false) = (reachable, &keys.pages, self.allow_anonymous) {
            anyhow::bail!(
                "--listen {address}: other machines reach this address, and without a token anyone could read what the app \
                 does and dismiss advice; name tokens with --pages-tokens-file or {TOKENS_VARIABLE}, listen on \
                 127.0.0.1, or pass --allow-anonymous"
            );
        }
        Ok(keys)
    }
}

fn tokens(file: Option<PathBuf>, variable: &str) -> anyhow::Result<Option<Arc<Tokens>>> {
    Ok(load_tokens(file, variable)?.map(Arc::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_wants_a_token_or_a_word() {
        let open = "0.0.0.0:4400".parse().ok();
        let refused = Pages::default().keys(open).unwrap_err().to_string();
        assert!(
            refused.contains("--pages-tokens-file") && refused.contains("--allow-anonymous"),
            "{refused}"
        );
        for (pages, listen) in [
            (Pages { allow_anonymous: true, ..Pages::default() }, open),
            (Pages::default(), "127.0.0.1:4400".parse().ok()),
            (Pages::default(), "[::1]:4400".parse().ok()),
            (Pages::default(), None),
        ] {
            assert!(pages.keys(listen).is_ok(), "{pages:?} {listen:?}");
        }
    }

    #[test]
    fn hosts_are_names() {
        let pages = Pages {
            hosts: ["pointsman.example".to_owned(), "https://x.example/".to_owned()].into(),
            metrics_listen: "9464".to_owned(),
            ..Pages::default()
        };
        let said = pages.faults();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("pages.metrics_listen = 9464: "), "{said:?}");
        assert!(said[1].contains("https://x.example/ is not a valid host name"), "{said:?}");
    }
}
