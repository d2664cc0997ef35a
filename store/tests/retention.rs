//! Retention on real files: what is too old or too much goes, the oldest first, in small steps; what something still
//! depends on stays; the figures stay right and the file shrinks.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::time::Duration;

use pointsman_store::{BlockId, Hour, Kind, Limit, Limits, MIN_ROLLUP_AGE, Reason, Store, Trimmed};
use support::{DAY, NOW, SERVICE, add_calls, block, call, lines, number, roll_up, trace, world};

async fn trim(store: &Store, limits: Limits) -> Vec<Trimmed> {
    let mut trim = store.trim(limits, NOW).await.unwrap();
    let mut steps = Vec::new();
    while let Some(step) = trim.step().await.unwrap() {
        steps.push(step);
    }
    steps
}

fn days(days: u32) -> Limit {
    Limit { age: Some(Duration::from_secs(24 * 3600) * days), bytes: None }
}

fn bytes(bytes: u64) -> Limit {
    Limit { age: None, bytes: Some(bytes) }
}

/// The figures that are kept, against the rows that are there.
async fn assert_figures(store: &Store) {
    let volumes = store.volumes().await.unwrap();
    let counted = |sql| number(store.location().file().unwrap(), sql);
    assert_eq!(volumes.blocks.rows.cast_signed(), counted("SELECT count(*) FROM blocks").await);
    assert_eq!(
        volumes.blocks.bytes.cast_signed(),
        counted("SELECT coalesce(sum(length(payload) + length(traces) / 8 * 28), 0) FROM blocks").await
    );
    assert_eq!(volumes.calls.rows.cast_signed(), counted("SELECT count(*) FROM calls").await);
    assert_eq!(volumes.rollups.rows.cast_signed(), counted("SELECT count(*) FROM rollups").await);
    assert_eq!(
        volumes.rollups.bytes.cast_signed(),
        counted("SELECT coalesce(sum(length(payload) + 16), 0) FROM rollups").await
    );
}

#[tokio::test]
async fn blocks_go_by_age_and_by_size_but_never_before_their_calls_are_extracted() {
    let world = world().await;
    let store = &world.store;
    let blocks: Vec<_> =
        (0..60).map(|day| block(day, 3, 2_000, NOW - (60 - day) * DAY - Hour::NANOS)).collect();
    let ids = store.append_blocks(&blocks).await.unwrap();
    assert_figures(store).await;
    assert_eq!(store.oldest(Kind::Blocks).await.unwrap(), Some(NOW - 60 * DAY - Hour::NANOS));

    assert_eq!(trim(store, Limits { blocks: days(7), ..Limits::default() }).await, []);
    store.commit_calls(&[], &[], ids[39]).await.unwrap();
    let steps = trim(store, Limits { blocks: days(7), ..Limits::default() }).await;
    assert_eq!(steps.iter().map(|step| step.rows).collect::<Vec<_>>(), [16, 16, 8]);
    assert!(steps.iter().all(|step| step.reason == Reason::Age));
    assert_figures(store).await;

    store.commit_calls(&[], &[], ids[59]).await.unwrap();
    trim(store, Limits { blocks: days(11), ..Limits::default() }).await;
    let left = store.volumes().await.unwrap().blocks;
    assert_eq!(left.rows, 10);
    let half = Limits { blocks: bytes(left.bytes / 2), ..Limits::default() };
    let steps = trim(store, half).await;
    assert_eq!(steps.iter().map(|step| (step.reason, step.rows)).collect::<Vec<_>>(), [(Reason::Size, 5)]);
    assert_eq!(trim(store, half).await, []);
    assert_figures(store).await;
    // What is left is the newest; what is gone is not found by its trace.
    assert!(store.block(ids[54]).await.unwrap().is_none());
    assert!(store.block(ids[55]).await.unwrap().is_some());
}

#[tokio::test]
async fn calls_go_hour_by_hour_and_their_rollups_stay() {
    let world = world().await;
    let store = &world.store;
    let at = |day: u64, index: u64| NOW - day * DAY + index * 1_000_000;
    let of_day = |day: u64| {
        (0..50).map(move |index| {
            call(day * 100 + index, if index % 2 == 0 { "/a" } else { "/b" }, at(day, index))
        })
    };
    add_calls(store, [40, 36, 30, 1].into_iter().flat_map(of_day).collect(), BlockId(1)).await;
    let limits = Limits { calls: days(35), ..Limits::default() };

    // Nothing is rolled up yet: not a Call may go.
    assert_eq!(trim(store, limits).await.iter().map(|step| step.rows).sum::<u64>(), 0);
    assert_eq!(store.volumes().await.unwrap().calls.rows, 200);

    roll_up(store, 100).await;
    let rollups =
        lines(&world.db, "SELECT handler || ' ' || hour || hex(payload) FROM rollups ORDER BY 1").await;
    assert_eq!(trim(store, limits).await.iter().map(|step| step.rows).sum::<u64>(), 100);
    assert_figures(store).await;
    assert_eq!(store.oldest(Kind::Calls).await.unwrap(), Some(at(30, 0)));
    assert_eq!(store.dirty_hours().await.unwrap(), []);
    let kept =
        lines(&world.db, "SELECT handler || ' ' || hour || hex(payload) FROM rollups ORDER BY 1").await;
    assert_eq!(kept, rollups);

    // A Call that comes now into an hour that is gone must not make its Rollup forget the others.
    add_calls(store, vec![call(9_999, "/a", at(40, 7))], BlockId(2)).await;
    assert!(store.dirty_hours().await.unwrap().iter().all(|dirty| dirty.hour != Hour::of(at(40, 0))));
    roll_up(store, 50).await;
    let still =
        lines(&world.db, "SELECT handler || ' ' || hour || hex(payload) FROM rollups ORDER BY 1").await;
    assert_eq!(still, rollups);
    trim(store, limits).await;
    assert_eq!(store.oldest(Kind::Calls).await.unwrap(), Some(at(30, 0)));
    assert_eq!(number(&world.db, "SELECT count(*) FROM dirty_hours").await, 0);
    assert_figures(store).await;
}

#[tokio::test]
async fn calls_go_by_size_the_oldest_first_over_all_handlers_and_the_newest_stay() {
    let world = world().await;
    let store = &world.store;
    let routes = ["/a", "/b", "/c"];
    let calls = (0..9_000_u64).map(|index| {
        let hours_ago = 30 - index / 300;
        call(index, routes[(index % 3) as usize], NOW - hours_ago * Hour::NANOS + index % 300)
    });
    add_calls(store, calls.collect(), BlockId(1)).await;
    roll_up(store, 100).await;
    store.measure_calls().await.unwrap();
    let all = store.volumes().await.unwrap().calls;
    let on_disk =
        number(&world.db, "SELECT sum(pgsize) FROM dbstat WHERE name = 'calls'").await.cast_unsigned();
    assert!(all.bytes > on_disk / 2 && all.bytes < on_disk * 2, "{all:?} of {on_disk}");

    let steps = trim(store, Limits { calls: bytes(all.bytes / 2), ..Limits::default() }).await;
    assert!(steps.len() > 1 && steps.iter().all(|step| step.rows <= 2_000 && step.reason == Reason::Size));
    let left = store.volumes().await.unwrap().calls;
    assert!(left.bytes <= all.bytes / 2 && left.rows >= 4_000, "{left:?}");
    assert_figures(store).await;
    // No handler keeps what is older than what another one has lost, an hour at the edge left aside.
    let spread = number(
        &world.db,
        "SELECT max(oldest) - min(oldest) FROM (SELECT min(start_ns) AS oldest FROM calls GROUP BY handler)",
    )
    .await;
    assert!(spread <= Hour::NANOS.cast_signed(), "{spread}");

    trim(store, Limits { calls: bytes(1), ..Limits::default() }).await;
    assert_eq!(store.volumes().await.unwrap().calls.rows, 600);
}

#[tokio::test]
async fn rollups_go_by_age_and_size_but_never_those_of_the_last_35_days() {
    let world = world().await;
    let store = &world.store;
    let calls = [500_u64, 410, 100, 50, 34, 3].map(|day| call(day, "/a", NOW - day * DAY));
    add_calls(store, calls.to_vec(), BlockId(1)).await;
    roll_up(store, 5_000).await;
    let hours = async || lines(&world.db, "SELECT CAST(hour AS TEXT) FROM rollups ORDER BY hour").await.len();
    assert_eq!(hours().await, 6);
    let steps = trim(store, Limits { rollups: days(400), ..Limits::default() }).await;
    assert_eq!(steps.iter().map(|step| (step.kind, step.rows)).collect::<Vec<_>>(), [(Kind::Rollups, 2)]);
    assert_figures(store).await;
    trim(store, Limits { rollups: bytes(3 * 5_016), ..Limits::default() }).await;
    assert_eq!(hours().await, 3);
    trim(store, Limits { rollups: bytes(1), ..Limits::default() }).await;
    assert_eq!(hours().await, 2);
    // Not even when somebody asks for it.
    trim(store, Limits { rollups: days(1), ..Limits::default() }).await;
    assert_eq!(hours().await, 2);
    let oldest = store.oldest(Kind::Rollups).await.unwrap().unwrap();
    assert!(NOW - oldest < u64::try_from(MIN_ROLLUP_AGE.as_nanos()).unwrap());
    assert_figures(store).await;
}

#[tokio::test]
async fn the_file_gives_space_back_and_what_is_left_is_sound() {
    let world = world().await;
    let store = &world.store;
    for ten in 0..20 {
        let blocks: Vec<_> = (0..10).map(|index| block(ten * 10 + index, 2, 200_000, NOW - DAY)).collect();
        store.append_blocks(&blocks).await.unwrap();
    }
    store.commit_calls(&[], &[], BlockId(200)).await.unwrap();
    let pages = || number(&world.db, "SELECT page_count FROM pragma_page_count");
    let before = pages().await;
    trim(store, Limits { blocks: bytes(2_000_000), ..Limits::default() }).await;
    while store.give_back().await.unwrap() {}
    // What is left of the file is what is kept and a reserve of 8 MiB.
    assert!(pages().await < before / 2, "{before} pages became {}", pages().await);
    assert!(store.space().await.unwrap().free <= 8 << 20);
    assert_eq!(lines(&world.db, "PRAGMA integrity_check").await, ["ok"]);
    let (last, _) = store.blocks_of(&[trace(199 * 100)], BlockId(i64::MAX), usize::MAX).await.unwrap()[0];
    assert_eq!(last, trace(199 * 100));
    assert!(!store.cut_log().await.unwrap() || store.space().await.unwrap().log == 0);
}

#[tokio::test]
async fn an_older_file_gets_its_figures_when_it_is_opened() {
    let world = world().await;
    world.store.append_blocks(&[block(1, 3, 500, NOW), block(2, 3, 500, NOW)]).await.unwrap();
    add_calls(&world.store, vec![call(1, "/a", NOW)], BlockId(2)).await;
    roll_up(&world.store, 100).await;
    world.store.close().await;
    let pool = support::pool(&world.db).await;
    for undo in
        ["DROP TABLE volumes", "DROP TABLE closed_hours", "DELETE FROM _sqlx_migrations WHERE version = 5"]
    {
        sqlx::query(undo).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let store = Store::open(&world.db).await.unwrap();
    assert_figures(&store).await;
    assert_eq!(store.services().await.unwrap(), [SERVICE]);
}
