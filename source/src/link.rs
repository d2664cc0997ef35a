//! From a repository to the document: which app, which files, and all that is found in them.

use std::collections::BTreeMap;
use std::path::Path;

use pointsman_store::{Definition, HandlerKind, SOURCE_SCHEMA, Source, SourceCounts, hex};
use sha2::{Digest, Sha256};

use crate::app::{self, App};
use crate::code::Code;
use crate::handlers::{self, Route};
use crate::limits::Limits;
use crate::module::Module;
use crate::packages::{Packages, is_below};
use crate::repository::Repository;
use crate::resolve::Resolver;
use crate::route::{Pattern, Role, role};
use crate::skipped::{Skip, Skips};
use crate::{actions, calls, syntax};

/// Bytes of stack for parsing: what the limits on nesting may need, and only what is used is taken of the memory.
const STACK: usize = 256 << 20;

/// Which app of a repository is meant.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The app's folder or the name of its package. Needed if the repository holds several apps.
    pub app: Option<String>,
    /// The commit, if it cannot be read from `.git`, or should be another one.
    pub commit: Option<String>,
}

/// Why a repository was not read.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The folder cannot be opened.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no Next.js app in it.
    #[error(
        "no Next.js app in {0}: no folder in it has app/ or pages/ and next.config.* or next among its dependencies"
    )]
    NoApp(String),
    /// There are several, and none or an unknown one is named.
    #[error("{wanted}; the apps are: {apps}. Pass one of them with --app")]
    WhichApp {
        /// What was asked for.
        wanted: String,
        /// Their folders.
        apps: String,
    },
    /// The thread for the parser could not be started.
    #[error("no memory for the parser's stack: {0}")]
    Stack(std::io::Error),
    /// The parser failed on this code; that is a fault of Pointsman.
    #[error("reading the source failed; please report this")]
    Failed,
}

/// Reads a repository.
///
/// # Errors
/// If the folder cannot be opened, or if it is not clear which app in it is meant. Faults within files are counted in
/// the document.
pub fn link(repo: &Path, wanted: &Wanted, limits: &Limits) -> Result<Source, LinkError> {
    on_deep_stack(|| Ok(read(repo, wanted, limits)?.source))
}

/// Runs work that parses: how deep a parser goes is decided by what it reads, so it has a stack of its own.
pub(crate) fn on_deep_stack<T: Send>(
    work: impl FnOnce() -> Result<T, LinkError> + Send,
) -> Result<T, LinkError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("source".to_owned()).stack_size(STACK);
        let reading = thread.spawn_scoped(scope, work).map_err(LinkError::Stack)?;
        reading.join().map_err(|_| LinkError::Failed)?
    })
}

/// A repository that was read: the document, and what it was made from.
pub(crate) struct Reading {
    /// The document.
    pub source: Source,
    /// All modules, and what their names mean.
    pub code: Code,
    /// The files.
    pub repository: Repository,
}

pub(crate) fn read(repo: &Path, wanted: &Wanted, limits: &Limits) -> Result<Reading, LinkError> {
    let mut skips = Skips::default();
    let unreadable = |source| LinkError::Unreadable { path: repo.display().to_string(), source };
    let repository = Repository::list(repo, limits, &mut skips).map_err(unreadable)?;
    let packages = Packages::of(&repository, limits, &mut skips);
    let folder = choose(&repository, &packages, wanted, repo)?;
    let mut app = app::read(&folder, &repository, &packages, limits, &mut skips);

    let needed = packages.needed_by(&folder);
    let mut counts = SourceCounts::default();
    let (modules, content_hash) = modules(
        &repository,
        &packages,
        &folder,
        needed.iter().map(String::as_str),
        limits,
        &mut skips,
        &mut counts,
    );
    app.described.packages = needed.into_iter().filter(|folder| has_modules(&modules, folder)).collect();

    let mut resolver = Resolver::new(&repository, &packages, limits);
    let code = Code::new(modules, &mut resolver, &mut skips);
    counts.skipped.insert("imports_not_found".to_owned(), code.not_found);

    let (mut handlers, routes, pages) = defined(&code, &app);
    let client = code.client_side(pages.into_iter());
    handlers.extend(actions::of(&code, &app.described.root, &client));
    let base_path = app.described.base_path.clone();
    let mut unresolved = calls::tie(&code, &routes, &mut handlers, base_path.as_deref(), &client);

    handlers.sort_by(|one, other| (&one.place, &one.name).cmp(&(&other.place, &other.name)));
    counts.unresolved = unresolved.len() as u64;
    unresolved.truncate(limits.unresolved);
    cut(&mut handlers, limits, &mut skips);
    counts.call_sites = handlers.iter().map(|handler| handler.call_sites.len() as u64).sum();
    counts.skipped.extend(skips.into_counts());
    counts.skipped.retain(|_, count| *count > 0);
    let source = Source {
        schema: SOURCE_SCHEMA.to_owned(),
        commit: wanted.commit.clone().or_else(|| repository.commit()),
        content_hash,
        app: app.described,
        handlers,
        unresolved,
        counts,
    };
    Ok(Reading { source, code, repository })
}

fn choose(
    repository: &Repository,
    packages: &Packages,
    wanted: &Wanted,
    repo: &Path,
) -> Result<String, LinkError> {
    let apps = packages.apps(repository);
    let which = |wanted: String| {
        let named: Vec<&str> =
            apps.iter().map(|app| if app.is_empty() { "." } else { app.as_str() }).collect();
        LinkError::WhichApp { wanted, apps: named.join(", ") }
    };
    match &wanted.app {
        None => match apps.len() {
            0 => Err(LinkError::NoApp(repo.display().to_string())),
            1 => Ok(apps.into_iter().next().unwrap_or_default()),
            count => Err(which(format!("{} holds {count} Next.js apps", repo.display()))),
        },
        Some(name) => {
            let folder = name.trim_start_matches("./").trim_end_matches('/');
            let folder = if folder == "." { "" } else { folder };
            if apps.contains(folder) {
                return Ok(folder.to_owned());
            }
            let by_name = packages.named(name).map(|package| package.folder.clone());
            match by_name.filter(|folder| apps.contains(folder)) {
                Some(folder) => Ok(folder),
                None if apps.is_empty() => Err(LinkError::NoApp(repo.display().to_string())),
                None => Err(which(format!("{} has no Next.js app {name}", repo.display()))),
            }
        }
    }
}

fn has_modules(modules: &BTreeMap<String, Module>, folder: &str) -> bool {
    let from = format!("{folder}/");
    modules.range(from.clone()..).next().is_some_and(|(file, _)| file.starts_with(&from))
}

/// Reads and parses the files of the app and of the packages that it needs.
fn modules<'a>(
    repository: &Repository,
    packages: &Packages,
    folder: &str,
    needed: impl Iterator<Item = &'a str>,
    limits: &Limits,
    skips: &mut Skips,
    counts: &mut SourceCounts,
) -> (BTreeMap<String, Module>, String) {
    let needed: Vec<&str> = needed.collect();
    let inner = packages.within(folder);
    let belongs = |file: &str| {
        let own = is_below(file, folder) && !inner.iter().any(|other| is_below(file, other));
        own || needed.iter().any(|package| is_below(file, package))
    };
    let mut modules = BTreeMap::new();
    let mut hash = Sha256::new();
    for file in repository.below("").filter(|file| is_source(file) && belongs(file)) {
        if is_test(file) {
            skips.count(Skip::Test);
            continue;
        }
        if modules.len() >= limits.files || counts.bytes >= limits.total_bytes {
            skips.count(Skip::TooManyFiles);
            continue;
        }
        let Some(text) = repository.read(file, limits, skips) else { continue };
        if !syntax::is_shallow(&text, limits.nesting) {
            skips.count(Skip::Nested);
            continue;
        }
        counts.files += 1;
        counts.bytes += text.len() as u64;
        for part in [file, &text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let Some(module) = syntax::read(file, &text) else { continue };
        if module.syntax_error {
            skips.count(Skip::SyntaxError);
        }
        modules.insert(file.to_owned(), module);
    }
    (modules, hex(&hash.finalize()[..8]))
}

fn is_source(file: &str) -> bool {
    let end = file.rsplit_once('.').map_or("", |(_, end)| end);
    ["ts", "tsx", "js", "jsx", "mts", "mjs", "cts", "cjs"].contains(&end)
        && !file.ends_with(".d.ts")
        && !file.ends_with(".min.js")
}

/// Tests, stories and mocks call handlers as no user does. Below `app` and `pages` a folder's name is part of a route.
fn is_test(file: &str) -> bool {
    let (folders, name) = file.rsplit_once('/').unwrap_or(("", file));
    let of_tests = |folder: &str| {
        ["__tests__", "__mocks__", "e2e", "cypress", "playwright", "__test__", "__fixtures__"]
            .contains(&folder)
    };
    [".test.", ".spec.", ".stories.", ".e2e.", ".cy.", ".bench."].iter().any(|mark| name.contains(mark))
        || folders.split('/').take_while(|folder| !["app", "pages"].contains(folder)).any(of_tests)
}

/// The handlers at routes, the routes, and the files of pages that run in browsers.
fn defined(code: &Code, app: &App) -> (Vec<Definition>, Vec<Route>, Vec<String>) {
    let root = &app.described.root;
    let mut handlers = Vec::new();
    let mut routes: Vec<Route> = Vec::new();
    let mut pages = Vec::new();
    for (file, module) in &code.modules {
        if !is_below(file, root) {
            continue;
        }
        let inner = file.strip_prefix(root.as_str()).unwrap_or(file).trim_start_matches('/');
        let role = role(inner, &app.extensions);
        let (pattern, found): (Pattern, Vec<Definition>) = match role {
            Role::Route(pattern) => {
                let found = handlers::of_route(file, &pattern, module, code);
                (pattern, found)
            }
            Role::Metadata(pattern) => {
                let found = handlers::of_metadata(file, &pattern, module, code);
                (pattern, found.into_iter().collect())
            }
            Role::PagesApi(pattern) => {
                let found = handlers::of_pages_api(file, &pattern, module, code);
                (pattern, found.into_iter().collect())
            }
            Role::PagesPage => {
                pages.push(file.clone());
                continue;
            }
            Role::Plain => continue,
        };
        if found.is_empty() {
            continue;
        }
        let new: Vec<usize> = (handlers.len()..handlers.len() + found.len()).collect();
        handlers.extend(found);
        match routes.iter_mut().find(|route| route.pattern == pattern) {
            Some(route) => route.handlers.extend(new),
            None => routes.push(Route { pattern, handlers: new }),
        }
    }
    (handlers, routes, pages)
}

fn cut(handlers: &mut Vec<Definition>, limits: &Limits, skips: &mut Skips) {
    skips.add(Skip::NotListed, handlers.len().saturating_sub(limits.handlers) as u64);
    handlers.truncate(limits.handlers);
    let mut room = limits.call_sites;
    for handler in handlers {
        let sites = handler.call_sites.len();
        skips.add(Skip::NotListed, sites.saturating_sub(room) as u64);
        handler.call_sites.truncate(room);
        room = room.saturating_sub(sites);
        debug_assert!(handler.kind != HandlerKind::Page, "pages are not read");
    }
}
