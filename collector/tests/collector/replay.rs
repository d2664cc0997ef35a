//! Recorded files through the same pipeline.

use std::io::{Cursor, Write};

use pointsman_collector::admit::Reason;
use pointsman_collector::replay::{Recording, ReplayError, Summary, replay};
use prost::Message;

use crate::spans::{one, request, route_call};
use crate::world::{World, fixture, recorded};

const LIMIT: u64 = 64 << 20;

async fn replay_bytes(world: &World, bytes: Vec<u8>) -> Result<Summary, ReplayError> {
    let recording = Recording::Reader("-".into(), Box::new(Cursor::new(bytes)));
    replay(&world.pipeline, recording, LIMIT, &mut |_, _| {}).await
}

#[tokio::test]
async fn a_file_replayed_twice_changes_no_count() {
    let world = World::new().await;
    let file = || Recording::File(fixture("next-15.5"));
    let first = replay(&world.pipeline, file(), LIMIT, &mut |_, _| {}).await.unwrap();
    let calls = world.calls().await;
    assert_eq!(first.calls, calls.len() as u64);
    assert!(first.requests > 0 && first.calls > 100, "{first:?}");
    let second = replay(&world.pipeline, file(), LIMIT, &mut |_, _| {}).await.unwrap();
    assert_eq!(second, first);
    assert_eq!(world.calls().await, calls);
}

#[tokio::test]
async fn every_layout_and_compression_gives_the_same() {
    let plain = recorded("next-14.2");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let mut frames = Vec::new();
    for line in plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let otlp = pointsman_collector::wire::json_to_protobuf(line).unwrap();
        frames.extend(u32::try_from(otlp.len()).unwrap().to_be_bytes());
        frames.extend(otlp);
    }
    let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
    let mut found = Vec::new();
    for form in [plain, gzip.finish().unwrap(), zstd, frames] {
        let world = World::new().await;
        let summary = replay_bytes(&world, form).await.unwrap();
        found.push((summary, world.calls().await));
    }
    assert!(found.windows(2).all(|two| two[0] == two[1]));
}

#[tokio::test]
async fn broken_lines_are_named_and_the_good_part_is_kept() {
    let world = World::new().await;
    let mut file = recorded("next-16.4-plain");
    let whole = replay_bytes(&World::new().await, file.clone()).await.unwrap();
    file.extend(b"{\"resourceSpans\": [{\"scope");
    let summary = replay_bytes(&world, file).await.unwrap();
    assert_eq!((summary.spans, summary.calls), (whole.spans, whole.calls));
    let faults: Vec<_> = summary.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("-, line "), "{faults:?}");
}

#[tokio::test]
async fn a_compressed_file_that_was_cut_off_gives_what_it_holds() {
    let world = World::new().await;
    let lines = recorded("next-16.4");
    let zstd = zstd::encode_all(lines.as_slice(), 1).unwrap();
    let summary = replay_bytes(&world, zstd[..zstd.len() / 2].to_vec()).await.unwrap();
    assert!(summary.requests > 0 && summary.calls > 0, "{summary:?}");
    let last = summary.faults.last().unwrap().to_string();
    assert!(last.contains("the compressed stream breaks off"), "{last}");
}

#[tokio::test]
async fn where_nothing_can_be_read_the_reason_is_told() {
    let world = World::new().await;
    let says = async |bytes: &[u8]| replay_bytes(&world, bytes.to_vec()).await.unwrap_err().to_string();
    assert_eq!(says(b"").await, "nothing in - can be read as OTLP: it is empty");
    assert!(says(b"hello\n").await.starts_with("nothing in - can be read as OTLP: line 1"));
    assert!(says(b"\x1f\x8bgarbage").await.starts_with("cannot read -: "));
    let missing = replay(&world.pipeline, Recording::File("/no/such/file".into()), LIMIT, &mut |_, _| {})
        .await
        .unwrap_err();
    assert!(missing.to_string().starts_with("cannot read /no/such/file: No such file"), "{missing}");
    let large = Recording::File(fixture("next-16.4"));
    let large = replay(&world.pipeline, large, 1000, &mut |_, _| {}).await.unwrap_err().to_string();
    assert!(large.contains("larger than 1000 bytes"), "{large}");
}

#[tokio::test]
async fn refused_spans_are_told_by_reason_and_recorded_times_kept() {
    let world = World::new().await;
    let mut bad = route_call(1, 2);
    bad.trace_id.clear();
    let good = route_call(1, 1);
    let summary = replay_bytes(&world, request(vec![good.clone(), bad]).encode_to_vec()).await.unwrap();
    assert_eq!((summary.spans, summary.calls), (1, 1));
    assert_eq!(summary.refused.into_iter().collect::<Vec<_>>(), [(Reason::TraceId, 1)]);
    assert_eq!(world.calls().await[0].start_ns, good.start_time_unix_nano);
}

#[tokio::test]
async fn a_queue_smaller_than_the_file_is_waited_for() {
    let world = World::with(|settings| settings.queue_bytes = 2_000).await;
    let mut frames = Vec::new();
    for trace in 1..=100 {
        let otlp = one(trace).encode_to_vec();
        frames.extend(u32::try_from(otlp.len()).unwrap().to_be_bytes());
        frames.extend(otlp);
    }
    let summary = replay_bytes(&world, frames).await.unwrap();
    assert_eq!((summary.requests, summary.calls), (100, 100));
    assert_eq!(world.metric("requests_total", "busy"), 0.0);
}
