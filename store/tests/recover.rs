//! Files that are really damaged: whatever is overwritten, what is saved is as it was, and everything that stood on sound
//! pages is saved. Copies are made while others write.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use pointsman_store::{
    ArrivalKind, Arrivals, BlockId, Hour, Recovered, Soundness, Store, StoreError, back_up, recover,
};
use support::{
    NOW, World, add_calls, block, call, lines, number, publish, remember_advice, roll_up, trace, traces_in,
    world,
};

const PAGE: usize = 8_192;
const CALLS: u64 = 3_000;
const BLOCKS: u64 = 120;

/// A closed file with everything in it; blocks and Rollups are long enough for overflow pages.
async fn full() -> World {
    let world = world().await;
    for ten in 0..BLOCKS / 10 {
        let blocks: Vec<_> = (0..10)
            .map(|index| block(ten * 10 + index, 5, 500 * ((ten * 10 + index) as usize), NOW))
            .collect();
        world.store.append_blocks(&blocks).await.unwrap();
    }
    let routes = ["/a", "/b", "/c", "/d"];
    let calls = (0..CALLS)
        .map(|index| call(index, routes[(index % 4) as usize], NOW - index / 100 * Hour::NANOS + index));
    add_calls(&world.store, calls.collect(), BlockId(BLOCKS.cast_signed())).await;
    roll_up(&world.store, 20_000).await;
    remember_advice(&world.store, 300).await;
    publish(&world.store, 60).await;
    let mut arrivals = Arrivals::default();
    for (kind, requests) in ArrivalKind::ALL.into_iter().zip([9_000, 7, 3]) {
        arrivals.add(kind, requests);
    }
    world.store.add_arrivals(&arrivals).await.unwrap();
    world.store.close().await;
    world
}

const CONTENTS: [(&str, &str); 13] = [
    (
        "blocks",
        "SELECT id || ' ' || received_ns || spans || inflated_bytes || hex(traces) || hex(payload) FROM blocks",
    ),
    ("handlers", "SELECT fingerprint || service || kind || route || method FROM handlers"),
    (
        "calls",
        "SELECT handler || ' ' || start_ns || hex(trace) || hex(span) || duration_ns || path || media_type || signs FROM calls",
    ),
    ("rollups", "SELECT handler || ' ' || hour || hex(payload) FROM rollups"),
    ("advice_revisions", "SELECT service || ' ' || environment || ' ' || revision FROM advice_revisions"),
    ("advice_runs", "SELECT service || environment || ' ' || at_ns || ' ' || handlers FROM advice_runs"),
    (
        "standing_verdicts",
        "SELECT handler || service || verdict || since_ns || ' ' || seen_ns || provisional || flips || \
         ifnull(candidate || candidate_runs, 'none') FROM standing_verdicts",
    ),
    (
        "recommendations",
        "SELECT handler || verdict || state || ifnull(until_ns, 'none') || promise || ifnull(successor, 'none') || \
         ifnull(change, 'none') FROM recommendations",
    ),
    ("changes", "SELECT id || ' ' || service || environment || outline FROM changes"),
    (
        "recommendation_changes",
        "SELECT handler || verdict || number || ' ' || at_ns || ifnull(before, 'none') || after || who || reason \
         FROM recommendation_changes",
    ),
    (
        "published_reports",
        "SELECT service || environment || ' ' || at_ns || ' ' || made_ns || reason || inflated_bytes || hex(payload) \
         FROM published_reports",
    ),
    (
        "report_deliveries",
        "SELECT service || environment || ' ' || at_ns || target || state || attempts || ' ' || next_try_ns \
         FROM report_deliveries",
    ),
    ("arrivals", "SELECT kind || ' ' || requests FROM arrivals"),
];

async fn contents(db: &Path) -> Vec<BTreeSet<String>> {
    let mut all = Vec::new();
    for (_, sql) in CONTENTS {
        all.push(lines(db, sql).await.into_iter().collect());
    }
    all
}

struct Saved {
    recovered: Recovered,
    kept: Vec<BTreeSet<String>>,
}

/// Recovers a file; what is saved must be sound, must be a part of the original, and must open.
async fn recovered(damaged: &Path, original: &[BTreeSet<String>]) -> Saved {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("saved.db");
    let before = std::fs::read(damaged).unwrap();
    let recovered = recover(damaged, &out, &traces_in, &mut |_, _| {}).await.unwrap();
    assert!(std::fs::read(damaged).unwrap() == before, "the damaged file was changed");
    assert_eq!(lines(&out, "PRAGMA integrity_check").await, ["ok"]);
    let kept = contents(&out).await;
    for ((kept, original), (table, _)) in kept.iter().zip(original).zip(CONTENTS) {
        assert!(kept.is_subset(original), "{table} has rows that never were");
    }
    let store = Store::open(&out).await.unwrap();
    for number in 0..BLOCKS {
        let id = BlockId(number.cast_signed() + 1);
        let saved = store.block(id).await.unwrap().map(|_| (trace(number * 100 + 3), id));
        let found = store.blocks_of(&[trace(number * 100 + 3)], BlockId(i64::MAX), usize::MAX).await.unwrap();
        assert_eq!(found, Vec::from_iter(saved), "the index of the saved blocks");
    }
    assert_eq!(store.volumes().await.unwrap().calls.rows, kept[2].len() as u64);
    store.close().await;
    Saved { recovered, kept }
}

fn overwrite(db: &Path, page: usize, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().write(true).open(db).unwrap();
    file.write_all_at(bytes, ((page - 1) * PAGE) as u64).unwrap();
}

fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..PAGE)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .collect()
}

/// Pages of a tree by their kind, as SQLite itself tells.
async fn pages_of(db: &Path, sql: &'static str) -> Vec<usize> {
    let pages = lines(db, sql).await;
    pages.iter().map(|page| page.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_sound_file_is_saved_whole_also_from_its_log() {
    let world = full().await;
    let original = contents(&world.db).await;
    let saved = recovered(&world.db, &original).await;
    assert!(saved.recovered.is_whole(), "{:?}", saved.recovered);
    assert_eq!(saved.kept, original);

    // As after kill -9: the newest rows stand in the log only.
    let store = Store::open(&world.db).await.unwrap();
    store.append_blocks(&[block(7_000, 5, 30_000, NOW)]).await.unwrap();
    let copy = world.folder.path().join("killed.db");
    std::fs::copy(&world.db, &copy).unwrap();
    std::fs::copy(format!("{}-wal", world.db.display()), format!("{}-wal", copy.display())).unwrap();
    let newer = contents(&world.db).await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("saved.db");
    recover(&copy, &out, &traces_in, &mut |_, _| {}).await.unwrap();
    assert_eq!(contents(&out).await, newer);
}

/// A log that is a link to itself: it is there, and nobody can open it.
#[cfg(unix)]
#[tokio::test]
async fn a_log_that_cannot_be_opened_is_no_missing_log() {
    let world = full().await;
    let mut log = world.db.clone().into_os_string();
    log.push("-wal");
    std::os::unix::fs::symlink(&log, &log).unwrap();
    let to = world.db.with_file_name("saved.db");
    let refused = recover(&world.db, &to, &traces_in, &mut |_, _| {}).await.unwrap_err();
    assert!(refused.to_string().contains("its log"), "{refused}");
    assert!(!to.exists());
}

#[tokio::test]
async fn a_leaf_that_is_lost_costs_its_own_rows_only() {
    let world = full().await;
    let original = contents(&world.db).await;
    let leaves = pages_of(
        &world.db,
        "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf'",
    )
    .await;
    let cells =
        lines(&world.db, "SELECT CAST(ncell AS TEXT) FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf'")
            .await;
    let (page, gone) = (leaves[3], cells[3].parse::<usize>().unwrap());
    overwrite(&world.db, page, &noise(1));
    let saved = recovered(&world.db, &original).await;
    assert_eq!(saved.kept[2].len(), original[2].len() - gone);
    for table in (0..CONTENTS.len()).filter(|table| *table != 2) {
        assert_eq!(saved.kept[table], original[table]);
    }
    let calls = saved.recovered.tables.iter().find(|table| table.name == "calls").unwrap();
    assert_eq!((calls.kept, calls.lost_pages), (saved.kept[2].len() as u64, 1));
}

#[tokio::test]
async fn hours_that_lost_calls_keep_their_rollups_and_all_blocks_are_extracted_again() {
    let world = full().await;
    let leaves = pages_of(
        &world.db,
        "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf'",
    )
    .await;
    // All Calls but those of a page.
    for page in &leaves[1..] {
        overwrite(&world.db, *page, &noise(*page as u64));
    }
    let out = world.folder.path().join("saved.db");
    recover(&world.db, &out, &traces_in, &mut |_, _| {}).await.unwrap();
    let store = Store::open(&out).await.unwrap();
    assert_eq!(store.extracted_to().await.unwrap(), BlockId(0));
    assert_eq!(store.dirty_hours().await.unwrap(), []);
    assert_eq!(number(&out, "SELECT count(DISTINCT hour) FROM closed_hours").await, 30);
    // A late Call cannot make them forget what they know.
    add_calls(&store, vec![call(99_999, "/a", NOW - 20 * Hour::NANOS)], BlockId(1)).await;
    roll_up(&store, 10).await;
    assert_eq!(number(&out, "SELECT min(length(payload)) FROM rollups").await, 20_000);
    // New blocks get numbers that no lost one had.
    let ids = store.append_blocks(&[block(9_000, 1, 10, NOW)]).await.unwrap();
    assert_eq!(ids, [BlockId(BLOCKS.cast_signed() + 1)]);
}

#[tokio::test]
async fn an_overflow_page_that_is_lost_costs_one_row() {
    for (table, sql) in [
        (0, "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'blocks' AND pagetype = 'overflow'"),
        (3, "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'rollups' AND pagetype = 'overflow'"),
    ] {
        for garbage in [noise(7), vec![0; PAGE]] {
            let world = full().await;
            let original = contents(&world.db).await;
            let pages = pages_of(&world.db, sql).await;
            overwrite(&world.db, pages[pages.len() / 2], &garbage);
            let saved = recovered(&world.db, &original).await;
            assert_eq!(saved.kept[table].len(), original[table].len() - 1);
            assert_eq!(saved.recovered.tables.iter().map(|table| table.lost).sum::<u64>(), 1);
        }
    }
}

#[tokio::test]
async fn ways_to_rows_may_be_lost_without_losing_rows() {
    let world = full().await;
    let original = contents(&world.db).await;
    let inner = pages_of(
        &world.db,
        "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'blocks' AND pagetype = 'internal'",
    )
    .await;
    for page in inner {
        overwrite(&world.db, page, &noise(page as u64));
    }
    // The header and the schema with it.
    overwrite(&world.db, 1, &vec![0; PAGE]);
    assert!(matches!(Store::open(&world.db).await, Err(StoreError::Open { .. })));
    let saved = recovered(&world.db, &original).await;
    assert_eq!(saved.kept, original);
}

#[tokio::test]
async fn whatever_is_overwritten_or_cut_off_what_is_saved_is_right() {
    let world = full().await;
    let original = contents(&world.db).await;
    let sound = std::fs::read(&world.db).unwrap();
    let pages = sound.len() / PAGE;
    for seed in 1..=12_u64 {
        std::fs::write(&world.db, &sound).unwrap();
        let mut state = seed;
        for _ in 0..seed * 2 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            overwrite(&world.db, (state >> 33) as usize % pages + 1, &noise(state));
        }
        if seed % 3 == 0 {
            std::fs::OpenOptions::new()
                .write(true)
                .open(&world.db)
                .unwrap()
                .set_len(sound.len() as u64 / 3 * 2 + seed)
                .unwrap();
        }
        let saved = recovered(&world.db, &original).await;
        assert!(!saved.recovered.is_whole(), "seed {seed}");
        assert!(saved.kept[2].len() > original[2].len() / 4, "seed {seed}: {:?}", saved.recovered);
    }
}

#[tokio::test]
async fn damage_is_found_by_the_check_and_a_file_cut_short_when_it_is_opened() {
    let world = full().await;
    let store = Store::open(&world.db).await.unwrap();
    assert_eq!(store.check(std::sync::Arc::default()).await.unwrap(), Soundness::Sound);
    let stopped = store.check(std::sync::Arc::new(true.into())).await.unwrap();
    assert_eq!(stopped, Soundness::Stopped);
    store.close().await;
    let leaves = pages_of(
        &world.db,
        "SELECT CAST(pageno AS TEXT) FROM dbstat WHERE name = 'calls' AND pagetype = 'leaf'",
    )
    .await;
    overwrite(&world.db, leaves[2], &noise(3));
    let store = Store::open(&world.db).await.unwrap();
    let Soundness::Damaged(faults) = store.check(std::sync::Arc::default()).await.unwrap() else {
        panic!("the damage was not found")
    };
    assert!(faults.iter().any(|fault| fault.starts_with("calls: ")), "{faults:?}");
    store.close().await;

    let length = std::fs::metadata(&world.db).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&world.db).unwrap();
    file.set_len(length - 10 * PAGE as u64).unwrap();
    let said = Store::open(&world.db).await.unwrap_err().to_string();
    assert!(said.contains("is damaged") && said.contains("pointsman recover"), "{said}");
}

#[tokio::test]
async fn a_backup_has_all_that_was_committed_before_it_and_overwrites_nothing() {
    let world = full().await;
    let store = Store::open(&world.db).await.unwrap();
    let writer = store.clone();
    let more = tokio::spawn(async move {
        for number in 0..200 {
            writer.append_blocks(&[block(8_000 + number, 2, 10_000, NOW)]).await.unwrap();
        }
    });
    let before: BTreeSet<String> = contents(&world.db).await.swap_remove(0);
    let copy = world.folder.path().join("copy.db");
    let made = back_up(&world.db, &copy).await.unwrap();
    more.await.unwrap();
    assert_eq!(made.bytes, std::fs::metadata(&copy).unwrap().len());
    let copied: BTreeSet<String> = contents(&copy).await.swap_remove(0);
    assert!(copied.is_superset(&before));
    let opened = Store::open(&copy).await.unwrap();
    assert_eq!(opened.volumes().await.unwrap().blocks.rows, copied.len() as u64);
    assert_eq!(opened.check(std::sync::Arc::default()).await.unwrap(), Soundness::Sound);

    let again = back_up(&world.db, &copy).await.unwrap_err().to_string();
    assert!(again.contains("exists already"), "{again}");
    let nowhere = back_up(&world.db, &world.folder.path().join("no/such/copy.db")).await;
    assert!(nowhere.is_err());
    let left: Vec<_> =
        std::fs::read_dir(world.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_str().unwrap().contains("unfinished")), "{left:?}");
}
