//! The release archive, made of the daemon under test: what is in it, that it is sound, and that it can be made again.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{in_repository, output_of, read, support};

/// Makes the archive; its path.
fn make(daemon: &Path, dist: &Path) -> PathBuf {
    let mut script = Command::new(in_repository("deploy/release-archive.sh"));
    script.arg(daemon).env("DIST", dist).env("SOURCE_DATE_EPOCH", "1700000000");
    output_of(&mut script).trim_end().into()
}

/// What the document has an operator copy, start or remove is in the archive.
fn assert_holds_what_is_installed(files: &[&str]) {
    let document = read("docs/deployment.md");
    let words = document.split(|letter: char| letter.is_whitespace() || "`\"'()".contains(letter));
    let installed = words.filter_map(|word| word.strip_prefix("/usr/local/"));
    let installed: Vec<&str> = installed.map(|path| path.trim_end_matches([',', '.', ';'])).collect();
    assert!(installed.len() > 5, "{installed:?}");
    for path in installed {
        let found = match path.split_once('*') {
            Some((begin, end)) => files.iter().any(|file| file.starts_with(begin) && file.ends_with(end)),
            None => files.contains(&path),
        };
        assert!(found, "docs/deployment.md installs {path}, which is not in the archive");
    }
}

#[test]
fn the_archive_holds_what_is_promised_and_can_be_made_again() {
    let folder = tempfile::tempdir().unwrap();
    // Without what debuggers read, which would take long to compress.
    let daemon = folder.path().join("daemon");
    output_of(Command::new("strip").arg("-o").arg(&daemon).arg(env!("CARGO_BIN_EXE_pointsman")));
    let archive = make(&daemon, &folder.path().join("one"));
    let version = env!("CARGO_PKG_VERSION");
    let name = archive.file_name().unwrap().to_str().unwrap();
    let stem = name.strip_suffix(".tar.gz").unwrap();
    assert!(stem.starts_with(&format!("pointsman-{version}-")), "{name}");

    let listed = output_of(
        Command::new("tar").args(["--list", "--verbose", "--numeric-owner", "--file"]).arg(&archive),
    );
    let files: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('d'))
        .map(|line| line.rsplit(' ').next().unwrap().strip_prefix(&format!("{stem}/")).unwrap())
        .collect();
    for promised in [
        "bin/pointsman",
        "lib/systemd/system/pointsman.service",
        "lib/sysusers.d/pointsman.conf",
        "share/bash-completion/completions/pointsman",
        "share/zsh/site-functions/_pointsman",
        "share/fish/vendor_completions.d/pointsman.fish",
        "share/man/man1/pointsman.1",
        "share/man/man1/pointsman-serve.1",
        "share/doc/pointsman/README.md",
        "share/doc/pointsman/CHANGELOG.md",
        "share/doc/pointsman/SECURITY.md",
        "share/doc/pointsman/LICENSE-APACHE",
        "share/doc/pointsman/LICENSE-MIT",
        "share/doc/pointsman/docs/deployment.md",
        "share/doc/pointsman/examples/pointsman.toml",
        "share/doc/pointsman/examples/tokens.conf",
        "share/doc/pointsman/examples/otel-collector/config.yaml",
        "share/doc/pointsman/examples/prometheus/pointsman.rules.yml",
        "share/doc/pointsman/examples/grafana/pointsman-operator.json",
        "share/doc/pointsman/examples/grafana/pointsman-app.json",
    ] {
        assert!(files.contains(&promised), "{promised} is not in the archive:\n{listed}");
    }
    assert!(files.is_sorted(), "{listed}");
    assert_holds_what_is_installed(&files);
    for line in listed.lines() {
        assert!(line.contains(" 0/0 ") && line.contains(" 2023-11-14 22:13 "), "{line}");
    }
    let (program, others): (Vec<&str>, Vec<&str>) = listed
        .lines()
        .filter(|line| !line.starts_with('d'))
        .partition(|line| line.ends_with("/bin/pointsman"));
    assert!(
        program[0].starts_with("-rwxr-xr-x ") && others.iter().all(|line| line.starts_with("-rw-r--r-- ")),
        "{listed}"
    );

    let mut check = Command::new("sha256sum");
    output_of(check.arg("--check").arg(format!("{name}.sha256")).current_dir(archive.parent().unwrap()));
    let again = make(&daemon, &folder.path().join("two"));
    assert!(
        std::fs::read(&archive).unwrap() == std::fs::read(&again).unwrap(),
        "the same inputs give other bytes"
    );

    // It is the program that was put in, and it runs from where it was unpacked.
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    output_of(
        Command::new("tar").arg("--extract").arg("--file").arg(&archive).arg("--directory").arg(&unpacked),
    );
    let said = output_of(Command::new(unpacked.join(stem).join("bin/pointsman")).arg("--version"));
    assert_eq!(said, format!("pointsman {version}\n"));
    let run = support::pointsman(Path::new("none.db"), ["completions", "fish"]);
    let fish = unpacked.join(stem).join("share/fish/vendor_completions.d/pointsman.fish");
    assert_eq!(std::fs::read_to_string(fish).unwrap(), run.out);
}
