//! The daemon's own traces, received by a second daemon.

use super::Folder;
use super::support::{Daemon, blocks, command, http, otlp, wait_for};

/// What the receiver has stored, as text among bytes.
fn received(folder: &Folder) -> String {
    let inflated = blocks(&folder.db()).into_iter().map(|block| zstd::decode_all(block.as_slice()).unwrap());
    inflated.map(|block| String::from_utf8_lossy(&block).into_owned()).collect()
}

#[test]
fn a_second_daemon_receives_what_the_first_one_does_and_nothing_of_what_it_receives() {
    let (here, there) = (Folder::new(), Folder::new());
    let receiver =
        Daemon::start_in(&there.db(), &[], &[("POINTSMAN_OTLP_TOKENS", "pointsman token-of-own-traces")]);
    let token = here.write("token", "token-of-own-traces\n");
    let endpoint = format!("http://{}", receiver.otlp);
    let arguments = ["--otlp-endpoint", endpoint.as_str()];
    let environment = [
        ("POINTSMAN_TELEMETRY__SERVICE_NAME", "pointsman-here"),
        ("POINTSMAN_TELEMETRY__TOKEN_FILE", &token),
    ];
    let daemon = Daemon::start_in(&here.db(), &arguments, &environment);
    daemon.send(&otlp::request(&[otlp::route_call(1, "/api/private-cart")]));
    assert_eq!(daemon.get("/rules").status, 200);
    assert_eq!(daemon.get("/no-such-page").status, 404);
    for quiet in ["/metrics", "/healthz", "/readyz"] {
        daemon.get(quiet);
    }
    wait_for("the first run", || (daemon.get("/readyz").status == 200).then_some(()));
    // The last ones are sent at the end.
    let log = daemon.terminate_and_log();
    assert!(log.contains("own traces are sent") && !log.contains("token-of-own-traces"), "{log}");
    let text = received(&there);
    for told in ["pointsman-here", "advisor run", "GET /rules", "GET unmatched"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for silent in ["/metrics", "/healthz", "/readyz", "/v1/traces", "private-cart", "no-such-page"] {
        assert!(!text.contains(silent), "{silent}: {text}");
    }
    receiver.terminate_and_log();
}

#[test]
fn a_receiver_that_is_gone_costs_spans_and_nothing_else() {
    let folder = Folder::new();
    // Nobody listens on the discard port.
    let arguments = ["--otlp-endpoint", "http://127.0.0.1:9"];
    let daemon = Daemon::start_in(&folder.db(), &arguments, &[("OTEL_BSP_SCHEDULE_DELAY", "100")]);
    daemon.wait_for_log("own traces are not taken by telemetry.otlp_endpoint");
    let lost = wait_for("lost spans to be counted", || {
        let text = daemon.get("/metrics").body;
        let line =
            text.lines().find_map(|line| line.strip_prefix("pointsman_own_spans_total{outcome=\"lost\"} "));
        line.and_then(|count| count.parse::<f64>().ok()).filter(|count| *count > 0.0)
    });
    assert!(lost >= 1.0);
    assert_eq!(daemon.send(&otlp::request(&[otlp::route_call(1, "/api/cart")])).status, 200);
    let (status, _took) = daemon.terminate();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn the_daemon_itself_is_refused_as_its_receiver() {
    let folder = Folder::new();
    let arguments = ["serve", "--otlp-http", "127.0.0.1:4399", "--otlp-endpoint", "http://localhost:4399"];
    let output = command(&folder.db()).args(arguments).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("telemetry.otlp_endpoint: this daemon itself listens on 127.0.0.1:4399"), "{told}");
    assert!(http("127.0.0.1:4399".parse().unwrap(), "GET", "/", "").is_err());
}
