//! What was acknowledged is on disk and counts once, whatever happens to the process.

use std::time::Duration;

use pointsman_collector::ingest::{Pipeline, Refused, Rejected, Transport};
use pointsman_collector::metrics::Metrics;
use pointsman_store::{BlockId, HandlerKind, Store};
use prometheus::Registry;

use crate::spans::{body, child, one, request, route_call, text};
use crate::world::{PATIENCE, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_found_after_a_crash_and_extracted_from_the_watermark_on() {
    let world = World::new().await;
    for trace in 1..=20 {
        world.send(one(trace)).await.unwrap();
    }
    // No waiting for extraction: however far it came, the next process goes on from there.
    let world = world.crash_and_restart().await;
    assert_eq!(world.blocks().await, 20);
    assert_eq!(world.calls().await.len(), 20);
    assert_eq!(world.store.extracted_to().await.unwrap(), BlockId(20));
    let world = world.crash_and_restart().await;
    assert_eq!(world.calls().await.len(), 20);
}

#[tokio::test]
async fn blocks_that_no_process_extracted_are_extracted_at_the_start() {
    let world = World::new().await;
    world.send(one(1)).await.unwrap();
    world.calls().await;
    // Blocks appear behind the pipeline's back, as after a crash between the two commits.
    let otlp = prost::Message::encode_to_vec(&one(2));
    let trace = pointsman_store::TraceId::from_wire(&route_call(2, 1).trace_id);
    let block = pointsman_store::Block::compress(&otlp, 1, trace, 1).unwrap();
    world.store.append_blocks(&[block]).await.unwrap();
    let world = world.crash_and_restart().await;
    assert_eq!(world.calls().await.len(), 2);
    assert_eq!(world.metric("extraction_lag_blocks", ""), 0.0);
}

#[tokio::test]
async fn a_span_sent_twice_counts_once_also_across_a_restart() {
    let world = World::new().await;
    for _ in 0..3 {
        world.send(one(1)).await.unwrap();
    }
    assert_eq!(world.calls().await.len(), 1);
    let world = world.crash_and_restart().await;
    world.send(one(1)).await.unwrap();
    world.send(request(vec![route_call(1, 1), route_call(1, 1), child(1, 2, 1)])).await.unwrap();
    assert_eq!(world.calls().await.len(), 1);
    assert_eq!(world.blocks().await, 5);
}

#[tokio::test]
async fn an_unreadable_block_is_skipped_and_counted() {
    let world = World::new().await;
    let block = pointsman_store::Block::compress(b"this is no OTLP", 1, [], 1).unwrap();
    world.store.append_blocks(&[block]).await.unwrap();
    let world = world.crash_and_restart().await;
    world.send(one(1)).await.unwrap();
    assert_eq!(world.calls().await.len(), 1);
    assert_eq!(world.metric("extraction_skipped_total", "block"), 1.0);
}

#[tokio::test]
async fn stopping_commits_and_extracts_what_was_taken_in() {
    let world = World::new().await;
    let intake = world.pipeline.intake();
    let sends: Vec<_> = (1..=50).map(|trace| world.send(one(trace))).collect();
    for send in sends {
        send.await.unwrap();
    }
    let World { folder, store, pipeline, .. } = world;
    pipeline.stop(PATIENCE).await.unwrap();
    let late = intake.accept(body(99), Transport::Grpc).await;
    assert!(matches!(late, Err(Rejected::Later(Refused::Stopping { .. }))), "{late:?}");
    store.close().await;
    let store = Store::open(&folder.path().join("pointsman.db")).await.unwrap();
    assert_eq!(store.calls("shop", 0, u64::MAX >> 1).await.unwrap().len(), 50);
}

#[tokio::test]
async fn stopping_gives_up_at_the_deadline() {
    let world = World::new().await;
    let lock = world.lock().await;
    let intake = world.pipeline.intake();
    let send = tokio::spawn(async move { intake.accept(body(1), Transport::Grpc).await });
    while world.metric("queue_bytes", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let unfinished = world.pipeline.stop(Duration::from_millis(100)).await.unwrap_err();
    assert!(unfinished.to_string().contains("the next start goes on"), "{unfinished}");
    assert!(
        matches!(send.await.unwrap(), Err(Rejected::Later(Refused::Stopping { .. }))),
        "never acknowledged"
    );
    drop(lock);
}

#[tokio::test]
async fn a_database_locked_for_long_is_told_as_unavailable_and_recovers() {
    let world = World::new().await;
    let lock = world.lock().await;
    let refused = world.send(one(1)).await.unwrap_err();
    assert!(
        matches!(&refused, Rejected::Later(Refused::Unavailable { reason, .. }) if reason.contains("locked")),
        "{refused}"
    );
    drop(lock);
    world.send(one(1)).await.unwrap();
    assert_eq!(world.calls().await.len(), 1);
    assert_eq!(world.metric("commit_failures_total", ""), 1.0);
}

#[tokio::test]
async fn extraction_that_lags_beyond_its_memory_goes_on_from_disk() {
    let world = World::with(|settings| {
        settings.backlog_bytes = 0;
        settings.batch_spans = 4;
    })
    .await;
    for trace in 1..=30 {
        world.send(one(trace)).await.unwrap();
    }
    assert_eq!(world.calls().await.len(), 30);
}

#[tokio::test]
async fn two_processes_on_one_file_extract_each_other_s_blocks() {
    let world = World::new().await;
    let metrics = Metrics::register(&Registry::new()).unwrap();
    let store = Store::open(world.store.location()).await.unwrap();
    let other = Pipeline::start(store, world.settings.clone(), metrics).await.unwrap();
    for trace in 1..=10 {
        world.send(one(2 * trace)).await.unwrap();
        other.intake().accept(body(2 * trace + 1), Transport::Grpc).await.unwrap();
    }
    other.settled().await;
    assert_eq!(world.calls().await.len(), 20);
}

#[tokio::test]
async fn handlers_beyond_the_limit_count_together() {
    let world = World::with(|settings| settings.max_handlers = 2).await;
    for number in 1..=5 {
        let mut call = route_call(number, 1);
        call.attributes.retain(|attribute| attribute.key != "http.route");
        call.attributes.push(text("http.route", &format!("/api/{number}")));
        world.send(request(vec![call])).await.unwrap();
    }
    let calls = world.calls().await;
    let other = calls.iter().filter(|call| call.handler.kind == HandlerKind::Other).count();
    assert_eq!((calls.len(), other), (5, 3));
    assert_eq!(world.store.handlers("shop").await.unwrap().len(), 3);
}
