//! The wire between a sender and the daemon: a proxy that can be looked at, be cut, and lose answers. It understands
//! of HTTP/1 and HTTP/2 only what tells how the senders compress.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::support::wait_for;

/// What happens to bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    LeadsTo(SocketAddr),
    /// The daemon hears the sender; the sender hears nothing.
    LosesAnswers(SocketAddr),
    Cut,
}

struct Shared {
    state: Mutex<State>,
    open: Mutex<Vec<TcpStream>>,
    /// What senders sent, by connection.
    sent: Mutex<Vec<Vec<u8>>>,
}

/// A port that leads to another one, which may change.
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Wire {
    pub(crate) fn to(port: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Mutex::new(State::LeadsTo(port));
        let shared = Arc::new(Shared { state, open: Mutex::default(), sent: Mutex::default() });
        let accepting = Some(Shared::accept_all(&shared, listener));
        Self { address, shared, accepting }
    }

    /// Where senders send to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing that the daemon says reaches the senders.
    pub(crate) fn lose_answers(&self) {
        let mut state = self.shared.state.lock().unwrap();
        if let State::LeadsTo(port) = *state {
            *state = State::LosesAnswers(port);
        }
    }

    /// Ends all connections; new ones are refused, as they are where nobody listens.
    pub(crate) fn cut(&mut self) {
        *self.shared.state.lock().unwrap() = State::Cut;
        // Any connection wakes whoever accepts; then it sees the state and ends.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
        for connection in self.shared.open.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// After a cut: takes connections again, and leads there.
    pub(crate) fn lead_to(&mut self, port: SocketAddr) {
        *self.shared.state.lock().unwrap() = State::LeadsTo(port);
        let listener = wait_for("the wire's port to be free", || TcpListener::bind(self.address).ok());
        self.accepting = Some(Shared::accept_all(&self.shared, listener));
    }

    /// The heads of all HTTP/1 requests, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        let sent = self.shared.sent.lock().unwrap();
        let heads = sent.iter().flat_map(|bytes| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            let requests: Vec<String> = text.split("post /v1/").skip(1).map(str::to_owned).collect();
            requests
        });
        heads.map(|request| request.split("\r\n\r\n").next().unwrap().to_owned()).collect()
    }

    /// How the bodies of the HTTP/1 requests were compressed.
    pub(crate) fn compressions_of_requests(&self) -> BTreeSet<String> {
        let encoding = |head: &String| {
            let line = head.lines().find_map(|line| line.strip_prefix("content-encoding:"));
            line.map_or("none", str::trim).to_owned()
        };
        self.heads().iter().map(encoding).collect()
    }

    /// How the gRPC messages were compressed.
    pub(crate) fn compressions_of_messages(&self) -> BTreeSet<String> {
        let sent = self.shared.sent.lock().unwrap();
        sent.iter()
            .flat_map(|bytes| message_starts(bytes))
            .map(|start| compression(&start).to_owned())
            .collect()
    }
}

impl Shared {
    fn accept_all(self: &Arc<Self>, listener: TcpListener) -> JoinHandle<()> {
        let shared = Arc::clone(self);
        std::thread::spawn(move || {
            for sender in listener.incoming().map_while(Result::ok) {
                let port = match *shared.state.lock().unwrap() {
                    State::LeadsTo(port) | State::LosesAnswers(port) => port,
                    State::Cut => break,
                };
                shared.connect(sender, port);
            }
        })
    }

    fn connect(self: &Arc<Self>, sender: TcpStream, port: SocketAddr) {
        let Ok(daemon) = TcpStream::connect(port) else { return };
        let number = {
            let mut sent = self.sent.lock().unwrap();
            sent.push(Vec::new());
            sent.len() - 1
        };
        let other_end = |end: &TcpStream| end.try_clone().unwrap();
        self.open.lock().unwrap().extend([other_end(&sender), other_end(&daemon)]);
        let (there, back) = (Arc::clone(self), Arc::clone(self));
        let ends = (other_end(&sender), other_end(&daemon));
        std::thread::spawn(move || {
            carry(ends.0, ends.1, |bytes| {
                there.sent.lock().unwrap()[number].extend_from_slice(bytes);
                true
            });
        });
        std::thread::spawn(move || {
            carry(daemon, sender, |_| matches!(*back.state.lock().unwrap(), State::LeadsTo(_)));
        });
    }
}

/// Carries bytes until an end closes; `look` says which of them go on.
fn carry(mut from: TcpStream, mut to: TcpStream, mut look: impl FnMut(&[u8]) -> bool) {
    let mut buffer = [0; 16_384];
    loop {
        match from.read(&mut buffer) {
            Ok(read) if read > 0 => {
                if look(&buffer[..read]) && to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            _ => break,
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The first bytes of each gRPC message: the payload of the first DATA frame of each stream of HTTP/2.
fn message_starts(bytes: &[u8]) -> Vec<Vec<u8>> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const HEAD: usize = 9;
    const DATA: u8 = 0;
    let mut starts: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut rest = bytes.strip_prefix(PREFACE).unwrap_or_default();
    while rest.len() >= HEAD {
        let length = u32::from_be_bytes([0, rest[0], rest[1], rest[2]]) as usize;
        let stream = u32::from_be_bytes([rest[5], rest[6], rest[7], rest[8]]);
        let payload = &rest[HEAD..(HEAD + length).min(rest.len())];
        if rest[3] == DATA && !payload.is_empty() {
            let start = starts.entry(stream).or_default();
            start.extend_from_slice(payload);
        }
        rest = rest.get(HEAD + length..).unwrap_or_default();
    }
    starts.into_values().collect()
}

/// A gRPC message begins with whether it is compressed and its length; each algorithm has its own first bytes.
fn compression(message: &[u8]) -> &'static str {
    match message {
        [0, ..] => "none",
        [1, _, _, _, _, 0x1f, 0x8b, ..] => "gzip",
        [1, _, _, _, _, 0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd",
        _ => "another",
    }
}
