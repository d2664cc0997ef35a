//! What an app is like: its folder, its workspace, its version of Next.js, where its code and its configuration are, what
//! observes it already. Only reads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde_json::Value;

/// How deep apps are looked for in a workspace.
const DEPTH: usize = 4;
/// Folders below one that are looked into at most.
const FOLDERS: usize = 2_000;
/// Apps that are named when there are several.
const NAMED: usize = 8;
/// Larger files are none that a person writes.
const MAX_FILE: u64 = 1 << 20;
/// The oldest version that the package supports.
const OLDEST: (u32, u32) = (14, 2);
/// From here on Next.js loads the instrumentation file without being told.
const HOOK_BY_DEFAULT: (u32, u32) = (15, 0);

/// An app of Next.js.
#[derive(Debug)]
pub(super) struct App {
    pub(super) folder: PathBuf,
    /// The workspace's folder, or the app's own.
    pub(super) root: PathBuf,
    pub(super) manifest: Value,
    /// Major and minor version of Next.js; unknown where the manifest names a tag and nothing is installed.
    pub(super) next: Option<(u32, u32)>,
    /// Where `app` or `pages` lies, and the instrumentation file must.
    pub(super) code: PathBuf,
    pub(super) typescript: bool,
    pub(super) config: Option<(PathBuf, String)>,
    pub(super) dockerfile: bool,
}

/// Other observers by a package of theirs.
const OBSERVERS: [(&str, &str); 8] = [
    ("@sentry/nextjs", "Sentry"),
    ("dd-trace", "Datadog"),
    ("newrelic", "New Relic"),
    ("elastic-apm-node", "Elastic APM"),
    ("@vercel/otel", "@vercel/otel"),
    ("@opentelemetry/sdk-node", "NodeSDK"),
    ("@instana/collector", "Instana"),
    ("appdynamics", "AppDynamics"),
];

impl App {
    /// Finds the app in a folder, or the only one in the workspace that lies there.
    pub(super) fn find(folder: &Path) -> anyhow::Result<Self> {
        let named = folder;
        let folder = fs::canonicalize(folder).with_context(|| {
            format!("there is no folder {}; name the app's folder: pointsman init PATH", named.display())
        })?;
        ensure!(
            folder.is_dir(),
            "{} is not a folder; name the app's folder: pointsman init PATH",
            named.display()
        );
        if is_app(&folder) {
            return Self::read(folder);
        }
        let mut apps = Vec::new();
        let mut left = FOLDERS;
        collect_apps(&folder, DEPTH, &mut left, &mut apps);
        apps.sort();
        let shown = |app: &PathBuf| app.strip_prefix(&folder).unwrap_or(app).display().to_string();
        match apps.as_slice() {
            [] => anyhow::bail!(
                "there is no Next.js app in {}: no package.json with `next` and an app or pages folder; name the app's folder: pointsman init PATH",
                named.display()
            ),
            [one] => Self::read(one.clone()),
            [first, ..] => anyhow::bail!(
                "{} holds {} apps ({}{}); name one of them: pointsman init {}",
                named.display(),
                apps.len(),
                apps.iter().take(NAMED).map(shown).collect::<Vec<_>>().join(", "),
                if apps.len() > NAMED { ", ..." } else { "" },
                named.join(shown(first)).display()
            ),
        }
    }

    fn read(folder: PathBuf) -> anyhow::Result<Self> {
        let manifest = manifest(&folder)?;
        let root = workspace_of(&folder).unwrap_or_else(|| folder.clone());
        let next = version_of_next(&folder, &root, &manifest);
        if let Some(next) = next {
            ensure!(
                next >= OLDEST,
                "this app runs Next.js {}.{}; Pointsman observes {}.{} and later: update Next.js first",
                next.0,
                next.1,
                OLDEST.0,
                OLDEST.1
            );
        }
        let has_code = |parent: &Path| ["app", "pages"].iter().any(|name| parent.join(name).is_dir());
        let code = if !has_code(&folder) && has_code(&folder.join("src")) {
            folder.join("src")
        } else {
            folder.clone()
        };
        let names =
            ["next.config.ts", "next.config.mts", "next.config.mjs", "next.config.js", "next.config.cjs"];
        let config = names.iter().map(|name| folder.join(name)).find(|file| file.is_file());
        let config = config.map(|file| Ok::<_, anyhow::Error>((file.clone(), text(&file)?))).transpose()?;
        let typescript = folder.join("tsconfig.json").is_file();
        let dockerfile = [&folder, &root].iter().any(|folder| folder.join("Dockerfile").is_file());
        Ok(Self { folder, root, manifest, next, code, typescript, config, dockerfile })
    }

    /// Whether the configuration has to switch the instrumentation file on.
    pub(super) fn needs_hook(&self) -> bool {
        self.next.is_some_and(|next| next < HOOK_BY_DEFAULT)
    }

    /// The version range under which the app itself names a package, for production.
    pub(super) fn dependency(&self, name: &str) -> Option<&str> {
        self.manifest.get("dependencies")?.get(name)?.as_str()
    }

    /// What observes it already.
    pub(super) fn observers(&self) -> Vec<&'static str> {
        let named = OBSERVERS.iter().filter(|(package, _)| self.dependency(package).is_some());
        named.map(|(_, name)| *name).collect()
    }

    /// Whether it is built with `output: 'standalone'`, as far as its configuration says so.
    pub(super) fn standalone(&self) -> bool {
        self.config
            .as_ref()
            .is_some_and(|(_, text)| text.contains("'standalone'") || text.contains("\"standalone\""))
    }

    /// Whether the configuration excludes files of this ending from those that Next.js loads.
    pub(super) fn excludes(&self, ending: &str) -> bool {
        let Some((_, text)) = &self.config else { return false };
        let quoted = [format!("'{ending}'"), format!("\"{ending}\"")];
        text.contains("pageExtensions") && !quoted.iter().any(|one| text.contains(one))
    }

    /// A variable in one of its files of them.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let files = [".env.production.local", ".env.local", ".env.production", ".env"];
        let texts = files.iter().filter_map(|file| text(&self.folder.join(file)).ok());
        let value = |text: String| {
            text.lines().find_map(|line| {
                let line = line.trim().trim_start_matches("export ");
                let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
                Some(value.trim_matches(['"', '\'']).to_owned())
            })
        };
        texts.filter_map(value).find(|value| !value.is_empty())
    }

    /// The name in its manifest, without a scope; else that of its folder.
    pub(super) fn name(&self) -> String {
        let named = self.manifest.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
        let folder = || {
            self.folder
                .file_name()
                .map_or_else(|| "nextjs".to_owned(), |name| name.to_string_lossy().into_owned())
        };
        named.map_or_else(folder, |name| name.rsplit('/').next().unwrap_or(name).to_owned())
    }
}

/// The text of a file of the app.
pub(super) fn text(file: &Path) -> anyhow::Result<String> {
    let size = fs::metadata(file).with_context(|| format!("cannot read {}", file.display()))?.len();
    ensure!(size <= MAX_FILE, "{} is too large to be edited: {size} bytes", file.display());
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// The manifest of a folder; null where it has none.
pub(super) fn manifest_if_any(folder: &Path) -> anyhow::Result<Value> {
    if folder.join("package.json").exists() { manifest(folder) } else { Ok(Value::Null) }
}

fn manifest(folder: &Path) -> anyhow::Result<Value> {
    let file = folder.join("package.json");
    let manifest: Value = serde_json::from_str(&text(&file)?)
        .with_context(|| format!("{} is not valid JSON; correct it and run init again", file.display()))?;
    Ok(manifest)
}

/// Whether the manifest names Next.js, and there is something for it to serve.
fn is_app(folder: &Path) -> bool {
    let Ok(manifest) = text(&folder.join("package.json")) else { return false };
    // One that is broken is looked at, so that it is named.
    let names_next =
        serde_json::from_str::<Value>(&manifest).map_or(manifest.contains("\"next\""), |manifest| {
            ["dependencies", "devDependencies"]
                .iter()
                .any(|kind| manifest.get(kind).is_some_and(|all| all.get("next").is_some()))
        });
    names_next && ["app", "pages", "src/app", "src/pages"].iter().any(|code| folder.join(code).is_dir())
}

fn collect_apps(folder: &Path, depth: usize, left: &mut usize, apps: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_hidden = name.to_string_lossy().starts_with('.') || name == "node_modules";
        if is_hidden || *left == 0 || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        *left -= 1;
        if is_app(&path) {
            apps.push(path);
        } else if depth > 1 {
            collect_apps(&path, depth - 1, left, apps);
        }
    }
}

/// The nearest folder above, within the repository, that says it is a workspace.
fn workspace_of(folder: &Path) -> Option<PathBuf> {
    for above in folder.ancestors().skip(1) {
        let names_members = manifest(above).is_ok_and(|manifest| manifest.get("workspaces").is_some());
        if names_members || above.join("pnpm-workspace.yaml").is_file() {
            return Some(above.to_owned());
        }
        if above.join(".git").exists() {
            return None;
        }
    }
    None
}

/// What is installed, else the lowest version that the manifest allows.
fn version_of_next(folder: &Path, root: &Path, own: &Value) -> Option<(u32, u32)> {
    let installed = [folder, root].iter().find_map(|folder| {
        let installed = manifest(&folder.join("node_modules/next")).ok()?;
        release(installed.get("version")?.as_str()?)
    });
    installed.or_else(|| {
        let kinds = ["dependencies", "devDependencies"].iter();
        kinds.filter_map(|kind| own.get(kind)?.get("next")?.as_str()).find_map(release)
    })
}

/// `14.2` of `^14.2.3`, `>=15`, `16.x`; nothing of `latest` or `catalog:`.
fn release(range: &str) -> Option<(u32, u32)> {
    let mut numbers = range.trim_start_matches(['^', '~', '>', '<', '=', 'v', ' ']).split('.');
    let major = numbers.next()?.parse().ok()?;
    Some((major, numbers.next().and_then(|minor| minor.parse().ok()).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_from_ranges() {
        for (range, read) in [
            ("^14.2.3", Some((14, 2))),
            ("15.0.0-rc.1", Some((15, 0))),
            (">=15", Some((15, u32::MAX))),
            ("16.x", Some((16, u32::MAX))),
            ("latest", None),
            ("catalog:", None),
        ] {
            assert_eq!(release(range), read, "{range}");
        }
    }
}
