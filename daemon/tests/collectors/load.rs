//! Senders that never give up, as the collectors under test need them: each request again and again until one has taken it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::{otlp, send, wait_for};

const SENDERS: u64 = 6;
/// Spans in a request.
const SPANS: u64 = 20;
/// Requests that must be acknowledged before something happens.
const AT_LEAST: u64 = 30;

/// What senders share.
pub(crate) struct Load {
    /// Where the collectors receive; none of one that is gone.
    pub(crate) to: Mutex<Vec<Option<SocketAddr>>>,
    stop: AtomicBool,
    acknowledged: AtomicU64,
    kept: Mutex<Vec<Value>>,
}

impl Load {
    /// Sends to these collectors while something is done to them; afterwards all requests, each of them acknowledged.
    pub(crate) fn on(to: Vec<Option<SocketAddr>>, strike: impl FnOnce(&Self)) -> Vec<Value> {
        let (stop, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
        let load = Self { to: Mutex::new(to), stop, acknowledged, kept: Mutex::default() };
        std::thread::scope(|scope| {
            for sender in 0..SENDERS {
                let load = &load;
                scope.spawn(move || load.run(sender));
            }
            strike(&load);
            load.wait_for_more();
            load.stop.store(true, Ordering::Relaxed);
        });
        load.kept.into_inner().unwrap()
    }

    /// Sends until it is told to stop; each request again and again, to one collector after the other, until one has taken it. So
    /// every request is acknowledged in the end, many have come twice, and traces are split over collectors.
    fn run(&self, sender: u64) {
        let mut next = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let number = next;
            next += 1;
            let request = otlp::request(&spans(sender, number));
            let mut turn = usize::try_from(sender + number).unwrap();
            loop {
                turn += 1;
                let Some(to) = self.receiver(turn) else {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                };
                match send(to, &request) {
                    Ok(reply) if reply.status == 200 => break,
                    Ok(reply) => {
                        assert_eq!(reply.status, 503, "{}", reply.body);
                        assert!(reply.header("retry-after").is_some(), "{}", reply.body);
                        std::thread::sleep(Duration::from_millis(50));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
            self.kept.lock().unwrap().push(request);
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn receiver(&self, turn: usize) -> Option<SocketAddr> {
        let to = self.to.lock().unwrap();
        to[turn % to.len()]
    }

    /// Waits until some more requests are acknowledged.
    pub(crate) fn wait_for_more(&self) {
        let before = self.acknowledged.load(Ordering::Relaxed);
        wait_for("acknowledgements", || {
            (self.acknowledged.load(Ordering::Relaxed) >= before + AT_LEAST).then_some(())
        });
    }
}

/// Spans of which two requests of a sender have the parts of the same traces: the second one has the server's spans of what the
/// first one has called.
fn spans(sender: u64, number: u64) -> Vec<Value> {
    let spans = (0..SPANS).map(|index| {
        let trace = u128::from(sender + 1) << 96 | u128::from(number / 2) << 32 | u128::from(index + 1);
        let mut span = otlp::route_call(trace, &format!("/api/load/{sender}/{}", index % 5));
        // Of the same trace another request, which has its own span.
        if number % 2 == 1 {
            span["spanId"] = format!("{:016x}", trace as u64 ^ 0x5555_0000_0000_0000).into();
        }
        span
    });
    spans.collect()
}
