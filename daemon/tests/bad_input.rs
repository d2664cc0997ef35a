//! Whatever is wrong, the binary says it in one line that names the thing, the reason and the remedy, keeps what
//! is good, and starts nothing. The exit code is not 0 only where nothing could be done.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use support::{Run, command, handlers, otlp, pointsman, recorded, report, sql};

struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn db(&self) -> PathBuf {
        self.path("calls.db")
    }

    fn replay(&self, files: &[&Path]) -> Run {
        pointsman(&self.db(), [Path::new("replay")].iter().chain(files))
    }

    /// A database of this version with one call in it.
    fn database(&self, name: &str) -> PathBuf {
        let db = self.path(name);
        let line = otlp::request(&[otlp::route_call(1, "/api/products")]).to_string();
        let run = pointsman(&db, [Path::new("replay"), &self.file("one.jsonl", line)]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        db
    }

    /// How many calls the database holds.
    fn calls(&self) -> f64 {
        let report = report(&self.db(), &["--until", "last"]);
        handlers(&report).iter().map(|handler| handler["calls"].as_f64().unwrap()).sum()
    }
}

/// A request in a line, with a call of its own.
fn line(trace: u128) -> String {
    otlp::request(&[otlp::route_call(trace, "/api/products")]).to_string()
}

/// Asserts that the command failed, and said only this.
fn assert_fails(run: &Run, says: &str) {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.err.trim_end().lines().count(), 1, "not one line: {}", run.err);
    assert!(run.err.starts_with(&format!("pointsman: {says}")), "expected: {says}\nfound: {}", run.err);
}

#[test]
fn a_file_of_which_nothing_can_be_read_is_named_with_the_place() {
    let world = World::new();
    for (name, content, says) in [
        ("notes.txt", b"hello\n".as_slice(), "line 1: column 1: expected value"),
        ("empty.jsonl", b"", "it is empty"),
        ("blank.jsonl", b"\n\n", "it is empty"),
        ("cut.jsonl", b"{\"resourceSpans\": [{\"scope", "line 1: column 26: EOF while parsing"),
        ("list.json", b"[1, 2]", "line 1: column 1: expected an object with resourceSpans"),
        ("junk.bin", b"\xff\xfe\x00\x9b\x1b[31m\x80\n\x02", "line 1: column 1: expected value"),
    ] {
        let file = world.file(name, content);
        let run = world.replay(&[&file]);
        assert_fails(&run, &format!("nothing in {} can be read as OTLP: {says}", file.display()));
        assert_eq!(run.out, "");
    }
    let missing = world.path("missing.jsonl");
    let says = format!("cannot read {}: No such file or directory", missing.display());
    assert_fails(&world.replay(&[&missing]), &says);
    let folder = world.folder.path();
    assert_fails(&world.replay(&[folder]), &format!("cannot read {}: Is a directory", folder.display()));
    let header = world.file("cut.gz", &gzip(&line(1))[..8]);
    assert_fails(
        &world.replay(&[&header]),
        &format!("cannot read {}: unexpected end of file", header.display()),
    );
}

#[test]
fn a_file_without_any_span_is_told_from_a_recording() {
    let world = World::new();
    for (name, content) in [
        ("package.json", "{\"name\": \"storefront\", \"version\": \"1.0.0\"}"),
        ("metrics.jsonl", "{\"resourceMetrics\": []}\n{\"resourceMetrics\": []}\n"),
    ] {
        let file = world.file(name, content);
        let says = format!("nothing in {} was kept: it holds no usable span", file.display());
        assert_fails(&world.replay(&[&file]), &says);
    }
}

#[test]
fn the_good_part_of_a_file_is_kept_and_each_fault_named() {
    let world = World::new();
    let file = world.file("calls.jsonl", format!("{}\nnonsense\n{}\n{}", line(1), line(2), &line(3)[..100]));
    let run = world.replay(&[&file]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let name = file.display();
    let said: Vec<&str> = run.out.lines().collect();
    assert!(said[0].starts_with(&format!("{name}: 2 requests, 2 spans, ")), "{said:?}");
    assert!(said[1].starts_with(&format!("  {name}, line 2: column 2: expected ident")), "{said:?}");
    assert!(said[2].starts_with(&format!("  {name}, line 4: column 100: EOF while parsing")), "{said:?}");
    assert_eq!(said.len(), 3, "{said:?}");
    assert!((world.calls() - 2.0).abs() < f64::EPSILON);
}

#[test]
fn one_bad_file_does_not_cost_the_others() {
    let world = World::new();
    let bad = world.file("bad.txt", "hello");
    let good = world.file("good.jsonl", line(1));
    let run = world.replay(&[&bad, &good]);
    assert_fails(&run, &format!("nothing in {} can be read", bad.display()));
    assert!(run.out.starts_with(&format!("{}: 1 requests, 1 spans, ", good.display())), "{run:?}");
    assert!((world.calls() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn what_a_later_version_of_otlp_adds_is_passed_over() {
    let world = World::new();
    let newer = line(1).replacen('{', "{\"whatComesNext\": {\"a\": [1]}, ", 1);
    let newer = newer.replace("\"kind\":2", "\"kind\":2,\"mood\":\"good\"");
    assert!(newer.contains("mood"));
    let run = world.replay(&[&world.file("newer.jsonl", newer)]);
    assert_eq!((run.code, run.err.as_str(), run.out.lines().count()), (Some(0), "", 1), "{run:?}");
    assert!((world.calls() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn spans_with_bad_ids_are_told_by_their_line_and_the_others_kept() {
    let world = World::new();
    let id = format!("{:032x}", 1);
    for bad in ["00000000000000000000000000000000", "abc", "not hex digits at all", ""] {
        let file = world.file("ids.jsonl", format!("{}\n{}", line(1).replace(&id, bad), line(2)));
        let run = world.replay(&[&file]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{bad}");
        let name = file.display();
        assert!(run.out.starts_with(&format!("{name}: 2 requests, 1 spans, ")), "{bad}: {}", run.out);
        assert!(run.out.contains("refused or cut: bad_trace_id 1"), "{bad}: {}", run.out);
        let place = format!("{name}, line 1: spans refused: bad_trace_id 1");
        assert!(run.out.contains(&place), "{bad}: {}", run.out);
    }
    let file = world.file("ids.jsonl", line(1).replace(&id, "abc"));
    let says = format!("nothing in {} was kept: it holds no usable span", file.display());
    assert_fails(&world.replay(&[&file]), &says);
}

#[test]
fn a_compressed_file_that_breaks_off_gives_what_it_holds() {
    let world = World::new();
    let whole = gzip(&recorded("next-14.2").join("\n"));
    let file = world.file("half.jsonl.gz", &whole[..whole.len() / 2]);
    let run = world.replay(&[&file]);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let name = file.display();
    assert!(run.out.contains(&format!("  {name}, byte ")), "{}", run.out);
    assert!(run.out.contains("the compressed stream breaks off"), "{}", run.out);
    assert!(world.calls() > 0.0);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// Runs the daemon where it must refuse; a daemon that starts after all is ended and fails the test.
fn serve(db: &Path, arguments: &[&str]) -> Run {
    let mut command = command(db);
    command.arg("serve").args(arguments);
    start(&mut command)
}

fn start(command: &mut Command) -> Run {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = String::new();
    let mut byte = [0];
    let mut pipe = child.stderr.take().unwrap();
    // A daemon that starts logs it; one that refuses says why, and no more.
    while !err.contains(" INFO ") && pipe.read(&mut byte).unwrap() > 0 {
        err.push(char::from(byte[0]));
    }
    if err.contains(" INFO ") {
        child.kill().unwrap();
    }
    Run { code: child.wait().unwrap().code(), out: String::new(), err }
}

#[test]
fn a_port_in_use_is_named_with_its_flag_before_anything_starts() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (flag, what) in [("--otlp-grpc", "OTLP/gRPC"), ("--otlp-http", "OTLP/HTTP"), ("--listen", "pages")] {
        let mut arguments =
            vec!["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--listen", "off"];
        let at = arguments.iter().position(|argument| *argument == flag).unwrap();
        arguments[at + 1] = &address;
        let run = serve(&world.db(), &arguments);
        assert_fails(
            &run,
            &format!(
                "cannot listen for {what} on {address}: Address already in use (os error 98); stop the program \
                 that uses it, choose another address with {flag} ADDR, or switch "
            ),
        );
        assert!(!world.db().exists(), "{flag}: a database was made");
        let run = serve(&world.db(), &[flag, "here"]);
        assert_fails(
            &run,
            &format!(
                "serve.{} = here: not a valid address; write IP:PORT as in 127.0.0.1:4318, or off",
                flag.trim_start_matches('-').replace('-', "_")
            ),
        );
    }
}

#[test]
fn a_database_that_cannot_be_used_is_named_with_the_remedy_before_anything_starts() {
    let world = World::new();
    let below_a_file = world.file("file", "").join("calls.db");
    let nowhere = world.path("no/such/folder/calls.db");
    let text = world
        .file("text.db", "a text, and long enough to be taken for the header of a database file. ".repeat(3));
    let foreign = world.path("foreign.db");
    sql(&foreign, "CREATE TABLE theirs (id INTEGER)");
    let newer = world.database("newer.db");
    sql(
        &newer,
        "INSERT INTO _sqlx_migrations SELECT 9999, description, installed_on, success, checksum, execution_time \
         FROM _sqlx_migrations LIMIT 1",
    );
    let recording = world.file("one.jsonl", line(1));
    for (db, says, remedy) in [
        (&below_a_file, "cannot open the database", "name another file with --db"),
        (&nowhere, "cannot open the database", "check that the folder exists and can be written"),
        (&text, "cannot open the database", "it is damaged or not a database"),
        (&foreign, "", "is a database of another program; name another file with --db"),
        (&newer, "the database", "was written by a newer version of pointsman"),
    ] {
        let says = format!("{says} {}", db.display());
        let everything =
            ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
        for run in [serve(db, &everything), pointsman(db, [Path::new("replay"), &recording])] {
            assert_fails(&run, says.trim_start());
            assert!(run.err.contains(remedy), "{}", run.err);
            assert_eq!(run.out, "");
        }
    }
    assert_eq!(pointsman(&foreign, ["report"]).code, Some(1));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_starts() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let folder = world.path("read-only");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        println!("skipped: this user may write anywhere");
        return;
    }
    let db = folder.join("calls.db");
    let run = serve(&db, &["--otlp-grpc", "off", "--otlp-http", "off", "--listen", "127.0.0.1:0"]);
    assert_fails(&run, &format!("cannot open the database {}", db.display()));
    assert!(run.err.contains("check that the folder exists and can be written"), "{}", run.err);
}

#[test]
fn reading_a_database_that_is_not_there_makes_none() {
    let world = World::new();
    let id = format!("{:032x}", 1);
    for arguments in [&["report"][..], &["doctor"], &["explain", "/api/cart"], &["trace", &id]] {
        let run = pointsman(&world.db(), arguments);
        let db = world.db();
        assert_fails(
            &run,
            &format!(
                "there is no database {}; `pointsman serve` or `pointsman replay` makes one, --db names another",
                db.display()
            ),
        );
        assert!(!db.exists());
    }
}

#[test]
fn every_fault_of_a_configuration_is_told_at_once() {
    let world = World::new();
    let faulty = world.file(
        "pointsman.toml",
        "[otlp]\nmax_connections = 0\ntls = true\n[serve]\nlisten = \"here\"\nlisten_on = \"127.0.0.1:1\"\n[advice]\nsampling_ratio = 2.0\n\
         min_days_for_move = \"many\"\n[advice.rules.no-such-rule]\nweight = 1.0\n",
    );
    let config = faulty.to_str().unwrap();
    for run in [
        serve(&world.db(), &["--config", config]),
        pointsman(&world.db(), ["report", "--config", config]),
        pointsman(&world.db(), ["replay", "x.jsonl", "--config", config]),
    ] {
        assert_fails(&run, &format!("in the configuration {config}: "));
        for fault in [
            "otlp.max_connections = 0: write a number from 1 to 1000000",
            "otlp.tls: unknown field `tls`, expected one of",
            "serve.listen = here: not a valid address",
            "serve.listen_on: unknown field `listen_on`, expected one of",
            "advice.sampling_ratio = 2: it is a share",
            "advice.min_days_for_move: invalid type: string \"many\"",
            "advice.rules.no-such-rule: there is no such rule",
        ] {
            assert!(run.err.contains(fault), "{fault}\n{}", run.err);
        }
    }
    let broken = world.file("broken.toml", "[serve]\n[advice\n");
    let run = pointsman(&world.db(), ["report", "--config", broken.to_str().unwrap()]);
    assert_fails(&run, &format!("in the configuration {}: line 2: ", broken.display()));
    let missing = world.path("missing.toml");
    let run = pointsman(&world.db(), ["report", "--config", missing.to_str().unwrap()]);
    assert_fails(
        &run,
        &format!("cannot read the configuration {} that --config names: No such", missing.display()),
    );
}

const EVERYTHING: [&str; 6] =
    ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--listen", "127.0.0.1:0"];

#[test]
fn faults_of_certificates_and_tokens_are_told_in_one_line_before_anything_starts() {
    let world = World::new();
    let certificate = world.path("certificate.pem");
    let tokens = world.file("tokens", "# ours\nshop 0123456789abcdef\nblog secret\n");
    let config = world.file(
        "pointsman.toml",
        format!(
            "[otlp]\ntls_certificate = {certificate:?}\ntls_key = {certificate:?}\ntokens_file = {tokens:?}\n"
        ),
    );
    let run = serve(&world.db(), &[&EVERYTHING[..], &["--config", config.to_str().unwrap()]].concat());
    let says = format!(
        "the TLS certificate {}: it cannot be read: No such file or directory (os error 2); write the path of a file \
         that is there; the tokens file {}: line 3: the token has fewer than 16 characters and could be guessed; make ",
        certificate.display(),
        tokens.display()
    );
    assert_fails(&run, &says);
    assert!(!run.err.contains("secret") && !run.err.contains("0123456789abcdef"), "{}", run.err);
    assert!(!world.db().exists());

    let key = tokens.to_str().unwrap();
    let run = serve(&world.db(), &[&EVERYTHING[..], &["--otlp-tls-key", key]].concat());
    assert_fails(
        &run,
        "the TLS key has no certificate: name it with --otlp-tls-certificate or otlp.tls_certificate",
    );
    let mut with_tokens = command(&world.db());
    with_tokens.arg("serve").args(EVERYTHING).env("POINTSMAN_OTLP_TOKENS", "shop 0123456789abcdef,secret");
    let run = start(&mut with_tokens);
    assert_fails(&run, "POINTSMAN_OTLP_TOKENS: line 2: write a name, a space and a token");
}

#[test]
fn access_that_is_open_to_other_machines_is_warned_of() {
    let world = World::new();
    let reachable = ["--otlp-grpc", "off", "--otlp-http", "0.0.0.0:0", "--listen", "off"];
    let run = serve(&world.db(), &reachable);
    assert!(run.err.contains("anyone who reaches this address can send spans"), "{}", run.err);
    let tokens = world.file("tokens", "shop 0123456789abcdef\n");
    let guarded = [&reachable[..], &["--otlp-tokens-file", tokens.to_str().unwrap()]].concat();
    for arguments in [&guarded[..], &EVERYTHING] {
        let run = serve(&world.db(), arguments);
        assert!(run.err.contains(" INFO ") && !run.err.contains("anyone"), "{}", run.err);
    }
}

#[test]
fn a_bad_argument_is_told_with_what_may_stand_there() {
    let world = World::new();
    let db = world.database("calls.db");
    for (arguments, says) in [
        (&["report", "--window", "7"][..], "write days as `7d` or hours as `12h`, up to 400d"),
        (&["report", "--until", "yesterday"], "write `now`, `last` or 2026-11-22T06:00:00Z"),
        (&["report", "--format", "pdf"], "[possible values: text, markdown, html, json]"),
    ] {
        let run = pointsman(&db, arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
    }
    let unknown_trace = format!("{:032x}", 99);
    for (arguments, says) in [
        (&["report", "--service", "nope"][..], "there is no service nope; there are: shop"),
        (
            &["explain", "nope"],
            "no change or handler is called nope; `pointsman report --full` lists them with their ids",
        ),
        (&["trace", "12"], "`12` is not a trace id: it has 32 hex digits, not all zero"),
        (&["trace", &unknown_trace], "trace 00000000000000000000000000000063 is not in "),
    ] {
        assert_fails(&pointsman(&db, arguments), says);
    }
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let world = World::new();
    // Nobody listens there.
    let url = "postgres://pointsman:hunter2@127.0.0.1:1/pointsman";
    let wrong = format!("{url}?colour=red");
    for (at, argument, says) in [
        (wrong.as_str(), "serve", "the parameter colour"),
        (&wrong, "report", "the parameter colour"),
        (url, "report", "check that the server runs"),
        (url, "doctor", "check that the server runs"),
    ] {
        let run = start(command(Path::new(at)).arg(argument).current_dir(world.path("")));
        assert_fails(&run, "cannot use the database postgres://pointsman@127.0.0.1:1/pointsman: ");
        assert!(run.err.contains(says) && !run.err.contains("hunter2"), "{run:?}");
    }
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), 0);
    // Nor does the help show what stands in the environment.
    let help = command(&world.db()).env("POINTSMAN_DB", url).args(["report", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("POINTSMAN_DB") && !help.contains("hunter2"), "{help}");
}
