//! Small repositories, written into a folder and read: what is found in each, by file and line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod actions;
mod calls;
mod definitions;
mod hostile;
mod monorepo;
mod storefront;

use std::path::Path;

use pointsman_source::{Limits, LinkError, Source, Wanted, link};

/// A folder with these files, and what is read of it.
fn read(files: &[(&str, &str)]) -> Source {
    read_app(files, None).unwrap()
}

fn read_app(files: &[(&str, &str)], app: Option<&str>) -> Result<Source, LinkError> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let wanted = Wanted { app: app.map(str::to_owned), commit: None };
    link(folder.path(), &wanted, &Limits::default())
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    if !files.iter().any(|(name, _)| name.ends_with("package.json")) {
        std::fs::write(
            folder.join("package.json"),
            r#"{ "name": "shop", "dependencies": { "next": "16.4.6" } }"#,
        )
        .unwrap();
    }
}

/// `GET /api/x app/api/x/route.ts:1` or `actions/a.ts#save actions/a.ts:3`, each definition a line.
fn definitions(source: &Source) -> Vec<String> {
    let line = |one: &pointsman_store::Definition| {
        let name = match (&one.action, &one.route) {
            (Some(action), _) => action.clone(),
            (None, Some(route)) => format!("{} {route}", one.method.as_deref().unwrap_or("*")),
            (None, None) => String::new(),
        };
        format!("{name} {}:{}", one.place.file, one.place.line)
    };
    source.handlers.iter().map(line).collect()
}

/// `POST /api/x < app/page.tsx:3 fetch client refreshes`, each call site a line.
fn sites(source: &Source) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &source.handlers {
        let name = match (&one.action, &one.route) {
            (Some(action), _) => action.clone(),
            (None, Some(route)) => format!("{} {route}", one.method.as_deref().unwrap_or("*")),
            (None, None) => String::new(),
        };
        for site in &one.call_sites {
            let how = serde_json::to_value(site.how).unwrap();
            let side = serde_json::to_value(site.side).unwrap();
            let refreshes = if site.refreshes { " refreshes" } else { "" };
            lines.push(format!(
                "{name} < {}:{} {} {}{refreshes}",
                site.place.file,
                site.place.line,
                how.as_str().unwrap(),
                side.as_str().unwrap()
            ));
        }
    }
    lines.sort();
    lines
}

/// `app/page.tsx:3 url_at_runtime`, each unresolved call a line.
fn unresolved(source: &Source) -> Vec<String> {
    let line = |one: &pointsman_store::Unresolved| {
        let why = serde_json::to_value(one.why).unwrap();
        let may_be = if one.may_be.is_empty() { String::new() } else { format!(" {}", one.may_be.join(" ")) };
        format!("{}:{} {}{may_be}", one.place.file, one.place.line, why.as_str().unwrap())
    };
    source.unresolved.iter().map(line).collect()
}
