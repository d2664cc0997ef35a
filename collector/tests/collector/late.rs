//! Traces that come in pieces: whatever the order, the restart or the time between, their Calls are those of
//! the whole.

use std::sync::atomic::Ordering;
use std::time::Duration;

use pointsman_store::Sign;

use crate::spans::{NOW, child, one, request, route_call, text};
use crate::world::{PATIENCE, World};

/// A span that makes its handler one that reads.
fn query(trace: u64, span: u64) -> opentelemetry_proto::tonic::trace::v1::Span {
    let mut query = child(trace, span, 1);
    query.attributes = vec![text("db.system", "postgresql"), text("db.statement", "SELECT 1")];
    query
}

async fn reads(world: &World) -> Vec<bool> {
    world.calls().await.iter().map(|call| call.has(Sign::Reads)).collect()
}

#[tokio::test]
async fn a_trace_split_over_requests_is_one_trace() {
    let world = World::new().await;
    world.send(request(vec![query(1, 2)])).await.unwrap();
    assert_eq!(reads(&world).await, Vec::<bool>::new());
    world.send(one(1)).await.unwrap();
    assert_eq!(reads(&world).await, [true]);
    assert_eq!(world.metric("blocks_read_back_total", ""), 0.0, "it was still in memory");
}

#[tokio::test]
async fn a_late_span_of_a_trace_that_left_memory_replaces_its_calls() {
    let world = World::new().await;
    world.send(one(1)).await.unwrap();
    assert_eq!(reads(&world).await, [false]);
    world.now_ns.store(NOW + 31_000_000_000, Ordering::Relaxed);
    world.send(one(2)).await.unwrap();
    world.calls().await;
    assert_eq!(world.metric("recent_blocks", ""), 1.0, "the first one was idle");
    world.send(request(vec![query(1, 2)])).await.unwrap();
    assert_eq!(reads(&world).await.into_iter().filter(|reads| *reads).count(), 1);
    assert_eq!(world.calls().await.len(), 2);
    assert_eq!(world.metric("blocks_read_back_total", ""), 1.0);
}

#[tokio::test]
async fn a_trace_split_over_a_restart_is_one_trace() {
    let world = World::new().await;
    world.send(one(1)).await.unwrap();
    assert_eq!(reads(&world).await, [false]);
    let world = world.crash_and_restart().await;
    world.send(request(vec![query(1, 2)])).await.unwrap();
    assert_eq!(reads(&world).await, [true]);
}

/// Without its earlier blocks the Calls that the trace had given would stay beside the new ones.
#[tokio::test]
async fn earlier_blocks_that_cannot_be_looked_up_are_waited_for() {
    let world = World::with(|settings| settings.recent_bytes = 0).await;
    world.send(one(1)).await.unwrap();
    assert_eq!(reads(&world).await, [false]);

    let mut damaged = world.connect().await;
    sqlx::query("ALTER TABLE block_traces RENAME TO away").execute(&mut damaged).await.unwrap();
    sqlx::query("ALTER TABLE runs RENAME TO runs_away").execute(&mut damaged).await.unwrap();
    world.send(request(vec![query(1, 2)])).await.unwrap();
    let waits = tokio::time::timeout(PATIENCE, async {
        while world.metric("extraction_retries_total", "") < 3.0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waits.await.unwrap();

    sqlx::query("ALTER TABLE runs_away RENAME TO runs").execute(&mut damaged).await.unwrap();
    sqlx::query("ALTER TABLE away RENAME TO block_traces").execute(&mut damaged).await.unwrap();
    assert_eq!(reads(&world).await, [true], "one call, made of all its spans");
}

#[tokio::test]
async fn a_trace_without_room_in_memory_is_read_back() {
    let world = World::with(|settings| settings.recent_bytes = 0).await;
    world.send(one(1)).await.unwrap();
    world.calls().await;
    world.send(request(vec![query(1, 2)])).await.unwrap();
    assert_eq!(reads(&world).await, [true]);
    assert_eq!(world.metric("recent_blocks", ""), 0.0);
    assert_eq!(world.metric("blocks_read_back_total", ""), 1.0);
}

#[tokio::test]
async fn two_traces_with_the_same_prefix_stay_two() {
    let world = World::with(|settings| settings.recent_bytes = 0).await;
    let mut twin = route_call(1, 7);
    (twin.trace_id[7], twin.trace_id[15]) = (twin.trace_id[7] ^ 9, twin.trace_id[15] ^ 9);
    world.send(one(1)).await.unwrap();
    world.calls().await;
    world.send(request(vec![twin])).await.unwrap();
    assert_eq!(world.calls().await.len(), 2);
    world.send(request(vec![query(1, 2)])).await.unwrap();
    let mut reads = reads(&world).await;
    reads.sort_unstable();
    assert_eq!(reads, [false, true]);
}

#[tokio::test]
async fn a_trace_of_too_many_spans_is_bounded_and_counted() {
    let world = World::with(|settings| settings.max_trace_spans = 10).await;
    let spans = std::iter::once(route_call(1, 1)).chain((2..=30).map(|span| child(1, span, 1)));
    world.send(request(spans.collect())).await.unwrap();
    world.send(request((31..=50).map(|span| child(1, span, 1)).collect())).await.unwrap();
    assert_eq!(world.calls().await.len(), 1);
    assert_eq!(world.metric("extraction_spans_left_out_total", ""), 40.0);
}

#[tokio::test]
async fn a_late_trace_of_too_many_blocks_is_bounded_and_counted() {
    let world = World::with(|settings| {
        settings.recent_bytes = 0;
        settings.max_reloaded_blocks = 2;
    })
    .await;
    for span in 1..=5 {
        world.send(request(vec![route_call(1, span)])).await.unwrap();
        world.calls().await;
    }
    assert_eq!(world.calls().await.len(), 5, "those of the blocks that were not read back stay");
    // Twice: how many more there are is not looked up.
    assert_eq!(world.metric("extraction_skipped_total", "earlier_block"), 2.0);
}

#[tokio::test]
async fn a_trace_that_grows_for_hours_costs_what_is_new() {
    // Up to 64 of its calls are written again with each part.
    const SHORT: u64 = 70;
    const REQUESTS: u64 = 150;
    let world = World::with(|settings| settings.recent_bytes = 0).await;
    let mut written = 0.0;
    for span in 1..=REQUESTS {
        world.send(request(vec![route_call(1, span)])).await.unwrap();
        world.pipeline.settled().await;
        if span == SHORT {
            written = world.metric("calls_extracted_total", "");
        }
    }
    assert_eq!(world.calls().await.len() as u64, REQUESTS);
    let grown = world.metric("calls_extracted_total", "") - written;
    assert_eq!(grown, (REQUESTS - SHORT) as f64, "each is written once");
    let limit = world.settings.max_reloaded_blocks as u64;
    assert!(limit < REQUESTS, "all earlier blocks would be within the limit");
    let most: u64 = (0..REQUESTS).map(|earlier| earlier.min(limit)).sum();
    assert!(world.metric("blocks_read_back_total", "") <= most as f64);
}
