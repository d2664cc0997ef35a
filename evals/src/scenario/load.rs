//! Reading scenarios from their files, and refusing those that name what they do not have.

use std::path::{Path, PathBuf};

use super::{Line, Scenario, Step, Target};

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no scenario.
    #[error("{path} is no scenario: {source}")]
    Parse {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// It names a handler that it does not describe.
    #[error("{path} names {name:?}, which is none of its pages, routes and actions; describe it there")]
    Unknown {
        /// Which.
        path: PathBuf,
        /// What.
        name: String,
    },
}

/// All scenarios of a set, in the order of their names; none of a set that does not exist.
///
/// # Errors
/// When a file cannot be read, is no scenario, or names a handler that it does not describe.
pub fn load(folder: &Path, set: &str) -> Result<Vec<Scenario>, LoadError> {
    let within = folder.join(set);
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| LoadError::Read { path, source }
    };
    let mut files = Vec::new();
    if !within.exists() {
        return Ok(Vec::new());
    }
    for entry in std::fs::read_dir(&within).map_err(unreadable(&within))? {
        let path = entry.map_err(unreadable(&within))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut scenarios = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
        let mut scenario: Scenario = toml::from_str(&text)
            .map_err(|source| LoadError::Parse { path: path.clone(), source: Box::new(source) })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        scenario.id = format!("{set}/{name}");
        if let Some(name) = unknown(&scenario) {
            return Err(LoadError::Unknown { path, name });
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

/// A name that the scenario uses and does not describe.
fn unknown(scenario: &Scenario) -> Option<String> {
    let knows = |name: &str| {
        scenario.pages.contains_key(name)
            || scenario.route(name).is_some()
            || scenario.actions.contains_key(name)
    };
    let lines = scenario
        .people
        .iter()
        .flat_map(|people| people.first.iter().chain(&people.again).chain(&people.beside));
    let called = scenario.machines.iter().flat_map(|machine| &machine.calls);
    // A machine may ask for what is not there: `METHOD /path?`, `unknown /page`.
    let called = called.filter(|call| !call.ends_with('?')).map(|call| {
        call.strip_prefix("unknown ")
            .or_else(|| call.strip_prefix("random "))
            .or_else(|| call.strip_prefix("POST ").filter(|page| scenario.pages.contains_key(*page)))
            .or_else(|| call.strip_prefix("GET ").filter(|page| scenario.pages.contains_key(*page)))
            .unwrap_or(call)
    });
    let fetched = scenario.pages.values().chain(scenario.routes.values()).chain(scenario.actions.values());
    let fetched = fetched.flat_map(|behaviour| &behaviour.fetches).map(String::as_str);
    // A file of the folder `public` needs no description.
    let fetched = fetched.filter(|name| !name.starts_with("file "));
    let changing = scenario.pages.values().chain(scenario.routes.values()).chain(scenario.actions.values());
    let changing = changing.flat_map(|behaviour| &behaviour.changed_by).map(String::as_str);
    let named =
        lines.flat_map(names).chain(called).chain(fetched).chain(changing).chain(scenario.favicon.as_deref());
    named.chain(scenario.expect.keys().map(String::as_str)).find(|name| !knows(name)).map(str::to_owned)
}

/// The handlers that a line names.
fn names(line: &Line) -> Vec<&str> {
    match &line.step {
        Step::Open(page) | Step::Go(page) | Step::Speculate(page) => vec![page],
        Step::Call(targets, _) => targets.iter().map(Target::name).collect(),
        Step::Poll(Target::Refresh, ..) => Vec::new(),
        Step::Poll(target, ..)
        | Step::Type(target, ..)
        | Step::Submit(target)
        | Step::Visit(target, _)
        | Step::Embed(target)
        | Step::Fire(target)
        | Step::Worker(target)
        | Step::Prefetch(target)
        | Step::Beacon(target) => vec![target.name()],
        Step::Think(_)
        | Step::Pause(_)
        | Step::Refresh
        | Step::Reload
        | Step::Probe
        | Step::Session(_)
        | Step::Elsewhere(_) => Vec::new(),
    }
}
