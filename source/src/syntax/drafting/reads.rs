//! An action that reads, as a route needs it: its parameters and its answer; and imports that lead elsewhere.

use oxc_ast::AstKind;
use oxc_span::GetSpan;

use super::super::tree::At;
use super::file::{SourceFile, range};
use super::functions::Parameter;
use crate::draft::edit::Edit;
use crate::module::ImportName;

/// How a file is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Style {
    quote: char,
    semicolons: bool,
    newline: &'static str,
    /// Whether it is TypeScript.
    pub(crate) typed: bool,
}

impl Style {
    /// Drafted code (quotation marks `"`, semicolons, `\n`) in this style.
    pub(crate) fn of(self, code: &str) -> String {
        let mut text = String::with_capacity(code.len());
        for line in code.lines() {
            let is_comment = line.trim_start().starts_with("//");
            let line = if is_comment { line.to_owned() } else { line.replace('"', &self.quote.to_string()) };
            let bare = (!self.semicolons && !is_comment).then(|| line.strip_suffix(';')).flatten();
            text += bare.unwrap_or(&line);
            text += self.newline;
        }
        text
    }
}

/// An exported function as callers see it.
pub(crate) struct Callable {
    pub(crate) params: Vec<Parameter>,
    /// The type of its answer, as far as it is written.
    pub(crate) answer: Option<String>,
}

impl SourceFile<'_, '_> {
    /// The style of this file.
    pub(crate) fn style(&self) -> Style {
        Style {
            quote: self.quote(),
            semicolons: self.has_semicolons(),
            newline: self.newline(),
            typed: self.typed,
        }
    }

    /// An exported function; an error if it is made by another function, or takes its arguments apart.
    pub(crate) fn callable(&self, name: &str) -> Result<Callable, String> {
        let Some(parts) = self.exported_function(name) else {
            return Err(format!(
                ": {name} is not a function that is written in its export, but made by another one"
            ));
        };
        let params = self.parameters(parts.params).ok_or_else(|| {
            format!("{}{name} takes its arguments apart, so their names are not known", self.at(parts.at))
        })?;
        let answer =
            parts.return_type.map(|found| self.slice(range(found.type_annotation.span())).to_owned());
        Ok(Callable { params, answer })
    }

    /// Lets imported names come from another module, where they have the same name.
    pub(crate) fn import_from(
        &self,
        is_wanted: &dyn Fn(&str, &ImportName) -> bool,
        name: &str,
        from: &str,
    ) -> Result<Vec<Edit>, String> {
        let mut edits = Vec::new();
        for local in self.imported(is_wanted) {
            let AstKind::ImportSpecifier(_) = self.tree.kind(local.at) else {
                return Err(format!("{}{name} is not imported by its name", self.at(local.at)));
            };
            edits.extend(self.replaced_import(local.at, local.name, name, from));
        }
        if edits.is_empty() { Err(format!(": {name} is not imported here")) } else { Ok(edits) }
    }

    fn replaced_import(&self, specifier: At, local: &str, name: &str, from: &str) -> Vec<Edit> {
        let Some(import) = self.import_around(specifier) else { return Vec::new() };
        if import.specifiers.as_ref().is_some_and(|all| all.len() == 1) {
            let source = range(import.source.span);
            return vec![Edit::replace(source.start + 1..source.end - 1, from)];
        }
        let what = if local == name { name.to_owned() } else { format!("{name} as {local}") };
        let mut edits = self.drop_imports(&[specifier]);
        edits.push(self.add_import(&format!("{{ {what} }}"), from));
        edits
    }
}
