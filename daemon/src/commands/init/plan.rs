//! What init will do to an app, made before anything is done: changes of files, packages to add, and what it says about the rest.
//! Where a guess could be wrong it is an error that says what to do by hand.

use std::path::PathBuf;

use anyhow::bail;

use super::app::{self, App};
use super::change::Change;
use super::instrumentation::{self, Entry, NAMES};
use super::managers::Manager;
use super::next_config;
use super::packages::{self, Origin, VENDOR};
use super::syntax;
use crate::render::safe::terminal;

/// All that will be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) manager: Manager,
    pub(super) changes: Vec<Change>,
    /// Names with versions, as the package manager wants them; empty when all are there.
    pub(super) packages: Vec<String>,
    /// A tarball that is copied into the app: from, to.
    pub(super) copy: Option<(PathBuf, PathBuf)>,
    /// What a person should know, or has to do.
    pub(super) notes: Vec<String>,
}

impl Plan {
    /// Looks at everything; changes nothing.
    pub(super) fn make(app: &App, manager: Option<Manager>, origin: &Origin) -> anyhow::Result<Self> {
        let manager = manager.map_or_else(|| Manager::of(app), Ok)?;
        let entry = packages::entry(app);
        let mut changes = Vec::new();
        changes.extend(instrumentation_change(app, entry)?);
        if app.needs_hook() {
            changes.extend(next_config::switch_on(app).map_err(|why| {
                let name = app.config.as_ref().map_or("next.config.mjs".into(), |(file, _)| shown(app, file));
                anyhow::anyhow!(
                    "{name} was not understood ({why}), so nothing was changed; add `{}` to it by hand and run init again",
                    next_config::LINE
                )
            })?);
        }
        let mut packages = packages::missing(app, entry);
        let mut copy = None;
        if let Origin::Tarball { from, name } = origin
            && packages.first().is_some_and(|first| first == packages::PACKAGE)
        {
            let path = format!("{VENDOR}/{name}");
            copy = Some((from.clone(), app.folder.join(&path)));
            packages[0] = manager.tarball(&path);
        }
        let notes = notes(app, entry, copy.is_some());
        Ok(Self { manager, changes, packages, copy, notes })
    }

    /// Whether the app is set up already.
    pub(super) fn is_done(&self) -> bool {
        self.changes.is_empty() && self.packages.is_empty()
    }

    /// What will be done, for a person: the diff, then the command.
    pub(super) fn shown(&self, app: &App) -> String {
        let mut text = String::new();
        for change in &self.changes {
            text += &change.diff(&app.folder);
            text.push('\n');
        }
        if let Some((from, to)) = &self.copy {
            text += &format!("copy {} to {}\n", from.display(), shown(app, to));
        }
        if !self.packages.is_empty() {
            text += &format!(
                "run {} {} {}\n",
                self.manager.name(),
                self.manager.add(app).join(" "),
                self.packages.join(" ")
            );
        }
        text
    }
}

/// A file's path from the app's folder.
pub(super) fn shown(app: &App, file: &std::path::Path) -> String {
    file.strip_prefix(&app.folder).unwrap_or(file).display().to_string()
}

fn instrumentation_change(app: &App, entry: Entry) -> anyhow::Result<Option<Change>> {
    let elsewhere =
        [app.folder.clone(), app.folder.join("src")].into_iter().filter(|folder| *folder != app.code);
    let in_folder = |folder: &PathBuf| NAMES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let service = service_name(app);
    let Some(file) = in_folder(&app.code) else {
        if let Some(misplaced) = elsewhere.filter_map(|folder| in_folder(&folder)).next() {
            bail!(
                "{} is in the wrong folder: this app's code is in {}, and only an instrumentation file next to it is loaded \
                 everywhere; move it there and run init again",
                shown(app, &misplaced),
                if app.code == app.folder { "the app's own folder" } else { "src/" }
            );
        }
        if entry == Entry::Observe {
            bail!(
                "this app has packages of OpenTelemetry in a version that @pointsman/nextjs does not share, and no {}; start your \
                 SDK there, then run init again",
                NAMES[0]
            );
        }
        let ending = if app.typescript { "ts" } else { "js" };
        if app.excludes(ending) {
            bail!(
                "the configuration of Next.js sets pageExtensions without `{ending}`, and an instrumentation file has to end like a \
                 page; create it by hand ({}) and run init again",
                lines(entry, service.as_deref())
            );
        }
        return Ok(Some(instrumentation::create(&app.code, app.typescript, service.as_deref())));
    };
    let text = app::text(&file)?;
    let by_hand = |why: String| {
        anyhow::anyhow!(
            "{} was not understood ({why}), so nothing was changed; correct it, or add by hand {}, then run init again",
            shown(app, &file),
            lines(entry, service.as_deref())
        )
    };
    let change = instrumentation::extend(file.clone(), &text, entry, service.as_deref());
    let change = change.map_err(|why| by_hand(why.to_string()))?;
    match change.as_ref().and_then(|change| syntax::fault(&app.folder, &file, &change.after)) {
        Some(fault) => Err(by_hand(terminal(&fault))),
        None => Ok(change),
    }
}

/// The two lines, in one.
fn lines(entry: Entry, service: Option<&str>) -> String {
    let (import, call) = entry.lines(service);
    format!("`{import}` and, in its register function, `{call}`")
}

/// What the service is called, unless the app says so itself: the package takes the name of the manifest where nothing is named,
/// which a scope or a build without the manifest would spoil.
fn service_name(app: &App) -> Option<String> {
    let set = ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"].iter().filter_map(|name| app.variable(name));
    let mut set = set.filter(|value| !value.contains('=') || value.contains("service.name="));
    if set.next().is_some() { None } else { Some(app.name()) }
}

fn notes(app: &App, entry: Entry, copies: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let observers = app.observers();
    if !observers.is_empty() {
        notes.push(format!(
            "{} stays as it is: Pointsman sends its own spans next to it.",
            observers.join(" and ")
        ));
    }
    let names_endpoint = |name: &&str| app.variable(name).is_some_and(|url| !url.contains(":4318"));
    let endpoint = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    if let Some(name) = endpoint.iter().find(|name| names_endpoint(name)) {
        let remedy = match entry {
            Entry::Register => {
                "set POINTSMAN_OTLP_ENDPOINT=http://localhost:4318 as well, so that Pointsman gets its spans"
            }
            Entry::Observe => {
                "have that receiver forward traces to Pointsman, because the app's own SDK sends them"
            }
        };
        notes.push(format!("{name} names another receiver: {remedy}."));
    }
    if app.dockerfile {
        notes.push(
            "In a container, localhost is the container: set OTEL_EXPORTER_OTLP_ENDPOINT to where Pointsman listens, as in \
             http://host.docker.internal:4318."
                .to_owned(),
        );
        if copies {
            notes.push(format!(
                "By hand: add `COPY {VENDOR} ./{VENDOR}` to the Dockerfile, before the line that installs packages."
            ));
        }
    }
    if app.next.is_none() {
        let line = next_config::LINE;
        notes.push(format!(
            "The version of Next.js is not known here. Should it be 14, add `{line}` to its configuration."
        ));
    }
    notes
}
