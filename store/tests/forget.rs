//! Forgetting a service in real files: what goes, what stays, and that the figures stay right.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::sync::Arc;

use pointsman_store::{AppFact, BlockId, Call, Dropped, Forgetting, Handler, Store};
use support::{NOW, SERVICE, add_calls, block, call, lines, number, roll_up, world};

fn of(service: &str, environment: Option<&str>, number: u64) -> Call {
    let call = call(number, "/api/cart", NOW);
    let handler = Handler {
        service: service.to_owned(),
        environment: environment.map(str::to_owned),
        ..Handler::clone(&call.handler)
    };
    Call { handler: Arc::new(handler), ..call }
}

fn fact(service: &str, environment: Option<&str>) -> AppFact {
    AppFact {
        service: service.to_owned(),
        environment: environment.map(str::to_owned),
        build: None,
        name: "version".to_owned(),
        value: "16".to_owned(),
        first_seen_ns: NOW,
        last_seen_ns: NOW,
    }
}

#[tokio::test]
async fn one_environment_of_one_service_goes_and_the_figures_stay_right() {
    let world = world().await;
    let store = &world.store;
    let ids = store
        .append_blocks(&[block(1, 2, 500, NOW), block(2, 2, 500, NOW), block(3, 2, 500, NOW)])
        .await
        .unwrap();
    let calls = vec![
        of(SERVICE, Some("production"), 1),
        of(SERVICE, Some("production"), 2),
        of(SERVICE, None, 3),
        of("blog", Some("production"), 4),
    ];
    add_calls(store, calls, ids[2]).await;
    let facts = [fact(SERVICE, Some("production")), fact(SERVICE, None), fact("blog", Some("production"))];
    store.commit_calls(&[], &facts, ids[2]).await.unwrap();
    roll_up(store, 100).await;
    store.close().await;

    let mut forgetting = Forgetting::begin(&world.db, SERVICE, Some("production")).await.unwrap();
    let expected = Dropped { handlers: 1, calls: 2, rollups: 1, facts: 1, advice: 0, reports: 0 };
    assert_eq!(forgetting.count().await.unwrap(), expected);
    let read = forgetting.blocks_after(BlockId(0), 2, usize::MAX).await.unwrap();
    assert_eq!(read.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids[..2]);
    forgetting.leave(&[(ids[0], None), (ids[1], Some(block(9, 1, 50, 0)))]).await.unwrap();
    forgetting.drop_rows().await.unwrap();
    assert_eq!(forgetting.count().await.unwrap(), Dropped::default());
    forgetting.write_anew().await.unwrap();
    forgetting.end().await.unwrap();

    let db = &world.db;
    let left = "SELECT service || ' ' || coalesce(environment, '-') FROM handlers ORDER BY 1";
    assert_eq!(lines(db, left).await, ["blog production", "shop -"]);
    assert_eq!(number(db, "SELECT count(*) FROM calls").await, 2);
    assert_eq!(
        lines(db, "SELECT service || environment FROM app_facts ORDER BY 1").await,
        ["blogproduction", "shop"]
    );
    // It can shrink as before.
    assert_eq!(number(db, "PRAGMA auto_vacuum").await, 2);
    let store = Store::open(db).await.unwrap();
    let volumes = store.volumes().await.unwrap();
    assert_eq!((volumes.blocks.rows, volumes.calls.rows, volumes.rollups.rows), (2, 2, 2));
    let bytes = number(db, "SELECT sum(length(payload) + length(traces) / 8 * 28) FROM blocks").await;
    assert_eq!(volumes.blocks.bytes.cast_signed(), bytes);
    let bytes = number(db, "SELECT sum(length(payload) + 16) FROM rollups").await;
    assert_eq!(volumes.rollups.bytes.cast_signed(), bytes);
    assert_eq!(store.block(ids[0]).await.unwrap(), None);
    assert_eq!(number(db, "SELECT received_ns FROM blocks WHERE id = 2").await, NOW.cast_signed());
}

#[tokio::test]
async fn a_file_that_is_open_elsewhere_is_refused() {
    let world = world().await;
    let refused = Forgetting::begin(&world.db, SERVICE, None).await.unwrap_err().to_string();
    assert!(refused.contains("locked") && refused.contains("close that one first"), "{refused}");
    world.store.close().await;
    let forgetting = Forgetting::begin(&world.db, SERVICE, None).await.unwrap();
    // And nobody comes in meanwhile.
    let opened = tokio::time::timeout(std::time::Duration::from_secs(2), Store::open(&world.db)).await;
    assert!(!matches!(opened, Ok(Ok(_))));
    forgetting.end().await.unwrap();
    Store::open(&world.db).await.unwrap();
}
