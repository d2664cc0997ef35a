//! Every metric is moved by what it claims to count.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::spans::{NOW, child, one, request, route_call, text};
use crate::world::World;

/// Names of all metrics that are not zero now.
fn moved(world: &World) -> BTreeSet<String> {
    let names = world.registry.gather().into_iter().map(|family| family.name().to_owned());
    names.filter(|name| world.metric(name.trim_start_matches("pointsman_"), "") > 0.0).collect()
}

#[tokio::test]
async fn each_metric_moves() {
    let world = World::with(|settings| {
        settings.max_trace_spans = 3;
        settings.queue_bytes = 1;
    })
    .await;
    let mut seen = BTreeSet::new();

    // An unreadable block, a refused span, an attribute too many, a span too many.
    let block = pointsman_store::Block::compress(b"this is no OTLP", 1, [], 1).unwrap();
    world.store.append_blocks(&[block]).await.unwrap();
    let mut wide = route_call(1, 1);
    wide.attributes.extend((0..300).map(|n| text(&format!("attribute.{n}"), "x")));
    let mut bad = route_call(1, 2);
    bad.span_id.clear();
    let children = (3..=6).map(|span| child(1, span, 1));
    world.send(request([wide, bad].into_iter().chain(children).collect())).await.unwrap();
    world.calls().await;
    seen.extend(moved(&world));

    // A database that is locked while a request waits: queue, lag, retries, failures.
    let lock = world.lock().await;
    let intake = world.pipeline.intake();
    let sent = tokio::spawn(async move {
        intake.accept(one(2), pointsman_collector::ingest::Transport::Grpc).await
    });
    while world.metric("queue_bytes", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.send(one(3)).await.unwrap_err();
    seen.extend(moved(&world));
    sent.await.unwrap().unwrap_err();
    drop(lock);

    // A committed block whose Calls cannot be stored yet.
    world.send(one(4)).await.unwrap();
    let lock = world.lock().await;
    world.now_ns.store(NOW + 60_000_000_000, Ordering::Relaxed);
    while world.metric("extraction_retries_total", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    seen.extend(moved(&world));
    drop(lock);
    world.calls().await;

    // A late span of a trace that is idle by now; a signal that is ignored.
    world.send(one(5)).await.unwrap();
    world.calls().await;
    world.send(request(vec![child(1, 9, 1)])).await.unwrap();
    world.calls().await;
    let url = world.http().await;
    let logs = reqwest::Client::new().post(format!("{url}/v1/logs")).header("content-type", "application/json");
    assert!(logs.body("{}").send().await.unwrap().status().is_success());
    seen.extend(moved(&world));

    let all: BTreeSet<String> =
        world.registry.gather().into_iter().map(|family| family.name().to_owned()).collect();
    assert_eq!(all.len(), 24);
    let still: Vec<_> = all.difference(&seen).collect();
    assert!(still.is_empty(), "never moved: {still:?}");
    assert!(world.metric("requests_total", "busy") > 0.0);
}

#[test]
fn every_metric_is_of_this_product_and_explains_itself() {
    let registry = prometheus::Registry::new();
    pointsman_collector::metrics::Metrics::register(&registry).unwrap();
    for family in registry.gather() {
        assert!(family.name().starts_with("pointsman_"), "{}", family.name());
        assert!(family.help().ends_with('.'), "{}", family.name());
    }
}
