//! The unit: systemd reads it without a complaint, and it may do little.

use std::path::Path;

use crate::{assert_known, in_repository, output_of, program, read};

const UNIT: &str = "deploy/systemd/pointsman.service";
const TOKENS: &str = "deploy/systemd/pointsman.service.d/tokens.conf";
/// Of ten; systemd calls up to 2.0 the best.
const MOST_EXPOSED: &str = "20";

#[test]
fn systemd_accepts_the_unit() {
    let Some(mut analyze) = program("systemd-analyze", "systemd") else { return };
    // It looks for the program too, which is not installed here, and for the drop-in beside the unit.
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("pointsman.service");
    let installed = read(UNIT).replace("/usr/local/bin/pointsman", env!("CARGO_BIN_EXE_pointsman"));
    std::fs::write(&unit, installed).unwrap();
    let drop_ins = folder.path().join("pointsman.service.d");
    std::fs::create_dir(&drop_ins).unwrap();
    std::fs::copy(in_repository(TOKENS), drop_ins.join("tokens.conf")).unwrap();
    let said = output_of(analyze.args(["verify", "--man=no"]).arg(&unit));
    assert!(!said.contains("pointsman"), "{said}");
}

#[test]
fn the_unit_may_do_little() {
    let Some(mut analyze) = program("systemd-analyze", "systemd") else { return };
    let threshold = format!("--threshold={MOST_EXPOSED}");
    let said = output_of(
        analyze.args(["security", "--offline=yes", "--no-pager", &threshold]).arg(in_repository(UNIT)),
    );
    let overall = said.lines().find(|line| line.contains("Overall exposure level")).unwrap();
    eprintln!("{overall}");
}

/// The settings of a section of a unit, in order.
fn settings<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).collect()
}

#[test]
fn the_unit_names_what_the_program_knows() {
    let unit = [read(UNIT), read(TOKENS)].concat();
    let variables = settings(&unit, "Environment");
    let names: Vec<&str> = variables.iter().map(|set| set.split_once('=').unwrap().0).collect();
    assert_eq!(names.len(), 5, "{names:?}");
    assert_known(names, UNIT);
    // The file lies in the folder that systemd makes and that outlives the unit.
    assert_eq!(settings(&unit, "StateDirectory"), ["pointsman"]);
    assert!(variables.contains(&"POINTSMAN_DB=/var/lib/pointsman/pointsman.db"));
    for credential in settings(&unit, "LoadCredential") {
        let (name, _) = credential.split_once(':').unwrap();
        assert!(variables.iter().any(|set| set.ends_with(&format!("=%d/{name}"))), "{name} is not used");
    }
}

/// Whoever stops it waits longer than it takes at most.
#[test]
fn systemd_waits_for_the_end() {
    let unit = read(UNIT);
    let stop: u64 = settings(&unit, "TimeoutStopSec")[0].trim_end_matches('s').parse().unwrap();
    let config: toml::Table = toml::from_str(
        read("docs/configuration.md").split("```toml\n").nth(1).unwrap().split("```").next().unwrap(),
    )
    .unwrap();
    let within = config["serve"]["shutdown_timeout_s"].as_integer().unwrap();
    assert!(stop > u64::try_from(within).unwrap() + 10, "{stop} s for {within} s");
}

#[test]
fn the_user_is_made_as_the_unit_wants_it() {
    let Some(mut sysusers) = program("systemd-sysusers", "systemd") else { return };
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    let mut root_option = std::ffi::OsString::from("--root=");
    root_option.push(root.path());
    output_of(sysusers.arg(root_option).arg(in_repository("deploy/systemd/pointsman.sysusers.conf")));
    let users = std::fs::read_to_string(root.path().join("etc/passwd")).unwrap();
    let user = users.lines().find(|line| line.starts_with("pointsman:")).unwrap();
    assert!(user.ends_with(":/var/lib/pointsman:/usr/sbin/nologin"), "{user}");
    let unit = read(UNIT);
    assert_eq!((settings(&unit, "User"), settings(&unit, "Group")), (vec!["pointsman"], vec!["pointsman"]));
}

#[test]
fn the_configuration_that_is_installed_is_without_fault() {
    let config = in_repository("deploy/systemd/pointsman.toml");
    let run = crate::support::pointsman(
        Path::new("none.db"),
        [Path::new("check-config"), Path::new("--config"), &config],
    );
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
}
