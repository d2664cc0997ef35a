//! What is derived from spans depends on the spans alone: not on the order in which they come, not on how often, not on
//! what was derived before. The whole evidence (`explain --format json`) is compared.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use support::{blocks, command, otlp, pointsman, recorded, sql};

const RECORDINGS: [&str; 2] = ["next-16.4", "next-15.5"];

/// All evidence that follows from these files.
fn evidence(db: &Path) -> Value {
    let run = pointsman(db, ["explain", "--format", "json", "--until", "last"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    serde_json::from_str(&run.out).unwrap()
}

fn replayed(folder: &TempDir, name: &str, lines: &[String]) -> std::path::PathBuf {
    let (db, file) = (folder.path().join(format!("{name}.db")), folder.path().join(format!("{name}.jsonl")));
    std::fs::write(&file, lines.join("\n")).unwrap();
    let run = pointsman(&db, [Path::new("replay"), &file]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    db
}

/// Each span as a request of its own, with the resource and scope that it came with.
fn span_by_span(requests: &[String]) -> Vec<String> {
    let mut spans = Vec::new();
    for request in requests {
        let request: Value = serde_json::from_str(request).unwrap();
        for resource in request["resourceSpans"].as_array().unwrap() {
            for scope in resource["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    let scope_spans = json!([{ "scope": scope["scope"], "spans": [span] }]);
                    let alone = json!({ "resource": resource["resource"], "scopeSpans": scope_spans });
                    spans.push(json!({ "resourceSpans": [alone] }).to_string());
                }
            }
        }
    }
    spans
}

/// The same in an order that chance chooses, every fifth of them twice.
fn shuffled(lines: &[String], seed: u64) -> Vec<String> {
    let lot = |place: usize| {
        let number = (place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed;
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number ^ (number >> 27)
    };
    let again = lines.iter().step_by(5);
    let mut all: Vec<(u64, &String)> =
        lines.iter().chain(again).enumerate().map(|(place, line)| (lot(place), line)).collect();
    all.sort();
    all.into_iter().map(|(_, line)| line.clone()).collect()
}

#[test]
fn any_order_of_arrival_gives_the_same_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let requests: Vec<String> = RECORDINGS.iter().flat_map(|name| recorded(name)).collect();
    let in_order = evidence(&replayed(&folder, "in-order", &requests));
    let spans = span_by_span(&requests);
    assert!(spans.len() > 1_500, "{}", spans.len());
    for seed in [1, 2] {
        let name = format!("shuffled-{seed}");
        let db = replayed(&folder, &name, &shuffled(&spans, seed));
        assert_eq!(evidence(&db), in_order, "seed {seed}");
    }
}

#[test]
fn reindex_gives_the_same_evidence_whatever_happened_to_what_was_derived() {
    let folder = tempfile::tempdir().unwrap();
    let requests: Vec<String> = RECORDINGS.iter().flat_map(|name| recorded(name)).collect();
    let db = replayed(&folder, "calls", &requests);
    let before = evidence(&db);
    for harm in [
        "SELECT 1",
        "DELETE FROM calls WHERE start_ns % 2 = 0",
        "UPDATE calls SET caller = 'bot', start_ns = start_ns + 7",
        "UPDATE rollups SET payload = x'02ff'",
        "DELETE FROM rollups",
    ] {
        sql(&db, harm);
        let run = pointsman(&db, ["reindex"]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{harm}");
        assert!(run.out.starts_with("rebuilt "), "{}", run.out);
        assert_eq!(evidence(&db), before, "{harm}");
    }
}

#[test]
fn reindex_takes_out_of_stored_spans_what_is_not_stored_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let (db, file) = (folder.path().join("kept.db"), folder.path().join("kept.jsonl"));
    let mut span = otlp::route_call(1, "/api/cart");
    let note = json!({ "key": "myapp.note", "value": { "stringValue": "call Ada back" } });
    span["attributes"].as_array_mut().unwrap().push(note);
    std::fs::write(&file, otlp::request(&[span]).to_string()).unwrap();
    let kept = command(&db)
        .arg("replay")
        .arg(&file)
        .env("POINTSMAN_OTLP__KEEP_ATTRIBUTES", r#"["myapp.*"]"#)
        .output();
    assert!(kept.unwrap().status.success());
    assert!(stored(&db).contains("call Ada back"));
    let run = pointsman(&db, ["reindex"]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.contains("1 block held data that is no longer stored"), "{}", run.out);
    assert!(stored(&db).contains("/api/cart") && !stored(&db).contains("call Ada back"));
    assert!(pointsman(&db, ["reindex"]).out.contains("0 blocks held data"));
}

/// All stored spans, as text.
fn stored(db: &Path) -> String {
    let inflated = blocks(db).into_iter().map(|block| zstd::decode_all(block.as_slice()).unwrap());
    inflated.map(|block| String::from_utf8_lossy(&block).into_owned()).collect()
}
