//! A PostgreSQL server of the tests' own: made in a folder of its own, on a socket and a port of its own, and gone with the process
//! that wanted it, however that ends. `POINTSMAN_TEST_POSTGRES` names another server in its place.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure, in its helpers too")]

use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The variable that names a server to be used in place of one that is made.
const GIVEN: &str = "POINTSMAN_TEST_POSTGRES";
/// Where Debian has the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// What runs beside the test: starts the server, waits until the test has ended, stops the server, and tidies up.
const KEEPER: &str = r#"folder=$1; shift
"$@" & server=$!
cat > /dev/null
kill -QUIT $server 2> /dev/null
wait $server
rm -rf "$folder""#;

/// A server that was made.
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
    /// Whether what it has committed survives the machine.
    is_durable: bool,
    keeper: Option<Child>,
}

/// An address with a schema of its own, on the server of this process; `None` where there is no PostgreSQL, which is said.
pub(crate) fn address() -> Option<String> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let base = base()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let between = if base.contains('?') { '&' } else { '?' };
    Some(format!("{base}{between}schema=pointsman_test_{}_{now}_{number}", std::process::id()))
}

/// The server of this process.
fn base() -> Option<String> {
    static SERVER: OnceLock<Option<(Option<Server>, String)>> = OnceLock::new();
    let made = SERVER.get_or_init(|| {
        if let Ok(given) = std::env::var(GIVEN) {
            return Some((None, given));
        }
        let server = Server::start()?;
        let address = server.address();
        Some((Some(server), address))
    });
    made.as_ref().map(|(_, address)| address.clone())
}

/// The programs of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let versions = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        entry.path().join("bin/postgres").is_file().then(|| (version, entry.path().join("bin")))
    });
    let newest = versions.max_by_key(|(version, _)| *version).filter(|(version, _)| *version >= 15);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let elsewhere = || {
        std::env::split_paths(&path)
            .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
    };
    newest.map(|(_, folder)| folder).or_else(elsewhere)
}

/// Of root, how to be somebody else: PostgreSQL refuses to run as root.
pub(crate) fn unprivileged() -> Vec<String> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    if id(&["-u"]) != "0" {
        return Vec::new();
    }
    let (user, group) = (id(&["-u", "postgres"]), id(&["-g", "postgres"]));
    ["setpriv", &format!("--reuid={user}"), &format!("--regid={group}"), "--clear-groups"]
        .map(str::to_owned)
        .into()
}

impl Server {
    /// Makes one and starts it.
    pub(crate) fn start() -> Option<Self> {
        Self::make(false)
    }

    /// One that waits for the disk, as those of operators do.
    pub(crate) fn durable() -> Option<Self> {
        Self::make(true)
    }

    fn make(is_durable: bool) -> Option<Self> {
        let Some(programs) = programs() else {
            let says = format!(
                "PostgreSQL 15 or later is not installed (Debian: postgresql), and {GIVEN} names no server: nothing is \
                 tested on it"
            );
            assert!(std::env::var_os("CI").is_none(), "{says}; .ci/run installs it");
            eprintln!("{says}");
            return None;
        };
        let mut server = Self::in_new_folder(programs);
        server.is_durable = is_durable;
        server.run(
            "initdb",
            &["-U", "pointsman", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"],
        );
        server.start_on_a_free_port();
        Some(server)
    }

    fn in_new_folder(programs: PathBuf) -> Self {
        let is_root = !unprivileged().is_empty();
        // Where somebody else than root may go.
        let place = if is_root { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("pointsman-pg-").tempdir_in(place).unwrap().keep();
        if is_root {
            let owner = Command::new("chown").arg("postgres:postgres").arg(&folder).status().unwrap();
            assert!(owner.success(), "the folder cannot be given to the user postgres");
        }
        Self { folder, programs, port: 0, is_durable: false, keeper: None }
    }

    fn start_on_a_free_port(&mut self) {
        // A port that is free now may be somebody else's a moment later.
        let has_port = (0..5).any(|_| {
            self.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            self.runs()
        });
        assert!(has_port, "the server gets no port: {}", self.log());
    }

    /// Another server that follows this one, ready to take its place.
    pub(crate) fn standby(&self) -> Self {
        let mut standby = Self::in_new_folder(self.programs.clone());
        let port = self.port.to_string();
        standby.run(
            "pg_basebackup",
            &["-h", "127.0.0.1", "-p", &port, "-U", "pointsman", "-R", "-X", "stream", "-c", "fast", "-D"],
        );
        standby.start_on_a_free_port();
        standby
    }

    /// What the server's first process is called by the system.
    pub(crate) fn pid(&self) -> u32 {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    /// What the server answers to a statement: its values, a row a line.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let mut words = self.command("psql");
        let address = self.address();
        words.extend(["-qAt", "-v", "ON_ERROR_STOP=1", "-d", &address, "-c", statement].map(str::to_owned));
        let output = Command::new(&words[0]).args(&words[1..]).current_dir("/").output().unwrap();
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Vec<String> {
        let mut words = unprivileged();
        words.push(self.programs.join(program).display().to_string());
        words
    }

    /// Runs a program on the data.
    fn run(&self, program: &str, arguments: &[&str]) {
        let words = self.command(program);
        let output = Command::new(&words[0])
            .args(&words[1..])
            .args(arguments)
            .arg(self.data())
            .current_dir("/")
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts it again, on the port that it had.
    pub(crate) fn restart(&mut self) {
        assert!(self.runs(), "the server does not start again: {}", self.log());
    }

    /// Starts it; false when somebody else has its port.
    fn runs(&mut self) -> bool {
        let folder = self.folder.display().to_string();
        let mut words = self.command("postgres");
        words.extend(["-D".to_owned(), self.data().display().to_string()]);
        // What is tested is that processes end, not that the power does: the system keeps what was written.
        let sync = if self.is_durable { "on" } else { "off" };
        for setting in [
            "listen_addresses=127.0.0.1",
            &format!("port={}", self.port),
            &format!("unix_socket_directories={folder}"),
            &format!("fsync={sync}"),
            &format!("full_page_writes={sync}"),
            "max_connections=300",
            "shared_buffers=64MB",
        ] {
            words.extend(["-c".to_owned(), setting.to_owned()]);
        }
        let log = std::fs::File::create(self.folder.join("log")).unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper", &folder])
            .args(words)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.keeper = Some(keeper);
        self.is_ready()
    }

    fn log(&self) -> String {
        let mut log = String::new();
        std::fs::File::open(self.folder.join("log")).unwrap().read_to_string(&mut log).unwrap();
        log
    }

    fn is_ready(&mut self) -> bool {
        let begin = Instant::now();
        let words = self.command("pg_isready");
        loop {
            let mut ready = Command::new(&words[0]);
            ready.args(&words[1..]).args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            // Somebody else may answer on that port.
            let log = self.log();
            if log.contains("could not bind") {
                if let Some(mut keeper) = self.keeper.take() {
                    // It would tidy up.
                    let _ = keeper.kill();
                    let _ = keeper.wait();
                }
                return false;
            }
            if ready.current_dir("/").status().unwrap().success() {
                return true;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "the server does not start: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops it as a crash would: `pg_ctl stop -m immediate`.
    pub(crate) fn stop_at_once(&mut self) {
        self.run("pg_ctl", &["stop", "-s", "-m", "immediate", "-D"]);
        if let Some(keeper) = &mut self.keeper {
            // The keeper would tidy up: it must not end by itself.
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
        self.keeper = None;
    }

    /// The address of its database, over TCP.
    pub(crate) fn address(&self) -> String {
        format!("postgres://pointsman@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            // It sees that nobody wants the server any more.
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        } else {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
