//! Which file of the repository a module's name means: relative names, `paths` of the TypeScript configuration, packages
//! of the workspace. Names of installed packages mean no file.

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use crate::limits::Limits;
use crate::packages::{Package, Packages};
use crate::repository::Repository;
use crate::skipped::Skips;
use crate::tsconfig::{TsConfig, TsConfigs};

const EXTENSIONS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs"];

/// Conditions of `exports`, in the order in which a file of source is likely to stand behind them.
const CONDITIONS: [&str; 9] =
    ["source", "types", "import", "module", "react-server", "node", "require", "browser", "default"];

/// What a name means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Means {
    /// This file.
    File(String),
    /// A file of the repository that was not found.
    NotFound,
    /// An installed package.
    Installed,
}

/// A name that is looked up, and what it meant.
pub(crate) struct Resolver<'a> {
    repository: &'a Repository,
    packages: &'a Packages,
    configs: TsConfigs<'a>,
    known: HashMap<(String, String), Means>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(repository: &'a Repository, packages: &'a Packages, limits: &'a Limits) -> Self {
        let configs = TsConfigs::new(repository, packages, limits);
        Self { repository, packages, configs, known: HashMap::new() }
    }

    /// What a name means in a file.
    pub(crate) fn resolve(&mut self, from: &str, name: &str, skips: &mut Skips) -> Means {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let key = (folder.to_owned(), name.to_owned());
        if let Some(means) = self.known.get(&key) {
            return means.clone();
        }
        let means = self.look_up(folder, from, name, skips);
        self.known.insert(key, means.clone());
        means
    }

    fn look_up(&mut self, folder: &str, from: &str, name: &str, skips: &mut Skips) -> Means {
        if name == "." || name == ".." || name.starts_with("./") || name.starts_with("../") {
            let found = join(folder, name).and_then(|path| self.file(&path));
            return found.map_or(Means::NotFound, Means::File);
        }
        let config = self.configs.of(folder, skips).unwrap_or_default();
        let mut mapped = false;
        for target in mapped_by(&config, name) {
            mapped = true;
            if let Some(file) = self.file(&target) {
                return Means::File(file);
            }
        }
        if let Some(base) = &config.base_url
            && let Some(file) = join(base, name).and_then(|path| self.file(&path))
        {
            return Means::File(file);
        }
        if name.starts_with('#') {
            let found = self.packages.around(from).and_then(|package| self.imports(package, name));
            return found.map_or(Means::NotFound, Means::File);
        }
        match self.workspace(name) {
            Some(Some(file)) => Means::File(file),
            Some(None) => Means::NotFound,
            None if mapped => Means::NotFound,
            None => Means::Installed,
        }
    }

    /// A package of the workspace; `None` if there is none of this name.
    fn workspace(&self, name: &str) -> Option<Option<String>> {
        let parts = if name.starts_with('@') { 2 } else { 1 };
        let package_name: Vec<&str> = name.split('/').take(parts).collect();
        let package_name = package_name.join("/");
        let package = self.packages.named(&package_name)?;
        let rest = name.strip_prefix(&package_name)?.trim_start_matches('/');
        Some(self.of_package(package, rest))
    }

    fn of_package(&self, package: &Package, rest: &str) -> Option<String> {
        let subpath = if rest.is_empty() { ".".to_owned() } else { format!("./{rest}") };
        let mut targets = Vec::new();
        if let Some(exports) = package.manifest.get("exports") {
            mapped_in(exports, &subpath, &mut targets);
        }
        if rest.is_empty() {
            let entry = |name: &&str| package.manifest.get(name).and_then(Value::as_str).map(str::to_owned);
            targets.extend(["source", "module", "main", "types"].iter().filter_map(entry));
            targets.extend(["./src/index".to_owned(), "./index".to_owned()]);
        } else {
            targets.extend([format!("./{rest}"), format!("./src/{rest}")]);
        }
        targets.iter().find_map(|target| self.built_from(&package.folder, target))
    }

    fn imports(&self, package: &Package, name: &str) -> Option<String> {
        let mut targets = Vec::new();
        mapped_in(package.manifest.get("imports")?, name, &mut targets);
        targets.iter().find_map(|target| self.built_from(&package.folder, target))
    }

    /// A file of a package; of one that is built, what it is built from.
    fn built_from(&self, folder: &str, target: &str) -> Option<String> {
        let path = join(folder, target)?;
        if let Some(file) = self.file(&path) {
            return Some(file);
        }
        let target = target.trim_start_matches("./");
        let (first, rest) = target.split_once('/')?;
        if !["dist", "build", "lib", "out"].contains(&first) {
            return None;
        }
        let stem = rest.strip_suffix(".d.ts").unwrap_or(rest);
        let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
        self.file(&join(folder, &format!("src/{stem}"))?).or_else(|| self.file(&join(folder, stem)?))
    }

    /// The file that a path means: with its extension, without it, written for JavaScript, or a folder's index.
    fn file(&self, path: &str) -> Option<String> {
        let is_source = path.rsplit_once('.').is_some_and(|(_, end)| EXTENSIONS.contains(&end));
        if is_source && self.repository.has(path) {
            return Some(path.to_owned());
        }
        let at =
            |stem: &str, end: &str| Some(format!("{stem}.{end}")).filter(|file| self.repository.has(file));
        if let Some(found) = EXTENSIONS.iter().find_map(|end| at(path, end)) {
            return Some(found);
        }
        if let Some((stem, "js" | "jsx" | "mjs" | "cjs")) = path.rsplit_once('.')
            && let Some(found) = EXTENSIONS.iter().find_map(|end| at(stem, end))
        {
            return Some(found);
        }
        let index = if path.is_empty() { "index".to_owned() } else { format!("{path}/index") };
        EXTENSIONS.iter().find_map(|end| at(&index, end))
    }
}

fn mapped_by(config: &TsConfig, name: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for (before, after, places) in &config.paths {
        let star = match after {
            None if name == before => "",
            None => continue,
            Some(after) => {
                let rest =
                    name.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
                match rest {
                    Some(star) => star,
                    None => continue,
                }
            }
        };
        targets.extend(places.iter().map(|place| place.replacen('*', star, 1)));
        if !targets.is_empty() {
            break;
        }
    }
    targets
}

/// The targets that `exports` or `imports` of a package give for a subpath.
fn mapped_in(map: &Value, subpath: &str, targets: &mut Vec<String>) {
    match map {
        Value::String(target) if subpath == "." => targets.push(target.clone()),
        Value::Object(entries) => {
            let of_paths = entries.keys().any(|key| key.starts_with('.') || key.starts_with('#'));
            if !of_paths {
                if subpath == "." {
                    under_conditions(map, "", targets);
                }
                return;
            }
            if let Some(exact) = entries.get(subpath) {
                under_conditions(exact, "", targets);
            }
            for (key, value) in entries {
                let Some((before, after)) = key.split_once('*') else { continue };
                let star = subpath.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                if let Some(star) = star {
                    under_conditions(value, star, targets);
                }
            }
        }
        _ => {}
    }
}

fn under_conditions(value: &Value, star: &str, targets: &mut Vec<String>) {
    match value {
        Value::String(target) => targets.push(target.replace('*', star)),
        Value::Array(several) => several.iter().for_each(|one| under_conditions(one, star, targets)),
        Value::Object(conditions) => {
            for condition in CONDITIONS {
                if let Some(value) = conditions.get(condition) {
                    under_conditions(value, star, targets);
                }
            }
        }
        _ => {}
    }
}

/// A path relative to a folder, without dots. `None` if it leads out of the repository.
pub(crate) fn join(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        return None;
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
