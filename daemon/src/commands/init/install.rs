//! Doing what was planned: packages first, because only that can fail for reasons outside this machine, files last. Whatever
//! fails, the app is as it was before.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};

use super::app::App;
use super::change;
use super::managers::{LOCK_FILES, Manager, is_there};
use super::plan::Plan;
use super::undo::Record;

/// Package managers that wait minutes for a registry that is not there are asked to wait less; other settings of the user win.
const IMPATIENT: [(&str, &str); 3] = [
    ("npm_config_fetch_retries", "1"),
    ("npm_config_fetch_retry_mintimeout", "2000"),
    ("npm_config_update_notifier", "false"),
];
/// Of what a package manager says when it fails, a line that holds one of these says why.
const OFFLINE: [&str; 10] = [
    "ENOTFOUND",
    "ENOTCACHED",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ETIMEDOUT",
    "ECONNRESET",
    "ENETUNREACH",
    "ConnectionRefused",
    "ERR_SOCKET_TIMEOUT",
    "network",
];
const NOT_PUBLISHED: [&str; 4] = ["E404", "ERR_PNPM_FETCH_404", "404", "Couldn't find package"];

/// Says what is missing on this machine, before anything is done.
pub(super) fn assert_tools(app: &App, manager: Manager) -> anyhow::Result<()> {
    ensure!(
        is_there("node", &app.folder),
        "Node.js is not installed, or not on the PATH: install version 20 or later and run init again"
    );
    let name = manager.name();
    ensure!(
        is_there(name, &app.folder),
        "this app uses {name}, which is not installed or not on the PATH: install it (`npm install -g {name}`), or name another \
         one with --package-manager"
    );
    Ok(())
}

/// Does it. On an error nothing is left of it.
pub(super) fn carry_out(app: &App, plan: &Plan) -> anyhow::Result<()> {
    let files = plan.changes.iter().map(|change| change.file.clone());
    let touched =
        files.chain(plan.copy.iter().map(|(_, to)| to.clone())).chain([app.folder.join("package.json")]);
    change::assert_writable(touched)?;
    let before = Snapshot::take(app)?;
    let record = Record::of(app, plan)?;
    let record_before = held(&Record::file(app))?;
    let done = add_packages(app, plan)
        .and_then(|()| record.write(app))
        .and_then(|()| change::write_all(&plan.changes));
    if let Err(error) = done {
        before.put_back();
        let copy = plan.copy.as_ref().and_then(|(_, to)| remove_copy(to).err());
        let record = match record_before {
            Some(bytes) => {
                change::put_back(&Record::file(app), Some(&bytes));
                None
            }
            None => Record::remove(app).err(),
        };
        for left in copy.into_iter().chain(record) {
            eprintln!("pointsman: {left:#}");
        }
        return Err(error);
    }
    Ok(())
}

fn add_packages(app: &App, plan: &Plan) -> anyhow::Result<()> {
    if let Some((from, to)) = &plan.copy {
        let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        change::write(to, &bytes).with_context(|| format!("cannot write {}", to.display()))?;
    }
    if plan.packages.is_empty() {
        return Ok(());
    }
    eprintln!("pointsman: {} installs {} packages ...", plan.manager.name(), plan.packages.len());
    run(app, plan.manager, &plan.manager.add(app), &plan.packages)
}

/// Runs the package manager in the app's folder.
pub(super) fn run(app: &App, manager: Manager, words: &[&str], packages: &[String]) -> anyhow::Result<()> {
    let name = manager.name();
    let mut command = Command::new(name);
    command.args(words).args(packages).current_dir(&app.folder).stdin(Stdio::null());
    for (variable, value) in IMPATIENT {
        if std::env::var_os(variable).is_none() {
            command.env(variable, value);
        }
    }
    let output = command.output().with_context(|| format!("{name} cannot be started"))?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        [output.stderr, output.stdout].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).join("\n");
    let holds = |marks: &[&str]| said.lines().find(|line| marks.iter().any(|mark| line.contains(mark)));
    let line = |line: &str| crate::render::safe::terminal(line.trim());
    let command = format!("{name} {}", words.first().unwrap_or(&""));
    if let Some(why) = holds(&OFFLINE) {
        bail!(
            "{command} does not reach its registry ({}); nothing was changed: run init again when it does",
            line(why)
        );
    }
    if let Some(why) = holds(&NOT_PUBLISHED) {
        bail!(
            "{command} found no such package ({}); nothing was changed: name a tarball of it with --package PATH.tgz",
            line(why)
        );
    }
    let is_cause = |text: &&str| ["ERR", "error", "Error"].iter().any(|mark| text.contains(mark));
    let why = said.lines().find(is_cause).or_else(|| said.lines().find(|text| !text.trim().is_empty()));
    bail!(
        "{command} failed ({}); nothing was changed: run `{name} {} {}` in {} to see all it says",
        line(why.unwrap_or("it said nothing")),
        words.join(" "),
        packages.join(" "),
        app.folder.display()
    )
}

/// What a file holds; nothing where there is none.
fn held(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(error).with_context(|| format!("cannot read {}; nothing was changed", file.display()))
        }
    }
}

/// A tarball, and its folder if that is empty then.
pub(super) fn remove_copy(copy: &Path) -> anyhow::Result<()> {
    match fs::remove_file(copy) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be removed", copy.display()));
        }
        _ => {}
    }
    if let Some(folder) = copy.parent() {
        // It fails where something else is in it, as it should.
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

/// The files that a package manager writes, as they were.
struct Snapshot(Vec<(PathBuf, Option<Vec<u8>>)>);

impl Snapshot {
    fn take(app: &App) -> anyhow::Result<Self> {
        let names =
            ["package.json", "pnpm-workspace.yaml"].into_iter().chain(LOCK_FILES.map(|(name, _)| name));
        let mut files: Vec<PathBuf> =
            names.flat_map(|name| [app.folder.join(name), app.root.join(name)]).collect();
        files.sort();
        files.dedup();
        let with_content = files.into_iter().map(|file| Ok((file.clone(), held(&file)?)));
        Ok(Self(with_content.collect::<anyhow::Result<_>>()?))
    }

    fn put_back(&self) {
        for (file, before) in &self.0 {
            if held(file).ok().as_ref() != Some(before) {
                change::put_back(file, before.as_deref());
            }
        }
    }
}
