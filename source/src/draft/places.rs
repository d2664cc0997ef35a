//! Where things are in the app, and how one file names another: pages, the folder of the App Router, module names.

use super::desk::{Desk, Why};
use crate::resolve::join;
use crate::route::page_route;

/// The file of a page of the App Router; none where several share a route: which one is meant is not known.
pub(super) fn page_file(desk: &Desk<'_>, route: &str) -> Option<String> {
    let root = &desk.reading.source.app.root;
    let all = desk.reading.repository.below(root);
    let mut found = all.filter(|file| {
        let inner = file.strip_prefix(root.as_str()).unwrap_or(file).trim_start_matches('/');
        page_route(inner).is_some_and(|own| own == route)
    });
    let file = found.next()?.to_owned();
    found.next().is_none().then_some(file)
}

/// The folder of a file.
pub(super) fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folder `app` of the App Router.
pub(super) fn app_folder(desk: &Desk<'_>) -> Result<String, Why> {
    let root = &desk.reading.source.app.root;
    let has = |folder: &String| desk.reading.repository.below(folder).next().is_some();
    let folders = ["src/app", "app"].iter().filter_map(|inner| join(root, inner));
    folders.into_iter().find(has).ok_or_else(|| "the app has no folder app, where routes could be".to_owned())
}

/// How a file names another one: by the alias by which something is imported already, else relatively.
pub(super) fn module_name(desk: &Desk<'_>, from: &str, to: &str) -> String {
    let code = &desk.reading.code;
    let of_file = |file: &str| {
        let module = code.modules.get(file)?;
        module.imports.iter().find_map(|import| alias(&import.source, code.target(file, &import.source)?, to))
    };
    let near = of_file(from);
    let any = || code.modules.keys().find_map(|file| of_file(file));
    near.or_else(any).unwrap_or_else(|| relative(from, to))
}

/// The name of a module after the example of another one that is imported by an alias (`@/actions/save` for
/// `src/actions/save.ts`).
fn alias(written: &str, file: &str, to: &str) -> Option<String> {
    if written.starts_with('.')
        || !(written.starts_with("@/") || written.starts_with("~/") || written.starts_with('#'))
    {
        return None;
    }
    let (written, file): (Vec<&str>, Vec<&str>) =
        (written.split('/').collect(), stem(file).split('/').collect());
    let same = written.iter().rev().zip(file.iter().rev()).take_while(|(one, other)| one == other).count();
    let head = written.get(..written.len() - same)?.join("/");
    let folder = file.get(..file.len() - same)?.join("/");
    if same == 0 || head.is_empty() {
        return None;
    }
    let to = stem(to);
    let rest = if folder.is_empty() { Some(to) } else { to.strip_prefix(&folder)?.strip_prefix('/') };
    Some(format!("{head}/{}", rest?))
}

fn relative(from: &str, to: &str) -> String {
    let to = stem(to);
    let (from, to): (Vec<&str>, Vec<&str>) =
        (folder(from).split('/').filter(|part| !part.is_empty()).collect(), to.split('/').collect());
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from.len() - common;
    let start = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
    format!("{start}{}", to.get(common..).unwrap_or_default().join("/"))
}

/// A file without its extension, and a folder's index as the folder.
fn stem(file: &str) -> &str {
    let (folders, name) = file.rsplit_once('/').map_or(("", file), |(folders, name)| (folders, name));
    match name.rsplit_once('.') {
        Some(("index", _)) if !folders.is_empty() => folders,
        Some((stem, _)) => file.get(..file.len() - name.len() + stem.len()).unwrap_or(file),
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_alias_of_its_neighbours_or_relatively() {
        let like = |written, file, to| alias(written, file, to);
        assert_eq!(
            like("@/actions/save", "actions/save.ts", "app/api/x/client.ts").unwrap(),
            "@/app/api/x/client"
        );
        assert_eq!(like("@/lib/db", "web/src/lib/db/index.ts", "web/src/app/x.ts").unwrap(), "@/app/x");
        assert_eq!(like("@/lib/db", "web/src/lib/db.ts", "packages/x.ts"), None);
        assert_eq!(like("./save", "actions/save.ts", "app/x.ts"), None);
        assert_eq!(relative("app/a/page.tsx", "app/a/actions.ts"), "./actions");
        assert_eq!(relative("app/a/page.tsx", "lib/index.ts"), "../../lib");
        assert_eq!(relative("page.tsx", "lib/x.test.ts"), "./lib/x.test");
    }
}
