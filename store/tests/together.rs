//! Two processes on one file: what one has written is seen by the other, and a look waits for nobody.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::time::Duration;

use pointsman_store::{BlockId, DirtyHour, Hour, Store};
use sqlx::{Connection, SqliteConnection};

use support::{NOW, SERVICE, add_calls, call, number, world};

async fn dirty(store: &Store) -> DirtyHour {
    store.dirty_hours().await.unwrap().remove(0)
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
