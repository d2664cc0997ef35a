//! The files of one draft: their texts, the edits that were gathered for them, and what is said about it.

use std::collections::BTreeMap;

use pointsman_store::Definition;

use super::ChangedFile;
use super::HandlerRef;
use super::edit::{Edit, apply};
use crate::limits::Limits;
use crate::link::Reading;
use crate::skipped::Skips;
use crate::syntax;

/// Why something is not drafted, in a sentence.
pub(super) type Why = String;

/// What is being drafted.
pub(super) struct Desk<'a> {
    pub(super) reading: &'a Reading,
    limits: &'a Limits,
    edits: BTreeMap<String, Vec<Edit>>,
    created: BTreeMap<String, String>,
    deleted: Vec<String>,
    pub(super) left_out: Vec<Why>,
    pub(super) remarks: Vec<String>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(reading: &'a Reading, limits: &'a Limits) -> Self {
        Self {
            reading,
            limits,
            edits: BTreeMap::new(),
            created: BTreeMap::new(),
            deleted: Vec::new(),
            left_out: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The text of a file that can be edited.
    pub(super) fn text(&self, file: &str) -> Result<String, Why> {
        let text = self.reading.repository.read(file, self.limits, &mut Skips::default());
        let text = text.ok_or_else(|| format!("{file} cannot be read"))?;
        if text.contains('\u{fffd}') {
            return Err(format!("{file} is not valid UTF-8"));
        }
        Ok(text)
    }

    /// Looks into a file's syntax.
    pub(super) fn look<T>(
        &self,
        file: &str,
        work: impl FnOnce(&syntax::SourceFile<'_, '_>) -> Result<T, Why>,
    ) -> Result<T, Why> {
        let text = self.text(file)?;
        if !syntax::is_shallow(&text, self.limits.nesting) {
            return Err(format!("{file} is nested too deeply to be read"));
        }
        let found = syntax::look(file, &text, work);
        found.ok_or_else(|| format!("{file} has syntax errors"))?.map_err(|why| format!("{file}{why}"))
    }

    pub(super) fn edit(&mut self, file: &str, edits: impl IntoIterator<Item = Edit>) {
        self.edits.entry(file.to_owned()).or_default().extend(edits);
    }

    pub(super) fn create(&mut self, file: &str, text: String) {
        self.created.insert(file.to_owned(), text);
    }

    pub(super) fn delete(&mut self, file: &str) {
        self.deleted.push(file.to_owned());
    }

    /// The definition of a handler.
    pub(super) fn definition(&self, wanted: &HandlerRef) -> Result<&'a Definition, Why> {
        let all = &self.reading.source.handlers;
        let mut found = all.iter().filter(|one| match wanted {
            HandlerRef::Action(name) => one.action.as_ref() == Some(name),
            HandlerRef::Route { kind, route, method } => {
                one.kind == *kind
                    && one.route.as_ref() == Some(route)
                    && one.method.as_ref().is_none_or(|own| own == method)
            }
            HandlerRef::Page(_) => false,
        });
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("the source does not define {}", name(wanted))),
            (Some(one), Some(other)) => Err(format!(
                "{} is defined twice, in {} and {}",
                name(wanted),
                one.place.file,
                other.place.file
            )),
        }
    }

    /// The version of Next.js, as far as the first number of what is installed or asked for says it.
    pub(super) fn next_major(&self) -> Option<u32> {
        let version = self.reading.source.app.next.as_deref()?;
        let digits: String = version
            .chars()
            .skip_while(|letter| !letter.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse().ok()
    }

    /// All files as they are after the draft.
    pub(super) fn finish(&mut self) -> Result<Vec<ChangedFile>, Why> {
        let mut files = BTreeMap::new();
        for (file, edits) in &self.edits {
            if self.deleted.contains(file) {
                continue;
            }
            let before = self.text(file)?;
            let after = apply(&before, edits)
                .ok_or_else(|| format!("{file}: two parts of the draft change the same code"))?;
            if after != before {
                files.insert(file.clone(), (Some(before), Some(after)));
            }
        }
        for file in &self.deleted {
            files.insert(file.clone(), (Some(self.text(file)?), None));
        }
        for (file, text) in std::mem::take(&mut self.created) {
            if self.reading.repository.has(&file) {
                return Err(format!("{file} exists already"));
            }
            files.insert(file, (None, Some(text)));
        }
        if files.is_empty() && self.left_out.is_empty() {
            return Err("there is nothing to change".to_owned());
        }
        Ok(files.into_iter().map(|(path, (before, after))| ChangedFile { path, before, after }).collect())
    }
}

/// A handler in a sentence.
pub(super) fn name(handler: &HandlerRef) -> String {
    match handler {
        HandlerRef::Action(name) => name.clone(),
        HandlerRef::Route { route, method, .. } => format!("{method} {route}"),
        HandlerRef::Page(route) => format!("the page {route}"),
    }
}
