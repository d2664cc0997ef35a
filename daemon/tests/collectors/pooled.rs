//! Collectors behind PgBouncer in transaction mode: what belongs to a session (prepared statements, settings, advisory locks) is
//! somebody else's after each transaction, so nothing may rest on it.

use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::server::{Server, unprivileged};
use crate::support::{recorded, report, wait_for};
use crate::{assert_as_in_one_file, collector, comparable, halves, settled};

/// Sessions at the server for all collectors together: fewer than they have connections, so that they do change hands.
const SESSIONS: u32 = 3;

/// A pooler of the test's own, gone with it.
struct Pooler {
    process: Child,
    port: u16,
    folder: PathBuf,
}

impl Pooler {
    /// None where PgBouncer is not installed, which is said.
    fn start(server: &Server) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .map(Path::new)
            .into_iter()
            .find(|path| path.is_file());
        let Some(program) = program else {
            assert!(std::env::var_os("CI").is_none(), "pgbouncer is not installed; .ci/run installs it");
            eprintln!("PgBouncer is not installed (Debian: pgbouncer): nothing is tested through it");
            return None;
        };
        // Where the server's user may read, whom a pooler of root becomes.
        let folder = server.folder().join("pooler");
        std::fs::create_dir(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = format!(
            "[databases]\npostgres = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {SESSIONS}\n\
             max_client_conn = 200\nserver_reset_query = DISCARD ALL\nserver_reset_query_always = 1\n\
             ignore_startup_parameters = extra_float_digits,options\n",
            server.port()
        );
        // Its `any` signs in to the server as one user.
        let settings = settings.replace("\n[pgbouncer]", " user=pointsman\n[pgbouncer]");
        let file = folder.join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut words = unprivileged();
        words.push(program.display().to_string());
        words.push(file.display().to_string());
        let mut process = Command::new(&words[0])
            .args(&words[1..])
            .current_dir("/")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait_for("the pooler", || {
            if process.try_wait().unwrap().is_some() {
                let mut said = String::new();
                process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("the pooler ended: {said}");
            }
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Some(Self { process, port, folder })
    }

    fn address(&self, schema: &str) -> String {
        format!("postgres://pointsman@127.0.0.1:{}/postgres?schema={schema}", self.port)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn collectors_behind_a_pooler_of_transactions_give_the_report_of_one_file() {
    let Some(server) = Server::start() else { return };
    let Some(pooler) = Pooler::start(&server) else { return };
    let (pooled, direct) = (pooler.address("pooled"), format!("{}?schema=pooled", server.address()));
    let requests: Vec<Value> = recorded("storefront")
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .flat_map(|request| halves(&request))
        .collect();
    let collectors = [collector(&pooled), collector(&pooled)];
    for (number, request) in requests.iter().enumerate() {
        assert_eq!(collectors[number % 2].send(request).status, 200);
    }
    // The test itself prepares statements: it looks past the pooler.
    settled(&direct);
    assert_as_in_one_file(&direct, &requests);
    // Commands go through it as well.
    let look = ["--until", "last"];
    assert_eq!(comparable(report(Path::new(&pooled), &look)), comparable(report(Path::new(&direct), &look)));
    for one in collectors {
        assert_eq!(one.terminate().0.code(), Some(0));
    }
}
