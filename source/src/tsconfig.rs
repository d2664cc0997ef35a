//! `paths` and `baseUrl` of the `tsconfig.json` (or `jsconfig.json`) that holds for a folder, with what it extends.

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use crate::limits::Limits;
use crate::packages::Packages;
use crate::repository::Repository;
use crate::resolve::join;
use crate::skipped::{Skip, Skips};

/// How names of modules are mapped to files.
#[derive(Clone, Default, Debug)]
pub(crate) struct TsConfig {
    /// A folder that names may be relative to.
    pub base_url: Option<String>,
    /// What stands before and after the star, and what it is replaced by, each with its folder.
    pub paths: Vec<(String, Option<String>, Vec<String>)>,
}

/// The settings for each folder, read once.
pub(crate) struct TsConfigs<'a> {
    repository: &'a Repository,
    packages: &'a Packages,
    limits: &'a Limits,
    read: HashMap<String, Option<TsConfig>>,
}

const MOST_EXTENDED: usize = 8;

impl<'a> TsConfigs<'a> {
    pub(crate) fn new(repository: &'a Repository, packages: &'a Packages, limits: &'a Limits) -> Self {
        Self { repository, packages, limits, read: HashMap::new() }
    }

    /// What holds for the files of a folder: the nearest file upwards.
    pub(crate) fn of(&mut self, folder: &str, skips: &mut Skips) -> Option<TsConfig> {
        if let Some(known) = self.read.get(folder) {
            return known.clone();
        }
        let own = ["tsconfig.json", "jsconfig.json"].iter().find_map(|name| {
            let file = join(folder, name)?;
            self.repository.has(&file).then_some(file)
        });
        let found = match own {
            Some(file) => self.file(&file, 0, skips),
            None if folder.is_empty() => None,
            None => {
                let above = folder.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
                self.of(&above, skips)
            }
        };
        self.read.insert(folder.to_owned(), found.clone());
        found
    }

    fn file(&self, file: &str, depth: usize, skips: &mut Skips) -> Option<TsConfig> {
        if depth > MOST_EXTENDED {
            return None;
        }
        let text = self.repository.read(file, self.limits, skips)?;
        let Ok(value) = serde_json::from_str::<Value>(&without_comments(&text)) else {
            skips.count(Skip::Settings);
            return Some(TsConfig::default());
        };
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut config = TsConfig::default();
        let extended = match value.get("extends") {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for one in extended {
            let found = self.extended(folder, one).and_then(|file| self.file(&file, depth + 1, skips));
            if let Some(found) = found {
                config.base_url = found.base_url.or(config.base_url);
                if !found.paths.is_empty() {
                    config.paths = found.paths;
                }
            }
        }
        let options = value.get("compilerOptions");
        if let Some(base) = options.and_then(|options| options.get("baseUrl")).and_then(Value::as_str) {
            config.base_url = join(folder, base);
        }
        if let Some(paths) = options.and_then(|options| options.get("paths")).and_then(Value::as_object) {
            let relative_to = config.base_url.clone().unwrap_or_else(|| folder.to_owned());
            config.paths = paths.iter().map(|(name, targets)| path(name, targets, &relative_to)).collect();
            // The longest text before the star wins.
            config.paths.sort_by_key(|(before, ..)| std::cmp::Reverse(before.len()));
        }
        Some(config)
    }

    fn extended(&self, folder: &str, name: &str) -> Option<String> {
        let file = if name.starts_with('.') {
            join(folder, name)?
        } else {
            let parts = if name.starts_with('@') { 2 } else { 1 };
            let package: Vec<&str> = name.split('/').take(parts).collect();
            let package = package.join("/");
            let rest = name.strip_prefix(&package)?.trim_start_matches('/');
            let rest = if rest.is_empty() { "tsconfig.json" } else { rest };
            join(&self.packages.named(&package)?.folder, rest)?
        };
        [file.clone(), format!("{file}.json")].into_iter().find(|file| self.repository.has(file))
    }
}

fn path(name: &str, targets: &Value, relative_to: &str) -> (String, Option<String>, Vec<String>) {
    let targets = targets.as_array().map(Vec::as_slice).unwrap_or_default();
    let targets =
        targets.iter().filter_map(Value::as_str).filter_map(|target| join(relative_to, target)).collect();
    match name.split_once('*') {
        Some((before, after)) => (before.to_owned(), Some(after.to_owned()), targets),
        None => (name.to_owned(), None, targets),
    }
}

/// JSON without comments and without commas before a closing bracket. Texts stay as they are.
pub(crate) fn without_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    let mut in_text = false;
    while let Some(letter) = letters.next() {
        if in_text {
            clean.push(letter);
            if letter == '\\' {
                clean.extend(letters.next());
            } else if letter == '"' {
                in_text = false;
            }
            continue;
        }
        match (letter, letters.peek()) {
            ('"', _) => {
                in_text = true;
                clean.push(letter);
            }
            ('/', Some('/')) => while letters.next_if(|letter| *letter != '\n').is_some() {},
            ('/', Some('*')) => {
                letters.next();
                let mut before = ' ';
                for letter in letters.by_ref() {
                    if before == '*' && letter == '/' {
                        break;
                    }
                    before = letter;
                }
            }
            (']' | '}', _) => {
                let kept = clean.trim_end().trim_end_matches(',').len();
                clean.truncate(kept);
                clean.push(letter);
            }
            _ => clean.push(letter),
        }
    }
    clean
}
