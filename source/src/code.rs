//! All modules of an app, and what a name in one of them means in another.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::module::{Callee, Export, ExportOf, ImportName, Module, Use};
use crate::resolve::{Means, Resolver};
use crate::skipped::Skips;
use crate::url::{BASE, Piece, Url, is_own_address};

/// How many modules may hand a name on to each other.
const MOST_STEPS: usize = 12;

/// The modules, and which module each name of a module means.
pub(crate) struct Code {
    /// By file, relative to the repository.
    pub modules: BTreeMap<String, Module>,
    /// By file and name as it is written.
    targets: HashMap<String, HashMap<String, String>>,
    /// Names of own files that were not found.
    pub not_found: u64,
}

/// Something that is exported somewhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Target {
    /// An action, by file and exported name.
    Action(String, String),
    /// An action within another function, by file and its place among these.
    Inline(String, usize),
}

impl Code {
    pub(crate) fn new(modules: BTreeMap<String, Module>, resolver: &mut Resolver, skips: &mut Skips) -> Self {
        let mut targets: HashMap<String, HashMap<String, String>> = HashMap::new();
        let mut not_found = 0;
        for (file, module) in &modules {
            let mut of_file = HashMap::new();
            let exported = module.exports.iter().filter_map(|export| match &export.of {
                ExportOf::Import { source, .. } => Some(source),
                ExportOf::Local(_) => None,
            });
            let imported =
                module.imports.iter().filter(|import| !import.type_only).map(|import| &import.source);
            for source in imported.chain(exported).chain(&module.stars).chain(&module.loads) {
                if of_file.contains_key(source) || is_asset(source) {
                    continue;
                }
                match resolver.resolve(file, source, skips) {
                    Means::File(found) => {
                        of_file.insert(source.clone(), found);
                    }
                    Means::NotFound => not_found += 1,
                    Means::Installed => {}
                }
            }
            targets.insert(file.clone(), of_file);
        }
        Self { modules, targets, not_found }
    }

    /// The file that a module's name means in a file.
    pub(crate) fn target(&self, file: &str, source: &str) -> Option<&str> {
        self.targets.get(file)?.get(source).map(String::as_str)
    }

    /// Where an exported name is written, with the name's export there. Follows names through other modules.
    pub(crate) fn written<'a>(&'a self, file: &'a str, name: &str) -> Option<(&'a str, &'a Export)> {
        self.follow(file, name, &mut |file, export| match &export.of {
            ExportOf::Local(_) => Some((file, export)),
            ExportOf::Import { .. } => None,
        })
    }

    /// The action that an exported name is.
    pub(crate) fn action(&self, file: &str, name: &str) -> Option<Target> {
        self.follow(file, name, &mut |file, export| {
            let module = self.modules.get(file)?;
            if module.use_server {
                return Some(Target::Action(file.to_owned(), export.name.clone()));
            }
            let ExportOf::Local(local) = &export.of else { return None };
            let named =
                |inline: &crate::module::InlineAction| inline.name.is_some() && inline.name == local.name;
            let at = module.inline_actions.iter().position(named)?;
            Some(Target::Inline(file.to_owned(), at))
        })
    }

    /// Goes from export to export until something is found.
    fn follow<'a, T>(
        &'a self,
        file: &'a str,
        name: &str,
        found: &mut dyn FnMut(&'a str, &'a Export) -> Option<T>,
    ) -> Option<T> {
        let mut open = vec![(file, name.to_owned(), 0)];
        let mut seen = HashSet::new();
        while let Some((file, name, steps)) = open.pop() {
            if steps > MOST_STEPS || !seen.insert((file, name.clone())) {
                continue;
            }
            let Some(module) = self.modules.get(file) else { continue };
            if let Some(export) = module.exports.iter().find(|export| export.name == name) {
                if let Some(result) = found(file, export) {
                    return Some(result);
                }
                if let ExportOf::Import { source, name: ImportName::Named(taken) } = &export.of
                    && let Some(next) = self.target(file, source)
                {
                    open.push((next, taken.clone(), steps + 1));
                }
                continue;
            }
            if name != "default" {
                let next = module.stars.iter().filter_map(|source| self.target(file, source));
                open.extend(next.map(|next| (next, name.clone(), steps + 1)));
            }
        }
        None
    }

    /// The action that a reference means.
    pub(crate) fn used_action(&self, file: &str, used: &Use) -> Option<Target> {
        let import = self.modules.get(file)?.imports.get(used.import?)?;
        self.imported_action(file, &import.source, &import.name, used.member.as_deref())
    }

    /// The action that a name of another module is; of a namespace, one of its members.
    pub(crate) fn imported_action(
        &self,
        file: &str,
        source: &str,
        name: &ImportName,
        member: Option<&str>,
    ) -> Option<Target> {
        let next = self.target(file, source)?;
        match (name, member) {
            (ImportName::Named(name), _) => self.action(next, name),
            (ImportName::Namespace, Some(member)) => self.action(next, member),
            (ImportName::Namespace, None) => None,
        }
    }

    /// A URL with the constants of other modules put in; several where a constant has several values.
    pub(crate) fn filled(&self, file: &str, url: &Url, steps: usize) -> Vec<Url> {
        let mut urls = vec![Url::new()];
        for piece in url {
            let values = match piece {
                Piece::Constant { source, name } => self.constant(file, source, name, steps),
                other => vec![vec![other.clone()]],
            };
            let longer = |start: &Url| {
                let with = |end: &Url| start.iter().chain(end).cloned().collect::<Url>();
                values.iter().map(with).collect::<Vec<_>>()
            };
            urls = urls.iter().flat_map(longer).take(crate::url::MOST_URLS).collect();
        }
        urls
    }

    fn constant(&self, file: &str, source: &str, name: &str, steps: usize) -> Vec<Url> {
        let unknown = || {
            let is_base = name.ends_with(BASE);
            vec![vec![if is_base { Piece::Text(String::new()) } else { Piece::Hole(name.to_owned()) }]]
        };
        if steps > 3 {
            return unknown();
        }
        let Some(next) = self.target(file, source) else { return unknown() };
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let Some((written, export)) = self.written(next, first) else { return unknown() };
        let ExportOf::Local(local) = &export.of else { return unknown() };
        let own = local.name.as_deref().unwrap_or(first);
        let key = rest.map_or_else(|| own.to_owned(), |rest| format!("{own}.{rest}"));
        let Some(values) = self.modules.get(written).and_then(|module| module.constants.get(&key)) else {
            return unknown();
        };
        let values: Vec<Url> =
            values.iter().flat_map(|value| self.filled(written, value, steps + 1)).collect();
        let is_address =
            |value: &Url| matches!(value.first(), Some(Piece::Text(text)) if text.starts_with("http"));
        if is_own_address(name) && values.iter().any(is_address) {
            return unknown();
        }
        values
    }

    /// The method with which a function of the app's own asks for the URL that it is given.
    pub(crate) fn method_of(&self, file: &str, callee: &Callee) -> Option<&str> {
        let (file, name) = match callee {
            Callee::Own(name) => (file, name.as_str()),
            Callee::Imported { source, name } => {
                let (written, export) = self.written(self.target(file, source)?, name)?;
                let ExportOf::Local(local) = &export.of else { return None };
                (written, local.name.as_deref()?)
            }
        };
        self.modules.get(file)?.askers.get(name).map(String::as_str)
    }

    /// The files that run in browsers: client modules, pages of the Pages Router, and what they import.
    pub(crate) fn client_side(&self, pages: impl Iterator<Item = String>) -> HashSet<String> {
        let marked =
            self.modules.iter().filter(|(_, module)| module.use_client).map(|(file, _)| file.clone());
        let mut open: Vec<String> = marked.chain(pages).collect();
        let mut side = HashSet::new();
        while let Some(file) = open.pop() {
            let Some(module) = self.modules.get(&file) else { continue };
            if module.use_server || !side.insert(file.clone()) {
                continue;
            }
            // An import that is only a type is gone when the program runs, marked or not.
            let used = |(at, import): (usize, &'_ crate::module::Import)| {
                module.uses.iter().any(|one| one.import == Some(at)).then(|| import.source.clone())
            };
            let imported = module.imports.iter().enumerate().filter_map(used);
            let exported = module.exports.iter().filter_map(|export| match &export.of {
                ExportOf::Import { source, .. } => Some(source.clone()),
                ExportOf::Local(_) => None,
            });
            let sources = imported
                .chain(exported)
                .chain(module.stars.iter().cloned())
                .chain(module.loads.iter().cloned());
            let next: Vec<String> =
                sources.filter_map(|source| self.target(&file, &source).map(str::to_owned)).collect();
            open.extend(next);
        }
        side
    }
}

fn is_asset(source: &str) -> bool {
    let end = source.rsplit_once('.').map_or("", |(_, end)| end);
    [
        "css", "scss", "sass", "less", "svg", "png", "jpg", "jpeg", "webp", "gif", "json", "mdx", "md",
        "woff2", "ico", "wasm",
    ]
    .contains(&end)
}
