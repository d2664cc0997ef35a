//! What the program tells shells, `man` and container engines about itself.

use std::path::Path;
use std::process::Command;

use crate::support::{self, Daemon, pointsman};
use crate::{output_of, program};

const NOWHERE: &str = "none.db";

/// The names of all commands, as `--help` lists them.
fn commands() -> Vec<String> {
    let help = pointsman(Path::new(NOWHERE), ["--help"]).out;
    let listed = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap().to_owned();
    let name = |line: &str| line.strip_prefix("  ")?.split(' ').next().map(str::to_owned);
    listed.lines().filter_map(name).filter(|name| !name.is_empty() && name != "help").collect()
}

#[test]
fn each_shell_gets_completions_that_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, checks) in
        [("bash", true), ("zsh", true), ("fish", true), ("elvish", false), ("powershell", false)]
    {
        let run = pointsman(Path::new(NOWHERE), ["completions", shell]);
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{shell}");
        for command in commands() {
            assert!(run.out.contains(&command), "{shell} does not know {command}");
        }
        if checks && let Some(mut program) = installed(shell) {
            let script = folder.path().join(shell);
            std::fs::write(&script, &run.out).unwrap();
            output_of(program.arg("-n").arg(&script));
        }
    }
}

/// Only bash is on every machine.
fn installed(shell: &str) -> Option<Command> {
    Command::new("which").arg(shell).output().unwrap().status.success().then(|| Command::new(shell))
}

#[test]
fn completions_complete_in_a_real_shell() {
    let Some(mut bash) = program("bash", "bash") else { return };
    let script = "source /dev/stdin; COMP_WORDS=(pointsman rep); COMP_CWORD=1; _pointsman pointsman rep pointsman; \
                  echo \"${COMPREPLY[*]}\"";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("completions");
    std::fs::write(&file, pointsman(Path::new(NOWHERE), ["completions", "bash"]).out).unwrap();
    let said = output_of(bash.args(["-c", script]).stdin(std::fs::File::open(file).unwrap()));
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["replay", "report"]);
}

#[test]
fn every_command_has_a_manual_page_that_man_can_set() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let run = pointsman(Path::new(NOWHERE), ["man".as_ref(), "--out".as_ref(), pages.as_os_str()]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "", ""));
    let mut names: Vec<_> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected: Vec<String> = commands().iter().map(|name| format!("pointsman-{name}.1")).collect();
    // A command below a command has a page of its own.
    expected.extend(["pointsman.1".to_owned(), "pointsman-agents-install.1".to_owned()]);
    expected.sort();
    assert_eq!(names, expected);
    let serve = std::fs::read_to_string(pages.join("pointsman-serve.1")).unwrap();
    assert!(serve.contains(r"\-\-otlp\-grpc") && serve.contains("POINTSMAN_OTLP_GRPC"), "{serve}");
    if let Some(mut groff) = program("groff", "groff") {
        let pages = names.iter().map(|name| pages.join(name));
        let said = output_of(groff.args(["-man", "-Tutf8", "-ww", "-z"]).args(pages));
        assert_eq!(said, "");
    }
}

/// The page is of the program, so a faulty configuration, for which somebody reads it, is no reason to refuse.
#[test]
fn a_faulty_configuration_keeps_nobody_from_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faulty.toml");
    std::fs::write(&file, "[serve]\nlisten = 5\n").unwrap();
    for command in [&["man"][..], &["completions", "bash"]] {
        let run = pointsman(Path::new(NOWHERE), [&["--config", file.to_str().unwrap()], command].concat());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{command:?}");
        assert!(run.out.contains("pointsman"));
    }
}

#[test]
fn health_asks_the_running_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("pointsman.db");
    let daemon = Daemon::start(&db, &[]);
    let listen = daemon.pages.to_string();
    let well = pointsman(&db, ["health", "--listen", &listen]);
    assert_eq!((well.code, well.out.as_str(), well.err.as_str()), (Some(0), "ok\n", ""));
    support::wait_for("the first advice", || {
        (pointsman(&db, ["health", "--ready", "--listen", &listen]).code == Some(0)).then_some(())
    });
    // All addresses of the machine: asked is this machine's own.
    let port = daemon.pages.port();
    let all = pointsman(&db, ["health", "--listen", &format!("0.0.0.0:{port}")]);
    assert_eq!((all.code, all.out.as_str()), (Some(0), "ok\n"));
    daemon.kill();
    let dead = pointsman(&db, ["health", "--listen", &listen]);
    assert_eq!((dead.code, dead.out.as_str()), (Some(1), ""));
    assert!(dead.err.contains(&format!("http://{listen}/healthz does not answer")), "{}", dead.err);
}

#[test]
fn health_says_why_it_cannot_ask() {
    for (listen, said) in [("off", "serves no pages"), ("here", "not a valid address")] {
        let run = pointsman(Path::new(NOWHERE), ["health", "--listen", listen]);
        assert_eq!(run.code, Some(1));
        assert!(run.err.contains(said), "{}", run.err);
    }
}

/// Something that is no daemon answers there, with escape sequences.
#[test]
fn health_believes_nobody_else() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 503 No\r\n\r\n\x1b[2Jgone\n").unwrap();
    });
    let run = pointsman(Path::new(NOWHERE), ["health", "--listen", &listen]);
    server.join().unwrap();
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("says 503: \\u{1b}[2Jgone"), "{:?}", run.err);
}
