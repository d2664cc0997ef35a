//! What cannot be done: one line with the remedy, and nothing is half done.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::apps::{App, Kind};
use super::support::Run;

/// Init fails with one line that holds these parts, and nothing is different afterwards.
fn assert_refused(
    app: &App,
    run: &Run,
    parts: &[&str],
    before: &impl PartialEq<std::collections::BTreeMap<std::path::PathBuf, String>>,
) {
    assert_eq!(run.code, Some(1), "{run:?}");
    let last: Vec<&str> = run.err.lines().filter(|line| !line.ends_with("packages ...")).collect();
    assert_eq!(last.len(), 1, "{}", run.err);
    for part in parts {
        assert!(last[0].contains(part), "no `{part}` in {}", run.err);
    }
    assert!(*before == app.all_files(), "something has changed: {:#?}", app.all_files());
}

fn refused(app: &App, arguments: &[&str], parts: &[&str]) {
    let before = app.all_files();
    assert_refused(app, &app.init(arguments), parts, &before);
}

#[test]
fn no_app() {
    let app = App::fresh(&Kind::usual());
    refused(&app, &["/no/such/folder"], &["there is no folder /no/such/folder", "pointsman init PATH"]);
    fs::remove_dir_all(app.path.join("app")).unwrap();
    refused(&app, &[], &["there is no Next.js app in .", "pointsman init PATH"]);
    app.write("app/page.tsx", "");
    app.write("package.json", "{ \"dependencies\": { \"next\": ");
    refused(&app, &[], &["package.json is not valid JSON"]);
}

#[test]
fn an_instrumentation_file_that_is_not_understood() {
    let app = App::fresh(&Kind::usual());
    app.write("instrumentation.ts", "export function register( {\n  start()\n}\n");
    refused(
        &app,
        &[],
        &["instrumentation.ts was not understood (line 1: ", "nothing was changed", "add by hand `import {"],
    );
    let app = App::fresh(&Kind { typescript: false, ..Kind::usual() });
    app.write("instrumentation.js", "export function register() {\n  const = 3\n}\n");
    refused(&app, &[], &["instrumentation.js was not understood (SyntaxError: ", "nothing was changed"]);
    let app = App::fresh(&Kind::usual());
    app.write("instrumentation.ts", "export { register } from './node'\n");
    refused(&app, &[], &["has no `register` function of a form", "add by hand"]);
}

#[test]
fn an_instrumentation_file_in_the_wrong_folder() {
    let app = App::fresh(&Kind { src: true, ..Kind::usual() });
    app.write("instrumentation.ts", "export function register() {}\n");
    refused(&app, &[], &["instrumentation.ts is in the wrong folder", "src/", "move it"]);
}

#[test]
fn a_configuration_of_next_14_that_is_not_understood() {
    let app = App::fresh(&Kind::usual());
    app.depends_on(&[("next", "14.2.35")]);
    app.write("next.config.ts", "export default async () => ({})\n");
    refused(&app, &[], &["next.config.ts was not understood", "experimental: { instrumentationHook: true }"]);
    app.depends_on(&[("next", "13.5.0")]);
    refused(&app, &[], &["Next.js 13.5", "14.2"]);
}

#[test]
fn lock_files_of_two_package_managers() {
    let app = App::fresh(&Kind::usual());
    app.write("pnpm-lock.yaml", "");
    refused(&app, &[], &["two package managers", "--package-manager"]);
    assert_eq!(app.init(&["--package-manager", "pnpm"]).code, Some(0));
}

#[test]
fn node_or_the_package_manager_is_missing() {
    let app = App::fresh(&Kind::usual());
    app.without_program("npm");
    refused(&app, &[], &["npm, which is not installed", "--package-manager"]);
    app.without_program("node");
    refused(&app, &[], &["Node.js is not installed"]);
}

#[test]
fn an_install_that_fails_is_undone() {
    for (saying, parts) in [
        (
            "npm error code ENOTFOUND\nnpm error network request failed\n",
            &["does not reach its registry", "nothing was changed"][..],
        ),
        ("npm error code E404\nnpm error 404 Not Found\n", &["--package PATH.tgz"]),
        ("error Couldn't find package on the registry.\n", &["--package PATH.tgz"]),
        ("npm error code ERESOLVE\nnpm error could not resolve\n", &["ERESOLVE", "to see all it says"]),
        ("", &["it said nothing"]),
    ] {
        let app = App::fresh(&Kind::usual());
        app.managers_fail(saying);
        refused(&app, &[], parts);
        let tarball = app.outside("pointsman-nextjs-0.1.0.tgz", "not really");
        refused(&app, &["--package", tarball.to_str().unwrap()], &["nothing was changed"]);
    }
}

#[test]
fn a_package_that_is_none() {
    let app = App::fresh(&Kind::usual());
    refused(&app, &["--package", "/no/such.tgz"], &["there is no package /no/such.tgz", "npm pack"]);
    refused(&app, &["--package", "package.json"], &["is not a .tgz file", "npm pack"]);
}

/// Root may write everywhere, unless it has put that right away.
#[test]
fn a_folder_that_cannot_be_written() {
    let app = App::fresh(&Kind::usual());
    let before = app.all_files();
    fs::set_permissions(&app.path, fs::Permissions::from_mode(0o555)).unwrap();
    let whoami = Command::new("id").arg("-u").output().unwrap().stdout;
    let mut init = app.command(&[]);
    if whoami == b"0\n" {
        let direct = init;
        init = Command::new("/usr/bin/setpriv");
        init.args(["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]);
        init.arg(direct.get_program()).args(direct.get_args()).current_dir(&app.path);
        init.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    }
    let output = init.output().unwrap();
    fs::set_permissions(&app.path, fs::Permissions::from_mode(0o755)).unwrap();
    let run = Run {
        code: output.status.code(),
        out: String::new(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert_refused(&app, &run, &["cannot be written", "nothing was changed", "make it writable"], &before);
}
