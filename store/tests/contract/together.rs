//! Several processes on one database: who read later has the last word, and one at a time extracts.

use pointsman_store::{BlockId, DirtyHour, Hour, RollupRecord, RollupRef, Store, StoreError};

use crate::support::{NOW, SERVICE, add_calls, call, trace};
use crate::worlds;

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
    for daemon in worlds().await {
        let report = daemon.another().await;
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
}

#[tokio::test]
async fn an_hour_that_changes_all_the_time_is_counted_all_the_same() {
    for world in worlds().await {
        for change in 1..=3 {
            add_calls(&world.store, vec![call(u64::from(change), "/api/a", NOW)], BlockId(change.into()))
                .await;
            let read = dirty(&world.store).await;
            add_calls(
                &world.store,
                vec![call(100 + u64::from(change), "/api/a", NOW)],
                BlockId(change.into()),
            )
            .await;
            assert!(world.store.replace_rollups(&read, &made_by(change)).await.unwrap());
            assert_eq!(payloads(&world.store).await, [[change]]);
            assert_ne!(world.store.dirty_hours().await.unwrap(), [], "what came meanwhile is not counted");
        }
    }
}

#[tokio::test]
async fn hours_are_counted_again_after_a_reindex_whoever_has_read_them_before() {
    for world in worlds().await {
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
}

#[tokio::test]
async fn one_process_at_a_time_extracts() {
    for world in worlds().await {
        let other = world.another().await;
        let lease = world.store.lease_extraction().await.unwrap().unwrap();
        assert!(other.lease_extraction().await.unwrap().is_none());
        lease.release().await;
        let lease = other.lease_extraction().await.unwrap().unwrap();
        assert!(world.store.lease_extraction().await.unwrap().is_none());
        drop(lease);
        let mut tries = 0..100;
        while world.store.lease_extraction().await.unwrap().is_none() {
            assert!(tries.next().is_some(), "it was dropped");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
}
