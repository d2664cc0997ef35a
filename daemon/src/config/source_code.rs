//! Where the app's source is: the section `[source]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where the app's source is, so that reports name files and lines (docs/source.md). What is uploaded to the API is used otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SourceCode {
    /// A checkout of the app's repository. It is only read.
    pub repo: Option<PathBuf>,
    /// What `pointsman link` wrote; it wins over `repo`.
    pub file: Option<PathBuf>,
    /// The app in that repository, by its folder or the name of its package; needed if there are several.
    pub app: Option<String>,
    /// The service (`service.name`) that it is the source of; needed if several services send traces.
    pub service: Option<String>,
}

impl SourceCode {
    /// Whether it says where the source of a service is; `alone` if no other service is known.
    pub(crate) fn is_of(&self, service: &str, alone: bool) -> bool {
        let named = self.repo.is_some() || self.file.is_some();
        named && self.service.as_deref().map_or(alone, |wanted| wanted == service)
    }
}
