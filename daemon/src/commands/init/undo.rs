//! What init has done to an app, kept in a folder of the app that git does not see, and taking it back.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::change::{self, Done};
use super::install;
use super::managers::Manager;
use super::packages::PACKAGE;
use super::plan::Plan;

const FOLDER: &str = ".pointsman";
const NAME: &str = "init.json";

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    manager: Manager,
    /// Names of packages that were not in the manifest before.
    packages: BTreeSet<String>,
    files: Vec<Done>,
    /// A tarball that was copied into the app.
    copy: Option<PathBuf>,
}

impl Record {
    /// The record of an earlier run, and what this one adds.
    ///
    /// # Errors
    /// When there is an earlier one that cannot be read: it would be lost, and what it tells could not be undone.
    pub(super) fn of(app: &App, plan: &Plan) -> anyhow::Result<Self> {
        let earlier = Self::file(app).exists().then(|| Self::read(app)).transpose()?;
        let names = plan.packages.iter().map(|package| match package.rfind('@').filter(|at| *at > 0) {
            _ if package.contains(".tgz") => PACKAGE.to_owned(),
            Some(at) => package.get(..at).unwrap_or(package).to_owned(),
            None => package.clone(),
        });
        let files = plan.changes.iter().map(|change| change.done(&app.folder));
        let copy = plan.copy.as_ref().map(|(_, to)| to.strip_prefix(&app.folder).unwrap_or(to).to_owned());
        let Self { packages, files: before, copy: copied, .. } = earlier.unwrap_or(Self {
            manager: plan.manager,
            packages: BTreeSet::new(),
            files: Vec::new(),
            copy: None,
        });
        Ok(Self {
            manager: plan.manager,
            packages: packages.into_iter().chain(names).collect(),
            files: before.into_iter().chain(files).collect(),
            copy: copy.or(copied),
        })
    }

    /// Where it is kept.
    pub(super) fn file(app: &App) -> PathBuf {
        app.folder.join(FOLDER).join(NAME)
    }

    pub(super) fn write(&self, app: &App) -> anyhow::Result<()> {
        let file = Self::file(app);
        let text = serde_json::to_string_pretty(self).context("the record cannot be written as JSON")?;
        change::write(&app.folder.join(FOLDER).join(".gitignore"), b"*\n")
            .and_then(|()| change::write(&file, text.as_bytes()))
            .with_context(|| format!("cannot write {}", file.display()))
    }

    pub(super) fn read(app: &App) -> anyhow::Result<Self> {
        let file = Self::file(app);
        ensure!(
            file.is_file(),
            "there is nothing to undo in {}: init has not run here, or was undone already",
            app.folder.display()
        );
        let text = super::app::text(&file)?;
        serde_json::from_str(&text).with_context(|| {
            format!(
                "{} is not valid; take the two lines out by hand, and uninstall {PACKAGE}",
                file.display()
            )
        })
    }

    /// Removes the folder of records, if there is one.
    pub(super) fn remove(app: &App) -> anyhow::Result<()> {
        let folder = app.folder.join(FOLDER);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
            }
            _ => Ok(()),
        }
    }

    /// Takes everything back; what was changed since is left, and said.
    pub(super) fn take_back(&self, app: &App) -> anyhow::Result<Vec<String>> {
        change::assert_writable(
            self.files
                .iter()
                .map(|done| app.folder.join(&done.file))
                .chain([app.folder.join("package.json")]),
        )?;
        if !self.packages.is_empty() {
            install::assert_tools(app, self.manager)?;
            eprintln!("pointsman: {} removes {} packages ...", self.manager.name(), self.packages.len());
            let packages: Vec<String> = self.packages.iter().cloned().collect();
            install::run(app, self.manager, &self.manager.remove(app), &packages)?;
        }
        let mut left = Vec::new();
        for done in &self.files {
            left.extend(done.take_back(&app.folder).err());
        }
        let copy = self.copy.as_ref().map_or(Ok(()), |copy| install::remove_copy(&app.folder.join(copy)));
        let faults = [copy, Self::remove(app)].into_iter().filter_map(Result::err);
        left.extend(faults.map(|fault| format!("{fault:#}")));
        Ok(left)
    }
}
