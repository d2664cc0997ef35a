//! How OTLP is received: the section `[otlp]` of the configuration, and the settings of the collector that follow
//! from it. Where it is received stands in `[serve]`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pointsman_collector::admit::{Limits, Secret};
use pointsman_collector::ingest;
use pointsman_collector::receive::access::{Access, Origins, Signatures, Tls, TlsFiles, Tokens};
use pointsman_collector::receive::{grpc, http};
use serde::{Deserialize, Serialize};

/// The environment variable that holds tokens, as a tokens file does; commas separate as well as line ends.
pub(crate) const TOKENS_VARIABLE: &str = "POINTSMAN_OTLP_TOKENS";

/// Who may send, over what, how much.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Otlp {
    /// The server's certificate and those between it and the root, PEM; with it only TLS is spoken.
    pub tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, PEM.
    pub tls_key: Option<PathBuf>,
    /// Authorities, PEM; with them senders must show a certificate that one of them signed.
    pub tls_client_ca: Option<PathBuf>,
    /// Tokens that senders must show, `name token` a line.
    pub tokens_file: Option<PathBuf>,
    /// Secrets under which Vercel's drains sign what they send (`x-vercel-signature`), `name secret` a line; over HTTP a right
    /// signature does instead of a token.
    pub vercel_secrets_file: Option<PathBuf>,
    /// A file with the secret under which addresses become client keys; without one they hold until the daemon ends.
    pub hash_secret_file: Option<PathBuf>,
    /// Names of attributes that are stored besides those that the product reads; `*` at the end stands for any rest.
    pub keep_attributes: Vec<String>,
    /// Instrumentation scopes whose spans keep their names as they are; `*` at the end stands for any rest.
    pub keep_span_names: Vec<String>,
    /// Origins whose pages may send over HTTP.
    pub cors_origins: Vec<String>,
    /// Connections that each of the two receivers holds open; a further one takes the place of one that is silent, stalled or
    /// idle, and is closed when there is none.
    pub max_connections: u64,
    /// Requests in flight on one HTTP/2 connection.
    pub max_streams: u64,
    /// How long a connection may be silent, s.
    pub idle_timeout_s: u64,
    /// How often a silent HTTP/2 connection is asked whether it is there, s.
    pub keepalive_interval_s: u64,
    /// How long it may take to answer that, s.
    pub keepalive_timeout_s: u64,
    /// How long the body of an HTTP request may take to arrive, s.
    pub read_timeout_s: u64,
    /// Largest gRPC message, as sent and inflated.
    pub grpc_max_message_bytes: u64,
    /// Largest HTTP body as it is sent.
    pub http_max_body_bytes: u64,
    /// Largest HTTP body after it was inflated.
    pub http_max_inflated_bytes: u64,
    /// Requests that are read or wait for their commit. A sender holds at most half of it while others hold something; one
    /// request at a time that is larger than a quarter of it has room of its own, for the largest body.
    pub queue_bytes: u64,
    /// The `retry-after` that senders get when the queue is full, s.
    pub retry_after_s: u64,
    /// Committed requests that wait in memory for their Calls to be found.
    pub backlog_bytes: u64,
    /// Services, each in one environment, that are kept separate; calls of further ones are combined. One that was not called
    /// for a day makes room.
    pub max_apps: u64,
    /// Handlers of one service in one environment; the calls of further ones are put together. One that was not called for a day
    /// makes room.
    pub max_handlers: u64,
    /// Operations of one dispatcher; the calls of further ones count for the dispatcher.
    pub max_operations: u64,
    /// Handlers of all services together; beyond it only a service with less than its share gets further ones.
    pub max_total_handlers: u64,
}

impl Default for Otlp {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            tls_certificate: None,
            tls_key: None,
            tls_client_ca: None,
            tokens_file: None,
            vercel_secrets_file: None,
            hash_secret_file: None,
            keep_attributes: Vec::new(),
            keep_span_names: Vec::new(),
            cors_origins: Vec::new(),
            max_connections: 400,
            max_streams: 32,
            idle_timeout_s: 120,
            keepalive_interval_s: 60,
            keepalive_timeout_s: 20,
            read_timeout_s: 30,
            grpc_max_message_bytes: 4 * MIB,
            http_max_body_bytes: 20 * MIB,
            http_max_inflated_bytes: 20 * MIB,
            queue_bytes: 16 * MIB,
            retry_after_s: 1,
            backlog_bytes: 8 * MIB,
            max_apps: 200,
            max_handlers: 2_000,
            max_operations: 200,
            max_total_handlers: 4_000,
        }
    }
}

/// Settings of the two receivers.
pub(crate) struct Receivers {
    pub grpc: grpc::Settings,
    pub http: http::Settings,
}

impl Otlp {
    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self
            .ranges()
            .into_iter()
            .filter_map(|(key, value, range)| out_of_range("otlp", key, value, &range))
            .collect();
        let idle = self.idle_timeout_s;
        for (key, value) in
            [("keepalive_interval_s", self.keepalive_interval_s), ("read_timeout_s", self.read_timeout_s)]
        {
            if value >= idle {
                faults.push(format!(
                    "otlp.{key} = {value}: it must be below otlp.idle_timeout_s = {idle}, or connections in use are closed"
                ));
            }
        }
        for (key, patterns) in
            [("keep_attributes", &self.keep_attributes), ("keep_span_names", &self.keep_span_names)]
        {
            faults.extend(patterns.iter().filter_map(|pattern| bad_pattern(key, pattern)));
        }
        for text in &self.cors_origins {
            faults.extend(
                Origins::new([text.as_str()]).err().map(|fault| format!("otlp.cors_origins: {fault}")),
            );
        }
        faults
    }

    fn ranges(&self) -> [(&'static str, u64, RangeInclusive<u64>); 16] {
        const NAMES: RangeInclusive<u64> = 1..=1_000_000;
        const SECONDS: RangeInclusive<u64> = 1..=3600;
        const BYTES: RangeInclusive<u64> = 64 << 10..=1 << 30;
        [
            ("max_connections", self.max_connections, 1..=1_000_000),
            ("max_streams", self.max_streams, 1..=10_000),
            ("idle_timeout_s", self.idle_timeout_s, 2..=86_400),
            ("keepalive_interval_s", self.keepalive_interval_s, SECONDS),
            ("keepalive_timeout_s", self.keepalive_timeout_s, SECONDS),
            ("read_timeout_s", self.read_timeout_s, SECONDS),
            ("grpc_max_message_bytes", self.grpc_max_message_bytes, BYTES),
            ("http_max_body_bytes", self.http_max_body_bytes, BYTES),
            ("http_max_inflated_bytes", self.http_max_inflated_bytes, BYTES),
            ("queue_bytes", self.queue_bytes, BYTES),
            ("retry_after_s", self.retry_after_s, SECONDS),
            ("backlog_bytes", self.backlog_bytes, BYTES),
            ("max_apps", self.max_apps, NAMES),
            ("max_handlers", self.max_handlers, NAMES),
            ("max_operations", self.max_operations, NAMES),
            ("max_total_handlers", self.max_total_handlers, NAMES),
        ]
    }

    /// How the pipeline is set; what does not stand in the section keeps its default.
    pub(crate) fn pipeline(&self, secret: Secret) -> ingest::Settings {
        ingest::Settings {
            limits: Limits {
                keep_attributes: self.keep_attributes.clone(),
                keep_span_names: self.keep_span_names.clone(),
                ..Limits::default()
            },
            queue_bytes: bytes(self.queue_bytes),
            retry_after: Duration::from_secs(self.retry_after_s),
            backlog_bytes: bytes(self.backlog_bytes),
            max_apps: bytes(self.max_apps),
            max_handlers: bytes(self.max_handlers),
            max_operations: bytes(self.max_operations),
            max_all_handlers: bytes(self.max_total_handlers),
            ..ingest::Settings::new(secret)
        }
    }

    /// How the receivers are set. Certificates and tokens are read here; their faults are told at once, in one line.
    pub(crate) fn receivers(&self) -> anyhow::Result<Receivers> {
        let origins = Origins::new(self.cors_origins.iter().map(String::as_str))?;
        let access = self.access()?;
        let read_timeout = Duration::from_secs(self.read_timeout_s);
        Ok(Receivers {
            grpc: grpc::Settings {
                max_message_bytes: bytes(self.grpc_max_message_bytes),
                read_timeout,
                access: access.clone(),
            },
            http: http::Settings {
                max_body_bytes: bytes(self.http_max_body_bytes),
                max_inflated_bytes: bytes(self.http_max_inflated_bytes),
                read_timeout,
                access,
                origins,
            },
        })
    }

    fn access(&self) -> anyhow::Result<Access> {
        let (tls, tokens, signatures) = (self.tls(), self.tokens(), self.signatures());
        let faults = [tls.as_ref().err(), tokens.as_ref().err(), signatures.as_ref().err()];
        let faults: Vec<String> = faults.into_iter().flatten().map(|error| format!("{error:#}")).collect();
        match (tls, tokens, signatures) {
            (Ok(tls), Ok(tokens), Ok(signatures)) => Ok(Access {
                tls: tls.map(Arc::new),
                tokens: tokens.map(Arc::new),
                signatures: signatures.map(Arc::new),
                max_connections: bytes(self.max_connections),
                idle: Duration::from_secs(self.idle_timeout_s),
                max_concurrent_streams: u32::try_from(self.max_streams).unwrap_or(u32::MAX),
                keepalive: Duration::from_secs(self.keepalive_interval_s),
                keepalive_timeout: Duration::from_secs(self.keepalive_timeout_s),
                ..Access::default()
            }),
            _ => Err(anyhow::anyhow!(faults.join("; "))),
        }
    }

    fn tls(&self) -> anyhow::Result<Option<Tls>> {
        let alone = match (&self.tls_certificate, &self.tls_key, &self.tls_client_ca) {
            (Some(certificate), Some(key), client_ca) => {
                let (certificate, key, client_ca) = (certificate.clone(), key.clone(), client_ca.clone());
                return Ok(Some(Tls::load(TlsFiles { certificate, key, client_ca })?));
            }
            (None, None, None) => return Ok(None),
            (Some(_), None, _) => {
                "the TLS certificate has no key: name it with --otlp-tls-key or otlp.tls_key"
            }
            (None, Some(_), _) => {
                "the TLS key has no certificate: name it with --otlp-tls-certificate or otlp.tls_certificate"
            }
            (None, None, Some(_)) => {
                "the TLS client CA asks for client certificates, and without TLS there are none: name a certificate \
                 with --otlp-tls-certificate and its key with --otlp-tls-key"
            }
        };
        Err(anyhow::anyhow!(alone))
    }

    fn tokens(&self) -> anyhow::Result<Option<Tokens>> {
        load_tokens(self.tokens_file.clone(), TOKENS_VARIABLE)
    }

    fn signatures(&self) -> anyhow::Result<Option<Signatures>> {
        Ok(self.vercel_secrets_file.clone().map(Signatures::load).transpose()?)
    }
}

/// Tokens of a file and of an environment variable.
pub(super) fn load_tokens(file: Option<PathBuf>, variable: &str) -> anyhow::Result<Option<Tokens>> {
    let given = match std::env::var(variable) {
        Ok(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Err(std::env::VarError::NotPresent) => None,
        Err(std::env::VarError::NotUnicode(_)) => {
            anyhow::bail!("{variable}: it is not text in UTF-8; write `name token`, separated by commas")
        }
    };
    let given = given.as_deref().map(|text| (variable, text));
    Ok(Tokens::load(file, given)?)
}

/// A pattern names what is kept: one that fits everything would undo the list of what may be stored.
fn bad_pattern(key: &str, pattern: &str) -> Option<String> {
    let name = pattern.strip_suffix('*').unwrap_or(pattern);
    (name.is_empty() || name.contains('*')).then(|| {
        format!("otlp.{key}: {pattern:?} is not a valid pattern: write a name, or the beginning of one with * at its end")
    })
}

/// What is wrong with a number of a section, if it is out of its range.
pub(super) fn out_of_range(
    section: &str,
    key: &str,
    value: u64,
    range: &RangeInclusive<u64>,
) -> Option<String> {
    let (least, most) = (range.start(), range.end());
    (!range.contains(&value))
        .then(|| format!("{section}.{key} = {value}: write a number from {least} to {most}"))
}

/// As the collector counts; the ranges keep it within what any machine can count.
pub(super) fn bytes(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_collector() {
        let otlp = Otlp::default();
        assert_eq!(otlp.faults(), Vec::<String>::new());
        let (ours, theirs) = (otlp.access().unwrap(), Access::default());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        let secret = || Secret::new(*b"a secret of tests");
        let (ours, theirs) = (otlp.pipeline(secret()), ingest::Settings::new(secret()));
        assert_eq!(
            (ours.queue_bytes, ours.retry_after, ours.backlog_bytes),
            (theirs.queue_bytes, theirs.retry_after, theirs.backlog_bytes)
        );
        assert_eq!(
            (ours.max_apps, ours.max_handlers, ours.max_operations, ours.max_all_handlers),
            (theirs.max_apps, theirs.max_handlers, theirs.max_operations, theirs.max_all_handlers)
        );
        let receivers = otlp.receivers().unwrap();
        assert_eq!(receivers.grpc.max_message_bytes, grpc::Settings::default().max_message_bytes);
        let (ours, theirs) = (receivers.http, http::Settings::default());
        assert_eq!(
            (ours.max_body_bytes, ours.max_inflated_bytes, ours.read_timeout),
            (theirs.max_body_bytes, theirs.max_inflated_bytes, theirs.read_timeout)
        );
    }

    #[test]
    fn a_value_out_of_its_range_is_told_with_the_range() {
        let otlp = Otlp {
            max_connections: 0,
            queue_bytes: 10,
            keepalive_interval_s: 120,
            keep_attributes: vec!["myapp.*".to_owned(), "*".to_owned()],
            cors_origins: vec!["https://shop.example".to_owned(), "shop.example".to_owned()],
            ..Otlp::default()
        };
        let said = otlp.faults();
        let begins = [
            "otlp.max_connections = 0: write a number from 1 to 1000000",
            "otlp.queue_bytes = 10: write a number from 65536 to 1073741824",
            "otlp.keepalive_interval_s = 120: it must be below otlp.idle_timeout_s = 120",
            "otlp.keep_attributes: \"*\" is not a valid pattern",
            "otlp.cors_origins: shop.example is not a valid origin",
        ];
        assert_eq!(said.len(), begins.len(), "{said:#?}");
        for (fault, begin) in said.iter().zip(begins) {
            assert!(fault.starts_with(begin), "{begin}: {fault}");
        }
    }
}
