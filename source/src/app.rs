//! What an app's folder and its configuration say: version, base path, flags, extensions of pages.

use pointsman_store::SourceApp;

use crate::limits::Limits;
use crate::module::Module;
use crate::packages::Packages;
use crate::repository::Repository;
use crate::resolve::join;
use crate::skipped::Skips;
use crate::syntax;

/// An app that is being read.
pub(crate) struct App {
    pub described: SourceApp,
    /// Extensions of pages and routes.
    pub extensions: Vec<String>,
}

/// What the configuration may set that is said in the document, with its value where that is a word.
const FLAGS: [(&str, &str); 10] = [
    ("cacheComponents", "true"),
    ("ppr", "true"),
    ("ppr", "incremental"),
    ("trailingSlash", "true"),
    ("skipTrailingSlashRedirect", "true"),
    ("reactCompiler", "true"),
    ("typedRoutes", "true"),
    ("output", "standalone"),
    ("output", "export"),
    ("useCache", "true"),
];

pub(crate) fn read(
    folder: &str,
    repository: &Repository,
    packages: &Packages,
    limits: &Limits,
    skips: &mut Skips,
) -> App {
    let config = ["ts", "mts", "mjs", "js", "cjs"].iter().find_map(|end| {
        let file = join(folder, &format!("next.config.{end}"))?;
        let text = repository.read(&file, limits, skips)?;
        syntax::is_shallow(&text, limits.nesting).then(|| syntax::read(&file, &text)).flatten()
    });
    let config = config.unwrap_or_default();
    let package = packages.around(&join(folder, "package.json").unwrap_or_default());
    let described = SourceApp {
        root: folder.to_owned(),
        package: package.and_then(|package| package.name.clone()),
        next: repository.installed(folder, "next").or_else(|| package?.next_range()),
        base_path: base_path(&config),
        flags: flags(&config),
        packages: Vec::new(),
    };
    App { described, extensions: extensions(&config) }
}

fn base_path(config: &Module) -> Option<String> {
    let path = config.properties.get("basePath")?;
    let path = path.trim_end_matches('/');
    path.starts_with('/').then(|| path.to_owned())
}

fn flags(config: &Module) -> Vec<String> {
    let mut flags = Vec::new();
    for (name, value) in FLAGS {
        if config.properties.get(name).is_some_and(|found| found == value) {
            flags.push(if value == "true" { name.to_owned() } else { format!("{name}:{value}") });
        }
    }
    flags
}

/// `pageExtensions`, or what Next.js has without it.
fn extensions(config: &Module) -> Vec<String> {
    let usual = || ["tsx", "ts", "jsx", "js"].map(str::to_owned).to_vec();
    config.lists.get("pageExtensions").filter(|list| !list.is_empty()).cloned().unwrap_or_else(usual)
}
