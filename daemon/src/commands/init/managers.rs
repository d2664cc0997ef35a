//! Package managers: which one an app uses, and what its commands are. Running them is `install`'s business.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use anyhow::bail;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::app::{self, App};

/// So much of a lock file says who wrote it, bytes.
const BEGIN_OF_LOCK: u64 = 4 << 10;

/// A package manager.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Manager {
    Npm,
    Pnpm,
    Yarn,
    Bun,
}

/// Lock files and whose they are.
pub(super) const LOCK_FILES: [(&str, Manager); 6] = [
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("yarn.lock", Manager::Yarn),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("package-lock.json", Manager::Npm),
    ("npm-shrinkwrap.json", Manager::Npm),
];

impl Manager {
    /// The one that the app's manifest names, else the one whose lock file is there, else npm.
    pub(super) fn of(app: &App) -> anyhow::Result<Self> {
        for folder in [&app.folder, &app.root] {
            let manifest = app::manifest_if_any(folder)?;
            let named = manifest.get("packageManager").and_then(serde_json::Value::as_str);
            if let Some(manager) = named.and_then(|named| Self::named(named.split('@').next()?)) {
                return Ok(manager);
            }
            let locks: Vec<_> = LOCK_FILES.iter().filter(|(file, _)| folder.join(file).is_file()).collect();
            match locks.as_slice() {
                [] => {}
                [(_, first), rest @ ..] if rest.iter().all(|(_, other)| other == first) => return Ok(*first),
                [(one, _), rest @ ..] => bail!(
                    "{} has lock files of two package managers ({one}, {}); remove the stale one, or name yours with \
                     --package-manager",
                    folder.display(),
                    rest.last().map_or("", |(file, _)| *file)
                ),
            }
        }
        Ok(Self::Npm)
    }

    fn named(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|manager| manager.name() == name)
    }

    /// The program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn => "yarn",
            Self::Bun => "bun",
        }
    }

    /// What adds packages, before their names.
    pub(super) fn add(self, app: &App) -> Vec<&'static str> {
        match self {
            Self::Npm => vec!["install", "--no-audit", "--no-fund"],
            // The root of a workspace takes packages only when one insists.
            Self::Pnpm if app.folder.join("pnpm-workspace.yaml").is_file() => {
                vec!["add", "--ignore-workspace-root-check"]
            }
            Self::Yarn if app.manifest.get("workspaces").is_some() && is_first_yarn(app) => vec!["add", "-W"],
            Self::Pnpm | Self::Yarn | Self::Bun => vec!["add"],
        }
    }

    /// What removes them.
    pub(super) fn remove(self, app: &App) -> Vec<&'static str> {
        match self {
            Self::Npm => vec!["uninstall", "--no-audit", "--no-fund"],
            Self::Yarn if app.manifest.get("workspaces").is_some() && is_first_yarn(app) => {
                vec!["remove", "-W"]
            }
            Self::Pnpm | Self::Yarn | Self::Bun => vec!["remove"],
        }
    }

    /// How it runs a script of the manifest.
    pub(super) fn script(self, name: &str) -> String {
        match self {
            Self::Npm | Self::Bun => format!("{} run {name}", self.name()),
            Self::Pnpm | Self::Yarn => format!("{} {name}", self.name()),
        }
    }

    /// A tarball below the app's folder, as this manager wants it named.
    pub(super) fn tarball(self, path: &str) -> String {
        match self {
            Self::Npm | Self::Pnpm | Self::Bun => format!("./{path}"),
            Self::Yarn => format!("@pointsman/nextjs@file:./{path}"),
        }
    }
}

/// Version 1 of yarn is another program than those after it, whose lock files begin with `__metadata`, however long they are.
fn is_first_yarn(app: &App) -> bool {
    let mut begin = Vec::new();
    let lock = File::open(app.root.join("yarn.lock"));
    // One that is there and cannot be read stops init before anything is changed, when all files are read to be put back.
    let _ = lock.and_then(|lock| lock.take(BEGIN_OF_LOCK).read_to_end(&mut begin));
    !app.root.join(".yarnrc.yml").is_file() && !String::from_utf8_lossy(&begin).contains("__metadata:")
}

/// Whether a program can be started.
pub(super) fn is_there(program: &str, folder: &Path) -> bool {
    Command::new(program)
        .arg("--version")
        .current_dir(folder)
        .output()
        .is_ok_and(|output| output.status.success())
}
