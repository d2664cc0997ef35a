//! The five minutes of a newcomer, with the real programs: an app by `create-next-app`, `pointsman init`, a build, ten requests,
//! and a first true sentence about them. Long, and wants a registry: `make test-init`.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::{Daemon, command, pointsman, report, wait_for, workspace};

/// From the first command to the sentence, without what the app itself takes to be made and built.
const WITHIN: Duration = Duration::from_secs(300);
const REQUESTS: u32 = 10;

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn succeed(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// The package as `npm pack` makes it.
fn tarball(into: &Path) -> PathBuf {
    let package = workspace().join("packages/nextjs");
    succeed(
        Command::new("npm").args(["pack", "--silent", "--pack-destination"]).arg(into).current_dir(package),
    );
    let entries = std::fs::read_dir(into).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "tgz")).unwrap()
}

/// PATH with pnpm in front, which is installed for the test.
fn with_pnpm(folder: &Path) -> String {
    let prefix = folder.join("tools");
    succeed(
        Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&prefix)
            .arg("pnpm@10"),
    );
    format!("{}:{}", prefix.join("node_modules/.bin").display(), std::env::var("PATH").unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn from_nothing_to_a_true_sentence(manager: &str, create: &[&str], code: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = with_pnpm(folder.path());
    let tarball = tarball(folder.path());
    let mut make = Command::new("npx");
    make.args([
        "--yes",
        "create-next-app@16",
        "my-app",
        "--app",
        "--no-eslint",
        "--no-tailwind",
        // The other template fetches fonts from elsewhere when it is built.
        "--empty",
        "--disable-git",
        "--yes",
    ]);
    succeed(
        make.args(create).env("PATH", &path).env("NEXT_TELEMETRY_DISABLED", "1").current_dir(folder.path()),
    );
    let app = folder.path().join("my-app");
    let db = folder.path().join("pointsman.db");

    let begin = Instant::now();
    let daemon = Daemon::start(&db, &[]);
    let mut init = command(&db);
    init.arg("init").arg(&app).arg("--package").arg(&tarball).env("PATH", &path);
    let said = succeed(&mut init);
    assert!(app.join(code).is_file(), "{said}");
    let initialized = begin.elapsed();
    let again = succeed(command(&db).arg("init").arg(&app).env("PATH", &path));
    assert!(again.contains("nothing to do"), "{again}");

    let next = || {
        let mut next = Command::new(app.join("node_modules/.bin/next"));
        next.env("NEXT_TELEMETRY_DISABLED", "1").current_dir(&app).stdin(Stdio::null());
        next
    };
    succeed(next().arg("build"));
    let built = begin.elapsed();
    let port = free_port();
    let mut start = next();
    start.args(["start", "--port", &port.to_string(), "--hostname", "127.0.0.1"]);
    start
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", daemon.otlp))
        .env("OTEL_BSP_SCHEDULE_DELAY", "500");
    let log = std::fs::File::create(folder.path().join("app.log")).unwrap();
    let _app = Running(start.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    let address: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    wait_for("the app to listen", || std::net::TcpStream::connect(address).ok());
    for _ in 0..REQUESTS {
        let status = Command::new("node")
            .args([
                "-e",
                &format!("fetch('http://{address}/').then((r) => process.exit(r.status === 200 ? 0 : 1))"),
            ])
            .status();
        assert!(status.unwrap().success());
    }
    let calls = |report: &Value| {
        let handlers = report["handlers"].as_array().cloned().unwrap_or_default();
        handlers
            .iter()
            .find(|handler| handler["kind"] == "page" && handler["route"] == "/")
            .map(|handler| handler["calls"].clone())
    };
    wait_for("the ten calls", || {
        let service = |report: &Value| report["service"] == "my-app";
        let report = report(&db, &[]);
        (service(&report) && calls(&report).and_then(|calls| calls.as_f64()) == Some(f64::from(REQUESTS)))
            .then_some(())
    });
    let text = pointsman(&db, ["report", "--full"]).out;
    let sentence =
        text.lines().find(|line| line.contains("page, 10 calls")).unwrap_or_else(|| panic!("{text}"));
    let took = begin.elapsed();
    println!(
        "{manager}: init {initialized:.1?}, built {built:.1?}, first true sentence after {took:.1?}:\n{sentence}"
    );
    assert!(took < WITHIN, "it took {took:?}");

    let undone = succeed(command(&db).arg("init").arg(&app).arg("--undo").env("PATH", &path));
    assert!(undone.contains("is taken back") && !app.join(code).exists(), "{undone}");
    let manifest = std::fs::read_to_string(app.join("package.json")).unwrap();
    assert!(!manifest.contains("pointsman") && !manifest.contains("opentelemetry"), "{manifest}");
}

#[test]
#[ignore = "long, and wants a registry: make test-init"]
fn an_app_with_npm_and_typescript() {
    from_nothing_to_a_true_sentence("npm", &["--ts", "--no-src-dir", "--use-npm"], "instrumentation.ts");
}

#[test]
#[ignore = "long, and wants a registry: make test-init"]
fn an_app_with_pnpm_src_and_javascript() {
    from_nothing_to_a_true_sentence("pnpm", &["--js", "--src-dir", "--use-pnpm"], "src/instrumentation.js");
}
