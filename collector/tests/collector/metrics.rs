//! Every metric is moved by what it claims to count.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pointsman_collector::ingest::{Pipeline, Transport};
use pointsman_store::Store;
use prost::Message;

use crate::connections::knock;
use crate::spans::{NOW, body, child, one, request, route_call, text};
use crate::world::{World, lock};

/// Names of all metrics that are not zero now.
fn moved(world: &World) -> BTreeSet<String> {
    let names = world.registry.gather().into_iter().map(|family| family.name().to_owned());
    names.filter(|name| world.metric(name.trim_start_matches("pointsman_"), "") > 0.0).collect()
}

#[tokio::test]
async fn each_metric_moves() {
    let world = World::with(|settings| {
        settings.max_trace_spans = 3;
        // Each request takes a KiB at least.
        settings.queue_bytes = 4 << 10;
        settings.max_handlers = 0;
    })
    .await;
    let mut seen = BTreeSet::new();

    // An unreadable block, a refused span, an attribute too many, a span too many, a fact too many, a long path.
    let block = pointsman_store::Block::compress(b"this is no OTLP", 1, [], 1).unwrap();
    world.store.append_blocks(&[block]).await.unwrap();
    let mut wide = route_call(1, 1);
    wide.attributes.extend((0..300).map(|n| text(&format!("attribute.{n}"), "x")));
    let mut bad = route_call(1, 2);
    bad.span_id.clear();
    let mut talkative = route_call(7, 7);
    talkative.attributes.extend((0..70).map(|n| text("service.version", &format!("1.{n}"))));
    let path = talkative.attributes.iter_mut().find(|attribute| attribute.key == "url.path").unwrap();
    *path = text("url.path", &"/products".repeat(80));
    let children = (3..=6).map(|span| child(1, span, 1));
    world.send(request([wide, bad, talkative].into_iter().chain(children).collect())).await.unwrap();
    world.calls().await;
    seen.extend(moved(&world));

    // A database that is locked while a request waits, and one that is locked while a block waits to be extracted.
    let path = world.folder.path().join("other.db");
    let other = Store::open(&path).await.unwrap();
    let block = pointsman_store::Block::compress(&one(9).encode_to_vec(), 1, [], 1).unwrap();
    other.append_blocks(&[block]).await.unwrap();
    // Opens its reading connection, which a locked database would keep waiting.
    other.extracted_to().await.unwrap();
    let locks = (lock(&path).await, world.lock().await);
    let _other = Pipeline::start(other, world.settings.clone(), world.metrics.clone()).await.unwrap();
    let intake = world.pipeline.intake();
    let send = |trace| {
        let intake = intake.clone();
        tokio::spawn(async move { intake.accept(body(trace), Transport::Grpc).await })
    };
    let sent: Vec<_> = (20..26).map(send).collect();
    while world.metric("requests_total", "busy") == 0.0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    seen.extend(moved(&world));
    for one in sent {
        one.await.unwrap().unwrap_err();
    }
    while world.metric("extraction_retries_total", "") == 0.0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(locks);

    // A late span of a trace that is idle by now; a signal that is ignored.
    world.now_ns.store(NOW + 60_000_000_000, Ordering::Relaxed);
    world.send(one(5)).await.unwrap();
    world.calls().await;
    world.send(request(vec![child(1, 9, 1)])).await.unwrap();
    world.calls().await;
    let url = world.http().await;
    let logs = crate::http_client().post(format!("{url}/v1/logs")).header("content-type", "application/json");
    assert!(logs.body("{}").send().await.unwrap().status().is_success());
    let _connected = knock(&world).await;
    seen.extend(moved(&world));

    let all: BTreeSet<String> =
        world.registry.gather().into_iter().map(|family| family.name().to_owned()).collect();
    assert_eq!(all.len(), 37);
    let still: Vec<_> = all.difference(&seen).collect();
    // The lag is over before one can look: the backlog's own tests move it. Handlers have to be idle for a day.
    let slow = ["extraction_lag_blocks", "extraction_lag_seconds", "handlers_displaced_total"];
    assert_eq!(still.len(), slow.len(), "{still:?}");
    assert!(still.iter().zip(slow).all(|(still, slow)| still.ends_with(slow)), "{still:?}");
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
