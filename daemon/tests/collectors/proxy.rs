//! A proxy before the database, as an address that outlives its server. It can cut a connection between a commit and its answer:
//! the server has committed, and whoever asked for it does not know.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

/// A commit as the protocol's simple query has it: `Q`, the length, the text, a zero byte.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// How long the server has for a commit whose answer is cut.
const COMMITTED_WITHIN: Duration = Duration::from_millis(200);

/// The proxy; its threads end with the process.
pub(crate) struct Proxy {
    port: u16,
    state: Arc<State>,
}

struct State {
    /// The server's port on loopback.
    server: AtomicU16,
    /// Commits that are still to be cut.
    due: AtomicU64,
    /// Those that were.
    cut: AtomicU64,
}

impl Proxy {
    /// Takes connections for the server on this port of loopback.
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State { server: server.into(), due: AtomicU64::new(0), cut: AtomicU64::new(0) };
        let proxy = Self { port: listener.local_addr().unwrap().port(), state: Arc::new(state) };
        let state = Arc::clone(&proxy.state);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // Dropped, and so closed, where the server is not there.
                if let Ok(server) = TcpStream::connect(("127.0.0.1", state.server.load(Ordering::SeqCst))) {
                    carry(client, server, &state);
                }
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// New connections go to another server.
    pub(crate) fn point_to(&self, server: u16) {
        self.state.server.store(server, Ordering::SeqCst);
    }

    /// Cuts so many commits, whosoever they are.
    pub(crate) fn cut(&self, commits: u64) {
        self.state.due.fetch_add(commits, Ordering::SeqCst);
    }

    /// How many answers were cut until now.
    pub(crate) fn have_been_cut(&self) -> u64 {
        self.state.cut.load(Ordering::SeqCst)
    }
}

/// Both directions, on a thread each.
fn carry(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || pass(&back, &forth, |_| false));
    let state = Arc::clone(state);
    std::thread::spawn(move || pass(&client, &server, |sent| cuts(sent, &state)));
}

/// Passes on what comes until either side ends, or what was sent asks for the cut.
fn pass(mut from: &TcpStream, mut to: &TcpStream, cut: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        let sent = &buffer[..read];
        if cut(sent) {
            // Nobody hears the answer, and the server gets the commit.
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.write_all(sent);
            std::thread::sleep(COMMITTED_WITHIN);
            break;
        }
        if to.write_all(sent).is_err() {
            break;
        }
    }
    // The other direction may have ended both already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// Whether this is a commit whose answer is to be cut.
fn cuts(sent: &[u8], state: &State) -> bool {
    let is_commit = sent.ends_with(COMMIT);
    let take = |due: u64| due.checked_sub(1);
    let cuts = is_commit && state.due.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
    state.cut.fetch_add(u64::from(cuts), Ordering::SeqCst);
    cuts
}
