//! Several processes on one file: each takes spans in, one at a time extracts them, and nobody can tell from the numbers how
//! many there were.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::Span;
use pointsman_collector::clock::Clock;
use pointsman_collector::ingest::{Pipeline, Settings, Transport};
use pointsman_collector::metrics::Metrics;
use pointsman_collector::observed::Observed;
use pointsman_collector::replay::{Recording, replay};
use pointsman_store::{Location, Store};
use prometheus::Registry;
use prost::Message;

use crate::spans::{NOW, body, child, one, request, text};
use crate::world::{PATIENCE, World, fixture};

/// After so long a trace has become quiet, and its Calls are counted.
const QUIET_NS: u64 = 60_000_000_000;

async fn another(db: &Location, settings: Settings) -> Pipeline {
    let metrics = Metrics::register(&Registry::new()).unwrap();
    Pipeline::start(Store::open(db).await.unwrap(), settings, metrics).await.unwrap()
}

fn counted(observed: &Observed) -> u64 {
    let rows = observed.rows(NOW + QUIET_NS);
    rows.own.iter().map(|(_, _, row)| row.calls()).sum::<u64>() + rows.other.calls()
}

/// A span that says how long its handler waited for the database.
fn query(trace: u64) -> Span {
    let mut query = child(trace, 2, 1);
    query.attributes = vec![text("db.system", "postgresql"), text("db.statement", "SELECT 1")];
    query
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_counted_once_however_many_processes_there_are() {
    let world = World::with(|settings| settings.observed = Observed::new(10)).await;
    let settings = Settings { observed: Observed::new(10), ..world.settings.clone() };
    let other = another(world.store.location(), settings.clone()).await;
    for trace in 1..=50 {
        world.send(one(2 * trace)).await.unwrap();
        other.intake().accept(body(2 * trace + 1), Transport::Grpc).await.unwrap();
    }
    other.settled().await;
    assert_eq!(world.calls().await.len(), 100);
    let both = [&world.settings, &settings].map(|settings| counted(&settings.observed));
    assert_eq!(both.iter().sum::<u64>(), 100, "{both:?}");
}

#[tokio::test]
async fn spans_that_only_the_waiting_process_gets_are_extracted_by_the_other() {
    let world = World::new().await;
    world.send(one(1)).await.unwrap();
    world.calls().await;
    let other = another(world.store.location(), world.settings.clone()).await;
    for trace in 2..=5 {
        other.intake().accept(body(trace), Transport::Grpc).await.unwrap();
    }
    other.settled().await;
    assert_eq!(world.calls().await.len(), 5);
    assert_eq!(world.metric("calls_extracted_total", ""), 5.0);
}

#[tokio::test]
async fn the_turn_passes_on_when_the_process_ends_that_has_it() {
    let world = World::new().await;
    let other = another(world.store.location(), world.settings.clone()).await;
    world.send(one(1)).await.unwrap();
    let World { folder, store, pipeline, settings, .. } = world;
    drop(pipeline);
    for trace in 2..=5 {
        other.intake().accept(body(trace), Transport::Grpc).await.unwrap();
    }
    other.settled().await;
    assert_eq!(store.calls("shop", 0, u64::MAX >> 1).await.unwrap().len(), 5);
    // One whose turn never comes ends all the same, and at once.
    let third = another(store.location(), settings).await;
    third.intake().accept(body(6), Transport::Grpc).await.unwrap();
    third.stop(PATIENCE).await.unwrap();
    other.stop(PATIENCE).await.unwrap();
    drop(folder);
}

#[tokio::test]
async fn a_replay_beside_a_daemon_tells_what_its_file_holds() {
    let alone = World::new().await;
    let file = || Recording::File(fixture("next-16.4"));
    let expected = replay(&alone.pipeline, file(), u64::MAX, &mut |_, _| {}).await.unwrap();
    assert!(expected.calls > 0);
    let daemon = World::new().await;
    let other = another(daemon.store.location(), daemon.settings.clone()).await;
    let told = replay(&other, file(), u64::MAX, &mut |_, _| {}).await.unwrap();
    assert_eq!(told, expected);
    assert_eq!(daemon.calls().await.len(), alone.calls().await.len());
}

/// Holds up whoever asks for the time once it was asked so often.
#[derive(Default)]
struct Gate {
    /// Questions that still pass; `None` while all do.
    left: Mutex<Option<u32>>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut left = self.left.lock().unwrap();
        while *left == Some(0) {
            left = self.opened.wait(left).unwrap();
        }
        *left = left.map(|left| left - 1);
    }

    fn set(&self, left: Option<u32>) {
        *self.left.lock().unwrap() = left;
        self.opened.notify_all();
    }
}

/// One process has found the Call of a trace and is held up before it stores it; meanwhile the other gets the rest of the trace.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_process_does_not_put_a_poorer_call_in_the_place_of_a_richer_one() {
    let gate = Arc::new(Gate::default());
    let held_up = Arc::clone(&gate);
    let world = World::with(move |settings| {
        settings.clock = Clock::from_fn(move || {
            held_up.pass();
            NOW
        });
    })
    .await;
    let settings = Settings { clock: Clock::from_fn(|| NOW), ..world.settings.clone() };
    let other = another(world.store.location(), settings).await;
    // The time is asked for when the request comes, when it is committed, and when its Calls are found.
    gate.set(Some(2));
    world.send(one(1)).await.unwrap();
    other.intake().accept(request(vec![query(1)]).encode_to_vec().into(), Transport::Grpc).await.unwrap();
    let _ = tokio::time::timeout(Duration::from_secs(2), other.settled()).await;
    gate.set(None);
    other.settled().await;
    let calls = world.calls().await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].database_ns, Some(4_999_999));
}
