//! `pointsman forget` on a real file: nothing of the service is left, and nothing of others is missing.

use serde_json::{Value, json};

use super::Folder;
use super::support::{Daemon, Run, blocks, handlers, otlp, pointsman, report, sql};

const GONE: &str = "a-shop-to-forget";

/// One export request with spans of several services, as an OpenTelemetry Collector sends them.
fn together(requests: &[Value]) -> Value {
    let resources = requests.iter().flat_map(|request| request["resourceSpans"].as_array().unwrap().clone());
    json!({ "resourceSpans": resources.collect::<Vec<_>>() })
}

fn of(service: &str, trace: u128, route: &str) -> Value {
    otlp::request_of(service, "16.4.6", &[otlp::route_call(trace, route)])
}

/// A database with two services, some of their spans in one block, and what advice remembers of both.
fn two_services() -> Folder {
    let folder = Folder::new();
    let daemon = Daemon::start(&folder.db(), &[]);
    daemon.send(&of(GONE, 1, "/api/private-route"));
    daemon.send(&together(&[of(GONE, 2, "/api/private-route"), of("blog", 3, "/api/posts")]));
    daemon.send(&of("blog", 4, "/api/posts"));
    daemon.terminate_and_log();
    // Remembers a first look at each.
    report(&folder.db(), &[]);
    folder
}

fn forget(folder: &Folder, arguments: &[&str]) -> Run {
    pointsman(&folder.db(), ["forget", "--service", GONE].iter().chain(arguments))
}

fn routes(report: &Value) -> Vec<&str> {
    handlers(report).iter().map(|handler| handler["route"].as_str().unwrap()).collect()
}

#[test]
fn nothing_of_it_is_left_and_nothing_of_others_is_missing() {
    let folder = two_services();
    let looked = forget(&folder, &[]);
    assert_eq!(looked.code, Some(1), "{looked:?}");
    for told in
        ["1 handlers, 2 calls", "1 blocks of raw spans and its spans in 1 that hold other", "say --yes"]
    {
        assert!(looked.out.contains(told), "{told}: {looked:?}");
    }
    assert_eq!(report(&folder.db(), &[])["services"].as_array().unwrap().len(), 2, "looking drops nothing");

    let dropped = forget(&folder, &["--yes"]);
    assert_eq!((dropped.code, dropped.err.as_str()), (Some(0), ""), "{dropped:?}");
    assert!(dropped.out.contains("dropped for good"), "{dropped:?}");
    let left = report(&folder.db(), &[]);
    assert_eq!((left["service"].as_str(), routes(&left)), (Some("blog"), vec!["/api/posts"]));
    assert_eq!(handlers(&left)[0]["calls"], 2.0);
    // Neither is it in free pages or in a log, nor does it come back.
    for name in ["test.db", "test.db-wal"] {
        let bytes = std::fs::read(folder.path(name)).unwrap_or_default();
        for word in [GONE, "private-route"] {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word} in {name}");
        }
    }
    assert_eq!(pointsman(&folder.db(), ["reindex"]).code, Some(0));
    let left = report(&folder.db(), &[]);
    assert_eq!((routes(&left), &handlers(&left)[0]["calls"]), (vec!["/api/posts"], &json!(2.0)));
    let inflated = blocks(&folder.db()).into_iter().map(|block| zstd::decode_all(block.as_slice()).unwrap());
    let inflated: Vec<String> = inflated.map(|block| String::from_utf8_lossy(&block).into_owned()).collect();
    assert_eq!(inflated.len(), 2);
    assert!(inflated.iter().all(|block| block.contains("blog") && !block.contains(GONE)));
    let trace = pointsman(&folder.db(), ["trace", "00000000000000000000000000000002"]);
    assert_eq!(trace.code, Some(1), "{trace:?}");

    let again = forget(&folder, &["--yes"]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.err.contains("nothing of a-shop-to-forget is in") && again.err.contains("blog"),
        "{again:?}"
    );
    // A daemon goes on with the file.
    let daemon = Daemon::start(&folder.db(), &[]);
    daemon.send(&of(GONE, 5, "/api/new"));
    daemon.terminate_and_log();
    assert_eq!(report(&folder.db(), &["--service", GONE])["handlers"][0]["route"], "/api/new");
}

#[test]
fn only_the_named_environment_goes() {
    let folder = two_services();
    sql(&folder.db(), "UPDATE handlers SET environment = 'staging' WHERE service = 'blog'");
    let wrong = forget(&folder, &["--environment", "staging", "--yes"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("nothing of a-shop-to-forget in staging"), "{wrong:?}");
    let undeclared = forget(&folder, &["--environment", "", "--yes"]);
    assert_eq!(undeclared.code, Some(0), "{undeclared:?}");
    assert!(
        undeclared.out.contains("where no environment is declared: 1 handlers, 2 calls"),
        "{undeclared:?}"
    );
}

#[test]
fn a_running_daemon_is_in_its_way_and_loses_nothing() {
    let folder = two_services();
    let daemon = Daemon::start(&folder.db(), &[]);
    let refused = forget(&folder, &["--yes"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("stop the daemon first") && refused.err.contains("locked"), "{refused:?}");
    assert_eq!(daemon.send(&of(GONE, 6, "/api/private-route")).status, 200);
    daemon.terminate_and_log();
    let kept = report(&folder.db(), &["--service", GONE]);
    assert_eq!(handlers(&kept)[0]["calls"], 3.0);
}
