//! Outages with real senders: the daemon is killed after it has stored what it could no longer acknowledge, or its
//! file is locked. A sender that tries again by itself loses nothing, and what it sent twice counts once. One that
//! gives up says so, and delivers again afterwards.

use std::collections::BTreeSet;

use super::program::{Program, Protocol, SPANS_PER_TRACE, Sender, SpanKey};
use super::support::{wait_for, while_locked};
use super::{World, stored};

/// Few enough that a batch fits into HTTP/2's first window: while answers are lost, that window does not grow.
const TRACES: usize = 40;

/// Lets an SDK try for a minute, and say that it tries again.
fn patient(program: Program) -> [(&'static str, &'static str); 2] {
    let (timeout, level) = match program {
        // In seconds; that it tries again is a warning.
        Program::Python => ("60", "warn"),
        Program::Rust => ("60000", "debug"),
        Program::NodeSdk | Program::Vercel => ("60000", "verbose"),
    };
    [("OTEL_EXPORTER_OTLP_TIMEOUT", timeout), ("OTEL_LOG_LEVEL", level)]
}

/// Waits until an SDK says that it failed and tries again.
fn wait_until_it_tries_again(sender: &Sender, program: Program) {
    let words = match program {
        Program::Python => "Transient error",
        Program::Rust => "Export.InProgress.Retrying",
        Program::NodeSdk | Program::Vercel => "Scheduling export retry",
    };
    wait_for("the sender to try again", || sender.troubles().contains(words).then_some(()));
}

fn stored_spans(world: &World) -> u64 {
    world.metric("pointsman_spans_stored_total", "")
}

/// The daemon stores a batch, its answer is lost, it is killed, and starts anew.
fn lose_an_answer(world: &mut World, sender: &mut Sender, meanwhile: impl FnOnce(&Sender)) {
    sender.send(TRACES);
    let before = stored_spans(world);
    world.wire.lose_answers();
    sender.order(TRACES);
    let batch = (TRACES * SPANS_PER_TRACE) as u64;
    wait_for("the batch whose answer is lost", || (stored_spans(world) >= before + batch).then_some(()));
    world.restart(|| meanwhile(sender));
}

/// It must have tried while the daemon was away, and try again.
fn sends_again_after_a_crash(program: Program, protocol: Protocol) {
    let mut world = World::new(protocol);
    let mut sender = world.sender(program, &patient(program));
    lose_an_answer(&mut world, &mut sender, |sender| wait_until_it_tries_again(sender, program));
    sender.wait_until_flushed();
    sender.send(TRACES);
    let (sent, _) = sender.end();
    assert_eq!(sent.len(), 3 * TRACES * SPANS_PER_TRACE);
    let repeated = assert_all_once(world, program, &sent);
    assert!(
        repeated >= TRACES * SPANS_PER_TRACE,
        "{repeated} spans were sent twice: the answer was not lost"
    );
}

/// Nothing is on its way when the daemon goes; what is sent while it is away arrives when it is back.
fn sends_again_after_an_absence(program: Program, protocol: Protocol) {
    let mut world = World::new(protocol);
    let mut sender = world.sender(program, &patient(program));
    sender.send(TRACES);
    world.restart(|| {
        sender.order(TRACES);
        wait_until_it_tries_again(&sender, program);
    });
    sender.wait_until_flushed();
    let (sent, _) = sender.end();
    assert_eq!(sent.len(), 2 * TRACES * SPANS_PER_TRACE);
    assert_eq!(assert_all_once(world, program, &sent), 0);
}

/// While something else writes to its file, the daemon tells to try again.
fn sends_again_when_told_to(program: Program, protocol: Protocol) {
    let world = World::new(protocol);
    let mut sender = world.sender(program, &patient(program));
    sender.send(TRACES);
    while_locked(&world.db(), || {
        sender.order(TRACES);
        wait_for("a request to be turned away", || {
            (world.metric("pointsman_requests_total", "outcome=\"unavailable\"") > 0).then_some(())
        });
    });
    sender.wait_until_flushed();
    let (sent, _) = sender.end();
    assert_eq!(sent.len(), 2 * TRACES * SPANS_PER_TRACE);
    assert_all_once(world, program, &sent);
}

/// It says that it lost a batch, which is there all the same, because the daemon had stored it; and it delivers later
/// ones.
fn gives_up_after_a_crash(program: Program, protocol: Protocol) {
    let mut world = World::new(protocol);
    let mut sender = world.sender(program, &patient(program));
    lose_an_answer(&mut world, &mut sender, |_| {});
    sender.wait_until_flushed();
    let before = sender.sent().len();
    deliver_again(&world, &mut sender);
    let (sent, kept) = end_complaining(world, sender, program);
    assert!(sent[..before].iter().all(|key| kept.contains(key)), "what was stored is lost");
}

/// It says that it lost a batch while the daemon is still away, and delivers later ones.
fn gives_up_during_an_absence(program: Program, protocol: Protocol) {
    let mut world = World::new(protocol);
    let mut sender = world.sender(program, &patient(program));
    sender.send(TRACES);
    world.restart(|| sender.send(TRACES));
    let before = sender.sent().len();
    deliver_again(&world, &mut sender);
    let (sent, kept) = end_complaining(world, sender, program);
    let (stored, lost) = sent[..before].split_at(TRACES * SPANS_PER_TRACE);
    assert!(stored.iter().all(|key| kept.contains(key)), "what was acknowledged is lost");
    assert!(!lost.iter().any(|key| kept.contains(key)), "it did try again");
}

/// Lets it send until something arrives: it may still wait before it connects again.
fn deliver_again(world: &World, sender: &mut Sender) {
    wait_for("the sender to deliver again", || {
        sender.send(1);
        let kept = stored::keys(&stored::spans(&world.db()));
        let last = &sender.sent()[sender.sent().len() - SPANS_PER_TRACE..];
        last.iter().all(|key| kept.contains(key)).then_some(())
    });
}

/// Ends a sender that must have complained; what it sent, and what is stored of it.
fn end_complaining(world: World, sender: Sender, program: Program) -> (Vec<SpanKey>, BTreeSet<SpanKey>) {
    let (sent, troubles) = sender.end();
    let complaint = match program {
        Program::Vercel => "fetch failed",
        Program::NodeSdk | Program::Python => "UNAVAILABLE",
        Program::Rust => "telemetry data will be lost",
    };
    assert!(troubles.contains(complaint), "{troubles}");
    let db = world.db();
    let _folder = world.end();
    let kept = stored::keys(&stored::spans(&db));
    stored::assert_calls(&db, program, &kept.iter().cloned().collect::<Vec<_>>());
    (sent, kept)
}

/// All that was sent is there and counts once; how many spans were stored more than once.
fn assert_all_once(world: World, program: Program, sent: &[SpanKey]) -> usize {
    let db = world.db();
    let _folder = world.end();
    let spans = stored::spans(&db);
    let keys = stored::keys(&spans);
    assert!(keys == sent.iter().cloned().collect::<BTreeSet<_>>(), "{} spans of {}", keys.len(), sent.len());
    stored::assert_calls(&db, program, sent);
    spans.len() - keys.len()
}

/// A test for each line: its name, what happens, the program, the protocol.
macro_rules! outages {
    ($($name:ident: $program:ident over $protocol:ident $happens:ident;)*) => {$(
        #[test]
        #[ignore = "wants installed senders: make test-senders, make test-senders-full"]
        fn $name() {
            super::$happens(super::Program::$program, super::Protocol::$protocol);
        }
    )*};
}

mod node {
    outages! {
        vercel_otel_gives_up_after_a_crash: Vercel over HttpProtobuf gives_up_after_a_crash;
        vercel_otel_gives_up_during_an_absence: Vercel over HttpProtobuf gives_up_during_an_absence;
        node_sdk_over_protobuf_survives_a_crash: NodeSdk over HttpProtobuf sends_again_after_a_crash;
        node_sdk_over_json_survives_a_crash: NodeSdk over HttpJson sends_again_after_a_crash;
        node_sdk_over_protobuf_survives_an_absence: NodeSdk over HttpProtobuf sends_again_after_an_absence;
        node_sdk_over_protobuf_waits_for_a_lock: NodeSdk over HttpProtobuf sends_again_when_told_to;
        node_sdk_over_grpc_gives_up_after_a_crash: NodeSdk over Grpc gives_up_after_a_crash;
        node_sdk_over_grpc_gives_up_during_an_absence: NodeSdk over Grpc gives_up_during_an_absence;
    }
}

mod python {
    outages! {
        python_sdk_over_protobuf_survives_a_crash: Python over HttpProtobuf sends_again_after_a_crash;
        python_sdk_over_protobuf_survives_an_absence: Python over HttpProtobuf sends_again_after_an_absence;
        python_sdk_over_protobuf_waits_for_a_lock: Python over HttpProtobuf sends_again_when_told_to;
        python_sdk_over_grpc_survives_a_crash: Python over Grpc sends_again_after_a_crash;
        python_sdk_over_grpc_survives_an_absence: Python over Grpc sends_again_after_an_absence;
        python_sdk_over_grpc_waits_for_a_lock: Python over Grpc sends_again_when_told_to;
    }
}

mod rust {
    outages! {
        rust_sdk_over_protobuf_survives_a_crash: Rust over HttpProtobuf sends_again_after_a_crash;
        rust_sdk_over_protobuf_survives_an_absence: Rust over HttpProtobuf sends_again_after_an_absence;
        rust_sdk_over_protobuf_waits_for_a_lock: Rust over HttpProtobuf sends_again_when_told_to;
        rust_sdk_over_grpc_gives_up_after_a_crash: Rust over Grpc gives_up_after_a_crash;
        rust_sdk_over_grpc_survives_an_absence: Rust over Grpc sends_again_after_an_absence;
        rust_sdk_over_grpc_waits_for_a_lock: Rust over Grpc sends_again_when_told_to;
    }
}
