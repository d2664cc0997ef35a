//! Packages of a repository, which of them are Next.js apps, and which of its packages an app is made of.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use crate::limits::Limits;
use crate::repository::Repository;
use crate::skipped::{Skip, Skips};

/// A folder with a `package.json`.
#[derive(Debug)]
pub(crate) struct Package {
    /// Relative to the repository; empty for its root.
    pub folder: String,
    pub name: Option<String>,
    /// The whole file: entry points are looked up in it.
    pub manifest: Value,
}

impl Package {
    fn depends_on(&self, name: &str) -> bool {
        ["dependencies", "devDependencies", "peerDependencies"]
            .iter()
            .any(|kind| self.manifest.get(kind).and_then(|all| all.get(name)).is_some())
    }

    /// The range of Next.js's versions that it asks for.
    pub(crate) fn next_range(&self) -> Option<String> {
        ["dependencies", "devDependencies", "peerDependencies"].iter().find_map(|kind| {
            self.manifest.get(kind).and_then(|all| all.get("next")).and_then(Value::as_str).map(str::to_owned)
        })
    }
}

/// All packages of a repository.
#[derive(Debug)]
pub(crate) struct Packages {
    all: Vec<Package>,
    by_name: HashMap<String, usize>,
}

impl Packages {
    pub(crate) fn of(repository: &Repository, limits: &Limits, skips: &mut Skips) -> Self {
        let mut all = Vec::new();
        let mut by_name = HashMap::new();
        let manifests =
            repository.below("").filter(|file| *file == "package.json" || file.ends_with("/package.json"));
        for file in manifests {
            let Some(text) = repository.read(file, limits, skips) else { continue };
            let Ok(manifest) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else {
                skips.count(Skip::Settings);
                continue;
            };
            let folder = file.strip_suffix("package.json").unwrap_or(file).trim_end_matches('/').to_owned();
            let name = manifest.get("name").and_then(Value::as_str).map(str::to_owned);
            if let Some(name) = &name {
                by_name.entry(name.clone()).or_insert(all.len());
            }
            all.push(Package { folder, name, manifest });
        }
        Self { all, by_name }
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Package> {
        self.by_name.get(name).map(|at| &self.all[*at])
    }

    /// The package that a file belongs to.
    pub(crate) fn around(&self, file: &str) -> Option<&Package> {
        let holds = |package: &&Package| is_below(file, &package.folder);
        self.all.iter().filter(holds).max_by_key(|package| package.folder.len())
    }

    /// The folders of all Next.js apps: a configuration of Next.js, or the dependency and a folder of routes.
    pub(crate) fn apps(&self, repository: &Repository) -> BTreeSet<String> {
        let mut apps = BTreeSet::new();
        for file in repository.below("") {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            if name.starts_with("next.config.") && has_routes(repository, folder) {
                apps.insert(folder.to_owned());
            }
        }
        for package in &self.all {
            if package.depends_on("next") && has_routes(repository, &package.folder) {
                apps.insert(package.folder.clone());
            }
        }
        apps
    }

    /// The folders of the workspace packages that a folder's package depends on, directly or not.
    pub(crate) fn needed_by(&self, folder: &str) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        let Some(app) = self.all.iter().position(|package| package.folder == folder) else { return needed };
        let mut open = vec![app];
        let mut seen = BTreeSet::from([app]);
        while let Some(at) = open.pop() {
            for (name, other) in &self.by_name {
                if !seen.contains(other)
                    && self.all[at].depends_on(name)
                    && !self.all[*other].folder.is_empty()
                {
                    seen.insert(*other);
                    needed.insert(self.all[*other].folder.clone());
                    open.push(*other);
                }
            }
        }
        needed
    }

    /// The folders of packages that stand within a folder: they are not part of it.
    pub(crate) fn within(&self, folder: &str) -> Vec<String> {
        let inside = |package: &&Package| {
            package.folder != folder && is_below(&package.folder, folder) && package.name.is_some()
        };
        self.all.iter().filter(inside).map(|package| package.folder.clone()).collect()
    }
}

fn has_routes(repository: &Repository, folder: &str) -> bool {
    let at = |path: &str| if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    ["app", "src/app", "pages", "src/pages"]
        .iter()
        .any(|routes| repository.below(&at(routes)).next().is_some())
}

/// Whether a path is a folder or within it.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}
