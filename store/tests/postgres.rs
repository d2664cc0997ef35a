//! What belongs to a PostgreSQL server alone: which databases are refused and how, the logs of several collectors, who extracts, and
//! retention. What every backend promises: `contract`.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

mod support;

use std::time::Duration;

use pointsman_store::{
    BlockId, Connection, Hour, Kind, Limit, Limits, Location, Store, StoreError, Trimmed, Work,
};
use support::{DAY, NOW, SERVICE, block, call, location, of_trace, roll_up, server, server_world, trace};

/// The address with another database, or with what is put behind it.
fn changed(address: &str, database: &str, more: &str) -> Location {
    let (before, after) = address.split_once('?').unwrap();
    let server = before.rsplit_once('/').unwrap().0;
    location(&format!("{server}/{database}?{after}{more}"))
}

async fn refusal(at: Location) -> StoreError {
    Store::open(at).await.unwrap_err()
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_in_one_line_without_the_password() {
    let Some(address) = server::address() else { return };
    let says = async |at: Location, words: &[&str]| {
        let with = Connection { password: Some("s3cret".to_owned()), ..Connection::default() };
        let error = refusal(at.connected_by(with)).await;
        let text = format!("{error} {error:?}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!text.contains("s3cret") && !error.to_string().contains('\n'), "{text}");
        error
    };
    let missing = says(changed(&address, "no_such_db", ""), &["no_such_db", "create the database"]).await;
    assert!(!missing.is_transient());
    says(changed(&address, "postgres", "&colour=red"), &["the parameter colour"]).await;
    says(changed(&address, "postgres", "&port=x"), &["write postgres://USER@HOST"]).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = location(&format!("postgres://pointsman:s3cret@127.0.0.1:{closed}/postgres"));
    let away = says(nobody, &["check that the server runs"]).await;
    assert!(away.is_transient(), "a server that is away may come back");
}

#[tokio::test]
async fn a_schema_of_a_newer_version_and_one_of_another_program_are_refused() {
    let Some(world) = server_world().await else { return };
    world.run("INSERT INTO pointsman_migrations (version, description) VALUES (9999, 'later')").await;
    let newer = refusal(world.store.location().into()).await.to_string();
    assert!(newer.contains("step 9999") && newer.contains("use that version"), "{newer}");
    world.run("DROP TABLE pointsman_migrations").await;
    let foreign = refusal(world.store.location().into()).await.to_string();
    assert!(
        foreign.contains("holds tables of another program") && foreign.contains("store.schema"),
        "{foreign}"
    );
}

#[tokio::test]
async fn several_that_open_an_empty_schema_at_once_make_it_once() {
    let Some(address) = server::address() else { return };
    let open = || Store::open(location(&address));
    let (one, two, three) = tokio::join!(open(), open(), open());
    one.unwrap().append_blocks(&[block(1, 1, 10, NOW)]).await.unwrap();
    assert_eq!(two.unwrap().volumes().await.unwrap().blocks.rows, 1);
    three.unwrap();
}

/// The traces of the blocks after a place, as whoever extracts reads them.
async fn read_on(store: &Store, after: BlockId) -> Vec<(BlockId, usize)> {
    let blocks = store.blocks_after(after, 100, usize::MAX).await.unwrap();
    blocks.iter().map(|(id, content)| (*id, support::traces_in(content).unwrap().len())).collect()
}

/// Reads everything that whoever extracts has not read yet.
async fn read_all(store: &Store, after: BlockId) -> (BlockId, usize) {
    store.newest_block().await.unwrap();
    let (mut last, mut count) = (after, 0);
    loop {
        let blocks = read_on(store, last).await;
        let Some((id, _)) = blocks.last() else { return (last, count) };
        (last, count) = (*id, count + blocks.len());
    }
}

#[tokio::test]
async fn who_extracts_reads_the_logs_of_all_and_another_one_goes_on_from_there() {
    let Some(world) = server_world().await else { return };
    let stores = [world.another().await, world.another().await, world.another().await];
    let append = async |at: usize, number: u64| {
        stores[at].append_blocks(&[block(number, 2, 100, NOW), block(number + 1, 1, 100, NOW)]).await.unwrap()
    };
    let own = append(0, 1).await;
    append(1, 3).await;
    append(2, 5).await;
    let lease = stores[0].lease_extraction().await.unwrap().unwrap();
    assert_eq!(
        stores[0].blocks_after(stores[0].extracted_to().await.unwrap(), 10, 1).await.unwrap()[0].0,
        own[0]
    );
    let (last, count) = read_all(&stores[0], stores[0].extracted_to().await.unwrap()).await;
    assert_eq!(count, 6);
    // A trace is found in whatever log it is, and only as far as has been read.
    append(1, 300).await;
    append(1, 100).await;
    let of = async |number: u64, to: BlockId| {
        stores[0].blocks_of(&[trace(number * 100)], to, 10).await.unwrap().len()
    };
    assert_eq!((of(1, last).await, of(3, last).await, of(300, last).await), (1, 1, 0));
    assert_eq!(of(300, BlockId(i64::MAX)).await, 1);
    stores[0].commit_calls(&[of_trace(call(1, "/a", NOW))], &[], last).await.unwrap();
    assert_eq!(stores[0].extracted_to().await.unwrap(), own[1]);
    assert!(stores[1].extracted_to().await.unwrap() < stores[1].newest_block().await.unwrap());
    lease.release().await;

    let _lease = stores[1].lease_extraction().await.unwrap().unwrap();
    let (last, count) = read_all(&stores[1], stores[1].extracted_to().await.unwrap()).await;
    assert_eq!(count, 4, "what the first one has not extracted");
    assert_eq!(of_second(&stores[1], last).await, [1, 1, 1]);
    stores[1].commit_calls(&[], &[], last).await.unwrap();
    let (_, count) = read_all(&stores[1], last).await;
    assert_eq!(count, 0);
}

async fn of_second(store: &Store, last: BlockId) -> Vec<usize> {
    let mut counts = Vec::new();
    for number in [1, 3, 300] {
        counts.push(store.blocks_of(&[trace(number * 100)], last, 10).await.unwrap().len());
    }
    counts
}

#[tokio::test]
async fn whoever_has_lost_the_lease_stores_nothing_more() {
    let Some(world) = server_world().await else { return };
    let other = world.another().await;
    let lost = world.store.lease_extraction().await.unwrap().unwrap();
    let ids = world.store.append_blocks(&[block(1, 1, 10, NOW)]).await.unwrap();
    // It was away for longer than the lease holds.
    world.run("UPDATE leases SET until = now() - interval '1 second' WHERE name = 'extraction'").await;
    let taken = other.lease_extraction().await.unwrap().unwrap();
    let traces = [of_trace(call(1, "/a", NOW))];
    let refused = world.store.commit_calls(&traces, &[], ids[0]).await.unwrap_err();
    assert!(matches!(refused, StoreError::LeaseLost { .. }), "{refused}");
    taken.release().await;
    let refused = world.store.commit_calls(&traces, &[], ids[0]).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::LeaseLost { .. }),
        "it does not know what the other one has done: {refused}"
    );
    assert_eq!(world.number("SELECT count(*) FROM calls").await, 0);
    drop(lost);
    let again = world.store.lease_extraction().await.unwrap().unwrap();
    world.store.commit_calls(&traces, &[], ids[0]).await.unwrap();
    again.release().await;
}

#[tokio::test]
async fn one_of_several_does_a_work_until_it_is_silent() {
    let Some(world) = server_world().await else { return };
    let other = world.another().await;
    let within = Duration::from_millis(500);
    assert!(world.store.leads(Work::Retention, within).await.unwrap());
    assert!(!other.leads(Work::Retention, within).await.unwrap());
    assert!(world.store.leads(Work::Retention, within).await.unwrap());
    assert!(other.leads(Work::Advice, within).await.unwrap());
    tokio::time::sleep(within * 2).await;
    assert!(other.leads(Work::Retention, within).await.unwrap());
}

#[tokio::test]
async fn the_secret_of_the_first_is_that_of_all() {
    let Some(world) = server_world().await else { return };
    let first = world.store.shared_secret(b"one").await.unwrap().unwrap();
    let second = world.another().await.shared_secret(b"two").await.unwrap().unwrap();
    assert_eq!((first.as_slice(), second.as_slice()), (&b"one"[..], &b"one"[..]));
}

#[tokio::test]
async fn texts_that_a_server_refuses_are_stored_without_what_it_refuses() {
    let Some(world) = server_world().await else { return };
    let mut odd = call(1, "/a", NOW);
    odd.path = Some("/a\0b".to_owned());
    world.store.commit_calls(&[of_trace(odd)], &[], BlockId(1)).await.unwrap();
    let [read] = world.store.calls(SERVICE, 0, u64::MAX >> 1).await.unwrap().try_into().unwrap();
    assert_eq!(read.path.as_deref(), Some("/a\u{fffd}b"));
}

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

#[tokio::test]
async fn retention_takes_what_is_extracted_and_counted_and_the_figures_stay_right() {
    let Some(world) = server_world().await else { return };
    let store = &world.store;
    let lease = store.lease_extraction().await.unwrap().unwrap();
    let blocks: Vec<_> =
        (0..60).map(|day| block(day, 3, 2_000, NOW - (60 - day) * DAY - Hour::NANOS)).collect();
    let ids = store.append_blocks(&blocks).await.unwrap();
    assert_eq!(trim(store, Limits { blocks: days(7), ..Limits::default() }).await, []);
    let calls = [500_u64, 36, 30, 1].map(|day| of_trace(call(day, "/a", NOW - day * DAY)));
    store.commit_calls(&calls, &[], ids[39]).await.unwrap();
    let steps = trim(store, Limits { blocks: days(7), ..Limits::default() }).await;
    assert_eq!(steps.iter().map(|step| step.rows).sum::<u64>(), 40);
    assert_eq!(world.number("SELECT count(*) FROM block_traces").await, 60);
    assert!(store.block(ids[39]).await.unwrap().is_none() && store.block(ids[40]).await.unwrap().is_some());

    let limits = Limits { calls: days(35), rollups: days(400), ..Limits::default() };
    let gone: u64 = trim(store, limits).await.iter().map(|step| step.rows).sum();
    assert_eq!(gone, 0, "nothing is counted yet");
    roll_up(store, 100).await;
    let steps = trim(store, limits).await;
    let of = |kind| steps.iter().filter(|step| step.kind == kind).map(|step| step.rows).sum::<u64>();
    assert_eq!((of(Kind::Calls), of(Kind::Rollups)), (2, 1));
    let volumes = store.volumes().await.unwrap();
    assert_eq!((volumes.blocks.rows, volumes.calls.rows, volumes.rollups.rows), (20, 2, 3));
    let blocks = "SELECT sum(length(payload) + length(traces) / 8 * 100)::bigint FROM blocks";
    assert_eq!(volumes.blocks.bytes.cast_signed(), world.number(blocks).await);
    let rollups = "SELECT sum(length(payload) + 60)::bigint FROM rollups";
    assert_eq!(volumes.rollups.bytes.cast_signed(), world.number(rollups).await);
    // A late Call of an hour that is gone does not make its Rollup forget the others.
    store.commit_calls(&[of_trace(call(9, "/a", NOW - 36 * DAY))], &[], ids[39]).await.unwrap();
    assert!(store.dirty_hours().await.unwrap().iter().all(|dirty| dirty.hour != Hour::of(NOW - 36 * DAY)));
    lease.release().await;
}
