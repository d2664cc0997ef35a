//! Two processes on one file: who read later has the last word, one extracts, and a look waits for nobody.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::time::Duration;

use pointsman_store::{BlockId, DirtyHour, Hour, RollupRecord, RollupRef, Store, StoreError};
use sqlx::{Connection, SqliteConnection};

use support::{NOW, SERVICE, add_calls, call, number, trace, world};

/// Rollups whose payload tells who made them.
fn made_by(maker: u8) -> [RollupRecord; 1] {
    let handler = call(1, "/api/a", NOW).handler.fingerprint();
    [RollupRecord { handler, hour: Hour::of(NOW), payload: vec![maker] }]
}

async fn payloads(store: &Store) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    let keep = |found: RollupRef<'_>| -> Result<(), StoreError> {
        kept.push(found.payload.to_vec());
        Ok(())
    };
    store.for_each_rollup(SERVICE, Hour(0), Hour(u32::MAX), keep).await.unwrap();
    kept
}

async fn dirty(store: &Store) -> DirtyHour {
    store.dirty_hours().await.unwrap().remove(0)
}

#[tokio::test]
async fn rollups_that_were_read_earlier_never_replace_those_that_were_read_later() {
    let daemon = world().await;
    let report = Store::open(&daemon.db).await.unwrap();
    add_calls(&daemon.store, vec![call(1, "/api/a", NOW)], BlockId(1)).await;
    let early = dirty(&report).await;
    add_calls(&daemon.store, vec![call(2, "/api/a", NOW)], BlockId(2)).await;
    let late = dirty(&daemon.store).await;
    let twin = dirty(&daemon.store).await;
    assert!(daemon.store.replace_rollups(&late, &made_by(2)).await.unwrap());
    assert_eq!(daemon.store.dirty_hours().await.unwrap(), []);
    assert!(!report.replace_rollups(&early, &made_by(1)).await.unwrap());
    assert!(!report.replace_rollups(&twin, &made_by(3)).await.unwrap());
    assert_eq!(payloads(&report).await, [[2]]);

    // Neither when the hour has become dirty again meanwhile, with the same watermark as before.
    add_calls(&daemon.store, vec![call(3, "/api/a", NOW)], BlockId(2)).await;
    assert!(!report.replace_rollups(&early, &made_by(1)).await.unwrap());
    assert!(!report.replace_rollups(&late, &made_by(1)).await.unwrap());
    assert_eq!(payloads(&report).await, [[2]]);
    assert!(report.replace_rollups(&dirty(&report).await, &made_by(4)).await.unwrap());
    assert_eq!((payloads(&report).await, report.dirty_hours().await.unwrap().len()), (vec![vec![4]], 0));
}

#[tokio::test]
async fn an_hour_that_changes_all_the_time_is_counted_all_the_same() {
    let world = world().await;
    for change in 1..=3 {
        add_calls(&world.store, vec![call(u64::from(change), "/api/a", NOW)], BlockId(change.into())).await;
        let read = dirty(&world.store).await;
        add_calls(&world.store, vec![call(100 + u64::from(change), "/api/a", NOW)], BlockId(change.into()))
            .await;
        assert!(world.store.replace_rollups(&read, &made_by(change)).await.unwrap());
        assert_eq!(payloads(&world.store).await, [[change]]);
        assert_ne!(world.store.dirty_hours().await.unwrap(), [], "what came meanwhile is not counted");
    }
}

#[tokio::test]
async fn hours_are_counted_again_after_a_reindex_whoever_has_read_them_before() {
    let world = world().await;
    add_calls(&world.store, vec![call(1, "/api/a", NOW)], BlockId(1)).await;
    let early = dirty(&world.store).await;
    assert!(world.store.replace_rollups(&early, &made_by(1)).await.unwrap());
    let mut reindex = world.store.reindex().await.unwrap();
    reindex.note(&[trace(1)]).await.unwrap();
    reindex.finish().await.unwrap();
    assert!(!world.store.replace_rollups(&early, &made_by(9)).await.unwrap());
    assert!(world.store.replace_rollups(&dirty(&world.store).await, &[]).await.unwrap());
    assert_eq!(payloads(&world.store).await, Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn one_process_at_a_time_extracts() {
    let world = world().await;
    let other = Store::open(&world.db).await.unwrap();
    let lease = world.store.lease_extraction().unwrap().unwrap();
    assert!(other.lease_extraction().unwrap().is_none());
    drop(lease);
    assert!(other.lease_extraction().unwrap().is_some());
    assert!(world.store.lease_extraction().unwrap().is_some(), "it was dropped at once");
}

#[tokio::test]
async fn what_others_write_is_seen_without_reading_the_database() {
    let world = world().await;
    let other = Store::open(&world.db).await.unwrap();
    let mut mark = pointsman_store::LogMark::default();
    assert!(other.has_changed(&mut mark), "the first look");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!other.has_changed(&mut mark));
    let ids = world.store.append_blocks(&[support::block(1, 1, 10, NOW)]).await.unwrap();
    assert!(other.has_changed(&mut mark));
    assert!(other.has_changed(&mut mark), "somebody may have written again in the same moment");
    assert_eq!(other.newest_block().await.unwrap(), ids[0]);
}

#[tokio::test]
async fn a_look_waits_for_nobody_who_writes() {
    let world = world().await;
    add_calls(&world.store, vec![call(1, "/api/a", NOW)], BlockId(1)).await;
    let mut writes = SqliteConnection::connect(&format!("sqlite://{}", world.db.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writes).await.unwrap();
    for look in [Store::open(&world.db).await.unwrap(), Store::open_to_look(&world.db).await.unwrap()] {
        assert_eq!(look.calls(SERVICE, 0, u64::MAX >> 1).await.unwrap().len(), 1);
        // Nor does it wait at its end; a statement that waits does so for ten seconds.
        tokio::time::timeout(Duration::from_secs(8), look.close()).await.unwrap();
    }
    let look = Store::open_to_look(&world.db).await.unwrap();
    let refused = look.replace_rollups(&dirty(&look).await, &[]).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    sqlx::query("ROLLBACK").execute(&mut writes).await.unwrap();
    assert_eq!(number(&world.db, "PRAGMA auto_vacuum").await, 2, "a new file can shrink");
    assert_eq!(dirty(&look).await.hour, Hour::of(NOW));
}
