//! Reports sent over HTTP: a POST of JSON or of a message for Slack, signed when there is a secret. Redirects are not
//! followed, an answer is read for its first words only, and neither addresses nor secrets reach logs or errors.

use std::time::Duration;

use anyhow::{Context, ensure};
use hmac::{Hmac, KeyInit, Mac};
use pointsman_collector::receive::access::placeholder_fault;
use pointsman_store::{KeptReport, ReportKey, hex};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use sha2::Sha256;

use super::target::Outcome;
use crate::advise::read;
use crate::clock;
use crate::config::{self, WebhookFormat};
use crate::render::{self, Audience};

/// Of an answer that refuses so much is read to say why.
const MOST_ANSWER: usize = 500;
const LONGEST_SECRET: u64 = 4_096;

/// A receiver on the network.
pub(super) struct Webhook {
    name: String,
    url: Url,
    format: WebhookFormat,
    secret: Option<Vec<u8>>,
    timeout: Duration,
    client: Client,
    audience: Audience,
}

impl Webhook {
    /// Reads its secret and the system's certificates.
    pub(super) fn new(of: &config::Webhook, audience: Audience) -> anyhow::Result<Self> {
        let context = || format!("the webhook {} in [reports]", of.name);
        let url = of.url.parsed().map_err(anyhow::Error::msg).with_context(context)?;
        let secret = of.secret_file.as_deref().map(secret).transpose().with_context(context)?;
        let timeout = Duration::from_secs(of.timeout_s);
        // There can be one of a process; it may be installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout)
            .user_agent(concat!("pointsman/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(reqwest::Error::without_url)
            .with_context(context)?;
        Ok(Self { name: of.name.clone(), url, format: of.format, secret, timeout, client, audience })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends a report once.
    pub(super) async fn send(&self, kept: &KeptReport) -> Outcome {
        let body = match self.body(kept) {
            Ok(body) => body,
            Err(error) => return Outcome::Refused(format!("{error:#}")),
        };
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-pointsman-delivery", delivery(&self.name, &kept.key))
            .header("x-pointsman-reason", &kept.reason);
        if let Some(secret) = &self.secret {
            let Some(signature) = signature(secret, clock::now_ns() / 1_000_000_000, &body) else {
                return Outcome::Refused("the secret cannot be used".to_owned());
            };
            request = request.header("x-pointsman-signature", signature);
        }
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Outcome::Delivered,
            Ok(answer) => refused(answer, &self.url).await,
            Err(error) => Outcome::Later(chain(&error.without_url()), None),
        }
    }

    fn body(&self, kept: &KeptReport) -> anyhow::Result<Vec<u8>> {
        Ok(match self.format {
            WebhookFormat::Json => kept.payload.clone(),
            WebhookFormat::Slack => {
                serde_json::to_vec(&render::slack::message(&read(kept)?, &self.audience))?
            }
        })
    }
}

/// What an answer that is no success means.
pub(super) async fn refused(mut answer: Response, url: &Url) -> Outcome {
    let (status, asked) = (answer.status(), retry_after(answer.headers(), clock::now_ns()));
    let mut said = Vec::new();
    while said.len() < MOST_ANSWER {
        match answer.chunk().await {
            Ok(Some(piece)) => said.extend_from_slice(&piece),
            _ => break,
        }
    }
    said.truncate(MOST_ANSWER);
    let said = render::safe::terminal(&without_secrets(&String::from_utf8_lossy(&said), url));
    let reason = if said.is_empty() { format!("{status}") } else { format!("{status}: {said}") };
    match status {
        StatusCode::REQUEST_TIMEOUT => Outcome::Later(reason, None),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Outcome::Later(reason, asked),
        status if status.is_server_error() => Outcome::Later(reason, None),
        status if status.is_redirection() => Outcome::Refused(format!(
            "{status}: redirects are not followed; name the address where it has moved to"
        )),
        _ => Outcome::Refused(reason),
    }
}

/// The words of an answer that may be logged. Many servers repeat the address that was asked (Express does with its 404), and
/// the address of a webhook is its secret: what looks like a part of an address, or is one of this one, is left out.
fn without_secrets(said: &str, url: &Url) -> String {
    /// Longer words are identifiers and tokens.
    const LONGEST_WORD: usize = 24;
    /// Shorter segments are words of any text.
    const SHORTEST_SEGMENT: usize = 4;
    let query = url.query().unwrap_or_default();
    let parts = url.path().split('/').chain(query.split(['&', '=']));
    let secrets: Vec<String> =
        parts.filter(|part| part.len() >= SHORTEST_SEGMENT).map(str::to_ascii_lowercase).collect();
    let harmless = |word: &str| {
        let lower = word.to_ascii_lowercase();
        word.len() <= LONGEST_WORD
            && !word.contains(['/', '?', '=', '@', '%', '&'])
            && !secrets.iter().any(|secret| lower.contains(secret))
    };
    let words = said.split_whitespace().map(|word| if harmless(word) { word } else { "…" });
    words.collect::<Vec<_>>().join(" ")
}

/// `Retry-After`: seconds, or a date.
fn retry_after(headers: &HeaderMap, now_ns: u64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = text.parse().ok().map(Duration::from_secs);
    let date = || {
        let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let at_ns = u64::try_from(date.as_nanosecond()).ok()?;
        Some(Duration::from_nanos(at_ns.saturating_sub(now_ns)))
    };
    seconds.or_else(date)
}

/// An error with all its causes: the outermost one says only that something went wrong.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    render::safe::terminal(&text)
}

/// The same for every attempt at the same delivery, so that a receiver can tell one that it has taken already.
pub(super) fn delivery(target: &str, key: &ReportKey) -> String {
    use sha2::Digest;
    let mut hash = Sha256::new();
    for part in [target, &key.service, key.environment.as_deref().unwrap_or_default()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(key.at_ns.to_be_bytes());
    hex(&hash.finalize()[..16])
}

/// `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over the seconds, a dot and the body.
fn signature(secret: &[u8], seconds: u64, body: &[u8]) -> Option<String> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    hmac.update(format!("{seconds}.").as_bytes());
    hmac.update(body);
    Some(format!("t={seconds},v1={}", hex(&hmac.finalize().into_bytes())))
}

/// The secret in a file, without the line's end.
fn secret(path: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read its secret_file {name}"))?.len();
    ensure!(
        size <= LONGEST_SECRET,
        "its secret_file {name} has {size} bytes; a secret has {LONGEST_SECRET} at most"
    );
    let text = std::fs::read(path).with_context(|| format!("cannot read its secret_file {name}"))?;
    let secret = text.trim_ascii();
    ensure!(
        secret.len() >= 16,
        "its secret_file {name} holds less than 16 bytes; write a longer secret into it, as from `openssl rand -hex 32`"
    );
    if let Some(fault) = placeholder_fault(secret) {
        anyhow::bail!("its secret_file {name} cannot be used: {fault}");
    }
    Ok(secret.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_documented_one() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef
        assert_eq!(
            signature(b"0123456789abcdef", 1_700_000_000, b"{\"a\":1}").unwrap(),
            "t=1700000000,v1=9eb18f493f8ec135d9eb2dad817c369bb4e9cbfa818657897a7437c1cd8c3a23"
        );
    }

    #[test]
    fn an_answer_that_repeats_the_secret_address_is_logged_without_it() {
        let url = Url::parse("https://hooks.example/services/T0001/B0002/s3cr3tw0rd?key=hidden").unwrap();
        for (said, logged) in [
            ("<pre>Cannot POST /services/T0001/B0002/s3cr3tw0rd</pre>", "<pre>Cannot POST …"),
            ("no route S3CR3TW0RD here", "no route … here"),
            ("{\"error\":\"B0002\"}", "…"),
            ("key hidden", "key …"),
            ("invalid_token", "invalid_token"),
            ("try again\n later ", "try again later"),
            ("eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIxIn0 expired", "… expired"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(said, &url), logged, "{said}");
        }
    }

    #[test]
    fn a_receiver_says_when_to_come_again_in_seconds_or_as_a_date() {
        let now_ns = 1_445_412_480_000_000_000;
        for (text, expected) in [
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(120)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers, now_ns).map(|it| it.as_secs()), expected, "{text}");
        }
    }
}
