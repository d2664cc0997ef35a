//! Two collectors behind HAProxy, as deploy/compose-postgres.yaml puts them there: whoever of them dies, senders and readers have one
//! address that answers.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::server;
use crate::support::{self, otlp, send, wait_for, workspace};
use crate::{collector, settled};

/// HAProxy with the configuration of the repository, on ports of this test.
struct Proxy {
    process: Child,
    otlp: SocketAddr,
    pages: SocketAddr,
}

impl Proxy {
    /// None where HAProxy is not installed, which is said.
    fn start(folder: &Path, collectors: &[support::Daemon; 2]) -> Option<Self> {
        let program = Path::new("/usr/sbin/haproxy");
        if !program.is_file() {
            assert!(std::env::var_os("CI").is_none(), "haproxy is not installed; .ci/run installs it");
            eprintln!("HAProxy is not installed (Debian: haproxy): nothing is tested behind it");
            return None;
        }
        let [grpc, otlp, pages] =
            [0; 3].map(|_| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        let mut configuration =
            std::fs::read_to_string(workspace().join("deploy/haproxy/haproxy.cfg")).unwrap();
        for (name, port, here) in [("grpc", 4317, grpc), ("http", 4318, otlp), ("pages", 4400, pages)] {
            configuration = configuration.replace(&format!("bind :{port}"), &format!("bind {here}"));
            for (number, one) in collectors.iter().enumerate() {
                let there = match name {
                    "grpc" => one.grpc,
                    "http" => one.otlp,
                    _ => one.pages,
                };
                let named = format!("collector-{}:{port} check", number + 1);
                // The containers have their pages on one port, the processes here have not.
                let asked = format!("{there} check port {}", one.pages.port());
                configuration = configuration.replace(&format!("{named} port 4400"), &asked);
                configuration = configuration.replace(&named, &asked);
            }
        }
        assert!(!configuration.contains("collector-"), "{configuration}");
        let file = folder.join("haproxy.cfg");
        std::fs::write(&file, configuration).unwrap();
        let process =
            Command::new(program).args(["-db", "-f"]).arg(&file).stderr(Stdio::inherit()).spawn().unwrap();
        wait_for("the proxy", || std::net::TcpStream::connect(pages).ok());
        Some(Self { process, otlp, pages })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn whoever_dies_the_one_address_takes_spans_and_shows_them() {
    let Some(address) = server::address() else { return };
    let folder = tempfile::tempdir().unwrap();
    let collectors = [collector(&address), collector(&address)];
    let Some(proxy) = Proxy::start(folder.path(), &collectors) else { return };
    // Again until it is taken, as senders do.
    let sent = |trace: u128| {
        let request = otlp::request(&[otlp::route_call(trace, "/api/stock")]);
        wait_for("an acknowledgement", || {
            send(proxy.otlp, &request).ok().filter(|reply| reply.status == 200).map(|_| ())
        });
    };
    (1..=20).for_each(sent);
    let [first, second] = collectors;
    first.kill();
    (21..=40).for_each(sent);
    settled(&address);
    wait_for("the pages", || {
        let page = support::http(proxy.pages, "GET", "/healthz", "").ok()?;
        (page.status == 200).then_some(())
    });
    let (calls, _) = crate::content(crate::server_location(&address));
    assert_eq!(calls.len(), 40);
    assert_eq!(second.terminate().0.code(), Some(0));
}
