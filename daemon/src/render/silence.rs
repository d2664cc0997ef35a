//! Why nothing is seen of an app, as far as this side knows: senders that were turned away at the door, requests without spans, spans
//! without requests, nothing at all. What the app's own log says of the other side is named where it decides.

use pointsman_store::{ArrivalKind, Arrivals};

use super::arrivals;
use super::checkup::{Lines, Remedy};
use crate::config::Config;

/// Senders that the receivers have turned away since the daemon started.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct TurnedAway {
    /// Requests without a valid token.
    tokens: u64,
    /// Handshakes that failed, by the reason that the metric names.
    handshakes: Vec<(String, u64)>,
}

impl TurnedAway {
    /// As the daemon's metrics count them, in Prometheus' text format.
    pub(crate) fn from_metrics(text: &str) -> Self {
        let mut away = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.rsplit_once(' ') else { continue };
            let count = value.parse::<u64>().unwrap_or_default();
            if count == 0 {
                continue;
            }
            if name.starts_with("pointsman_requests_unauthorized_total{") {
                away.tokens += count;
            } else if name.starts_with("pointsman_tls_handshakes_failed_total{") {
                let reason = name.split("reason=\"").nth(1).and_then(|rest| rest.split('"').next());
                let reason = reason.unwrap_or_default();
                match away.handshakes.iter_mut().find(|(known, _)| known == reason) {
                    Some((_, known)) => *known += count,
                    None => away.handshakes.push((reason.to_owned(), count)),
                }
            }
        }
        away
    }

    fn remedies(&self) -> Vec<Remedy> {
        let mut remedies: Vec<Remedy> =
            self.handshakes.iter().filter_map(|(reason, count)| handshake(reason, *count)).collect();
        if self.tokens > 0 {
            let were = if self.tokens == 1 { "request was" } else { "requests were" };
            remedies.push(Remedy {
                text: format!(
                    "{} OTLP {were} refused because the token was missing or wrong. The app has to send one:",
                    self.tokens
                ),
                code: vec![environment("OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN")],
            });
        }
        remedies
    }
}

/// What a failed handshake says of a sender.
fn handshake(reason: &str, count: u64) -> Option<Remedy> {
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let (text, line) = match reason {
        "not_tls" => (
            format!(
                "A sender connected without TLS {times}, and this receiver accepts only TLS. Use an https endpoint:"
            ),
            "OTEL_EXPORTER_OTLP_ENDPOINT=https://HOST:4318",
        ),
        "refused_by_client" => (
            format!(
                "A sender did not trust this daemon's certificate {times}. Give it the authority that signed it:"
            ),
            "NODE_EXTRA_CA_CERTS=/path/to/ca.pem",
        ),
        "no_client_certificate" | "bad_client_certificate" => (
            format!("A sender presented no valid certificate {times}, and this receiver requires one:"),
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=/path/to/client.pem\nOTEL_EXPORTER_OTLP_CLIENT_KEY=/path/to/client-key.pem",
        ),
        "incompatible" => {
            let text =
                format!("A TLS handshake failed {times}: the sender and this receiver share no TLS version.");
            return Some(Remedy { text, code: Vec::new() });
        }
        // Closed without a word: scanners and health checks do that too.
        _ => return None,
    };
    Some(Remedy { text, code: vec![environment(line)] })
}

fn environment(lines: &str) -> Lines {
    Lines { place: "in the app's environment".to_owned(), lines: lines.to_owned() }
}

/// What keeps telemetry away, the surest reason first; `calls` says whether any call has ever come.
pub(crate) fn reasons(
    came: &Arrivals,
    calls: bool,
    away: Option<&TurnedAway>,
    endpoint: Option<&str>,
) -> Vec<Remedy> {
    let mut reasons = away.map(TurnedAway::remedies).unwrap_or_default();
    let only = |text: String| Remedy { text, code: Vec::new() };
    reasons.extend(arrivals::without_spans(came).map(|text| only(format!("{text}."))));
    if calls {
        return reasons;
    }
    if came.of(ArrivalKind::WithSpans) > 0 {
        reasons.push(only(
            "Spans arrive, but none of them is a request. If they come from Next.js, a sampler drops the others (OTEL_TRACES_SAMPLER), or \
             another provider does not export them; `register` of @pointsman/nextjs exports its own spans next to any provider. Right \
             after its start, the package sends facts about the build before the first request."
                .to_owned(),
        ));
    } else if reasons.is_empty() {
        reasons.push(Remedy {
            text: "Nothing has arrived. Check the app's log: at its start, the package logs the address that it sends to. Without that \
                   line, the instrumentation file is not loaded: it is in the wrong folder (if the code is in src/, it belongs there), or \
                   the running app was built before it existed (output: 'standalone' is a copy). `pointsman init` in the app's folder \
                   checks this. If the line shows another address, set:"
                .to_owned(),
            code: endpoint.map(|url| environment(&format!("OTEL_EXPORTER_OTLP_ENDPOINT={url}"))).into_iter().collect(),
        });
    }
    reasons
}

/// Where an app of this machine may send to; `None` where nothing receives.
pub(crate) fn endpoint(config: &Config) -> Option<String> {
    let scheme = if config.otlp.tls_certificate.is_some() { "https" } else { "http" };
    let all = [&config.serve.otlp_http, &config.serve.otlp_grpc];
    all.into_iter().find(|address| *address != "off").map(|address| format!("{scheme}://{address}"))
}

/// For a terminal.
pub(crate) fn text(reasons: &[Remedy]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for Remedy { text: reason, code } in reasons {
        let _ = writeln!(text, "{reason}");
        for Lines { place, lines } in code {
            let _ = writeln!(text, "  {place}:\n    {}", lines.replace('\n', "\n    "));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(metrics: &str, with: u64, calls: bool) -> String {
        let mut came = Arrivals::default();
        came.add(ArrivalKind::WithSpans, with);
        text(&reasons(&came, calls, Some(&TurnedAway::from_metrics(metrics)), Some("http://127.0.0.1:4318")))
    }

    #[test]
    fn senders_that_were_turned_away_are_told_what_they_lack() {
        for (line, part) in [
            (
                "pointsman_requests_unauthorized_total{protocol=\"http\",reason=\"missing\"} 3",
                "Bearer%20TOKEN",
            ),
            (
                "pointsman_tls_handshakes_failed_total{protocol=\"http\",reason=\"not_tls\"} 1",
                "https://HOST:4318",
            ),
            (
                "pointsman_tls_handshakes_failed_total{protocol=\"grpc\",reason=\"refused_by_client\"} 2",
                "NODE_EXTRA_CA_CERTS",
            ),
            (
                "pointsman_tls_handshakes_failed_total{protocol=\"grpc\",reason=\"no_client_certificate\"} 2",
                "CLIENT_CERTIFICATE",
            ),
        ] {
            for calls in [false, true] {
                let said = said(line, 0, calls);
                assert!(said.contains(part), "{said}");
                assert!(!said.contains("Nothing has arrived"), "the reason is known: {said}");
            }
        }
        assert_eq!(
            said("pointsman_tls_handshakes_failed_total{protocol=\"http\",reason=\"closed\"} 9", 5, true),
            ""
        );
        assert_eq!(
            said("pointsman_requests_unauthorized_total{protocol=\"http\",reason=\"missing\"} 0", 5, true),
            ""
        );
    }

    #[test]
    fn silence_names_what_the_other_side_has_to_look_at() {
        let nothing = said("", 0, false);
        for part in ["wrong folder", "standalone", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"] {
            assert!(nothing.contains(part), "{nothing}");
        }
        let spans = said("", 4, false);
        assert!(spans.contains("sampler") && spans.contains("another provider"), "{spans}");
        assert_eq!(said("", 4, true), "");
    }
}
