//! Imports of a file: which names they bring, taking some away, adding one.

use std::collections::BTreeMap;
use std::ops::Range;

use oxc_ast::AstKind;
use oxc_ast::ast::{ImportDeclaration, ImportDeclarationSpecifier, Statement};
use oxc_span::GetSpan;

use super::super::exports::name_of;
use super::super::tree::{At, Binding, simple};
use super::file::{SourceFile, range};
use crate::draft::edit::Edit;
use crate::module::ImportName;

/// A name of another module, as this file has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct LocalName<'a> {
    pub(super) name: &'a str,
    /// The node of its specifier.
    pub(super) at: At,
}

impl<'a> SourceFile<'_, 'a> {
    /// The imported names that mean something wanted, by the module as it is written and the name there.
    pub(super) fn imported(&self, is_wanted: &dyn Fn(&str, &ImportName) -> bool) -> Vec<LocalName<'a>> {
        let mut found = Vec::new();
        for (at, kind) in self.tree.all() {
            let (name, local) = match kind {
                AstKind::ImportSpecifier(one) => (ImportName::Named(name_of(&one.imported)), &one.local),
                AstKind::ImportDefaultSpecifier(one) => (ImportName::Named("default".to_owned()), &one.local),
                AstKind::ImportNamespaceSpecifier(one) => (ImportName::Namespace, &one.local),
                _ => continue,
            };
            if let Some(import) = self.import_around(at)
                && is_wanted(import.source.value.as_str(), &name)
            {
                found.push(LocalName { name: local.name.as_str(), at });
            }
        }
        found
    }

    pub(super) fn import_around(&self, specifier: At) -> Option<&'a ImportDeclaration<'a>> {
        match self.tree.kind(self.tree.parent(specifier)) {
            AstKind::ImportDeclaration(import) => Some(import),
            _ => None,
        }
    }

    /// Takes imported names away, by the nodes of their specifiers.
    pub(super) fn drop_imports(&self, specifiers: &[At]) -> Vec<Edit> {
        let mut of_import: BTreeMap<At, Vec<Range<usize>>> = BTreeMap::new();
        for at in specifiers {
            of_import.entry(self.tree.parent(*at)).or_default().push(self.span(*at));
        }
        let mut edits = Vec::new();
        for (import, dropped) in of_import {
            let AstKind::ImportDeclaration(found) = self.tree.kind(import) else { continue };
            let all = found.specifiers.as_ref().map(|all| &all[..]).unwrap_or_default();
            if dropped.len() >= all.len() {
                edits.push(Edit::remove(self.lines(self.span(import))));
            } else {
                edits.extend(self.without(all, &dropped));
            }
        }
        edits
    }

    /// The edits that leave an import without some of its names.
    fn without(&self, all: &[ImportDeclarationSpecifier<'a>], dropped: &[Range<usize>]) -> Vec<Edit> {
        let is_default = |one: &ImportDeclarationSpecifier| {
            matches!(one, ImportDeclarationSpecifier::ImportDefaultSpecifier(_))
        };
        let goes = |one: &ImportDeclarationSpecifier| dropped.contains(&range(one.span()));
        let default = all.iter().find(|one| is_default(one));
        let named: Vec<&ImportDeclarationSpecifier> = all.iter().filter(|one| !is_default(one)).collect();
        let kept: Vec<&&ImportDeclarationSpecifier> = named.iter().filter(|one| !goes(one)).collect();
        let mut edits = Vec::new();
        if let Some(default) = default.filter(|one| goes(one)) {
            // `a, { b }`: up to the brace.
            let start = range(default.span());
            let brace = self.slice(start.end..self.text.len()).find('{').unwrap_or_default();
            edits.push(Edit::remove(start.start..start.end + brace));
        }
        let Some(last) = kept.last() else {
            if let (Some(default), Some(end)) = (default, named.last()) {
                let end = range(end.span()).end;
                let brace = self.slice(end..self.text.len()).find('}').map_or(0, |at| at + 1);
                edits.push(Edit::remove(range(default.span()).end..end + brace));
            }
            return edits;
        };
        let last_kept = range(last.span());
        for (place, one) in named.iter().enumerate().filter(|(_, one)| goes(one)) {
            let span = range(one.span());
            if span.start > last_kept.end {
                let end = named.last().map_or(span.end, |last| range(last.span()).end);
                edits.push(Edit::remove(last_kept.end..end));
                break;
            }
            let next = named.get(place + 1).map_or(span.end, |next| range(next.span()).start);
            edits.push(Edit::remove(span.start..next));
        }
        edits
    }

    /// A new import after the others, or after what must come first.
    pub(super) fn add_import(&self, what: &str, from: &str) -> Edit {
        let AstKind::Program(program) = self.tree.kind(0) else { return Edit::insert(0, "") };
        let quote = self.quote();
        let end = if self.has_semicolons() { ";" } else { "" };
        let newline = self.newline();
        let line = format!("import {what} from {quote}{from}{quote}{end}");
        let last = program.body.iter().rev().find_map(|statement| match statement {
            Statement::ImportDeclaration(import) => Some(range(import.span)),
            _ => None,
        });
        if let Some(last) = last {
            return Edit::insert(last.end, format!("{newline}{line}"));
        }
        if let Some(directive) = program.directives.last() {
            return Edit::insert(range(directive.span).end, format!("{newline}{newline}{line}"));
        }
        let first = program.body.first().map_or(self.text.len(), |first| range(first.span()).start);
        Edit::insert(first, format!("{line}{newline}{newline}"))
    }

    /// The file's quotation mark for texts.
    pub(super) fn quote(&self) -> char {
        let of_import = self.tree.all().find_map(|(_, kind)| match kind {
            AstKind::ImportDeclaration(import) => {
                self.text.get(range(import.source.span)).and_then(|text| text.chars().next())
            }
            AstKind::Directive(directive) => {
                self.text.get(range(directive.span)).and_then(|text| text.chars().next())
            }
            _ => None,
        });
        of_import.unwrap_or('"')
    }

    /// Whether its statements end with semicolons.
    pub(super) fn has_semicolons(&self) -> bool {
        let first = self.tree.all().find_map(|(_, kind)| match kind {
            AstKind::ImportDeclaration(_) | AstKind::Directive(_) | AstKind::ExpressionStatement(_) => {
                Some(self.slice(range(kind.span())).ends_with(';'))
            }
            _ => None,
        });
        first.unwrap_or(true)
    }

    /// What nothing needs once some code is gone: imports, and variables whose value is made by one of some functions
    /// (`useRouter`), all of whose references are within it.
    pub(super) fn unused_without(&self, gone: &[Range<usize>], makers: &[&str]) -> Vec<Edit> {
        let mut gone = gone.to_vec();
        let mut edits = Vec::new();
        loop {
            let before = gone.len();
            for (at, kind) in self.tree.all() {
                let AstKind::VariableDeclarator(declarator) = kind else { continue };
                let made = declarator.init.as_ref().and_then(super::super::tree::dotted);
                let made = made.is_some_and(|made| makers.contains(&made.as_str()));
                let Some(name) = simple(&declarator.id).filter(|_| made) else { continue };
                let declaration = self.tree.parent(at);
                let AstKind::VariableDeclaration(whole) = self.tree.kind(declaration) else { continue };
                let lines = self.lines(self.span(declaration));
                if whole.declarations.len() == 1
                    && !is_covered(&lines, &gone)
                    && self.only_within(name, Binding::Variable(at), &gone)
                {
                    edits.push(Edit::remove(lines.clone()));
                    gone.push(lines);
                }
            }
            if gone.len() == before {
                break;
            }
        }
        let all = self.imported(&|_, _| true);
        let unused: Vec<At> = all
            .iter()
            .filter(|one| self.only_within(one.name, Binding::Import(one.at), &gone))
            .map(|one| one.at)
            .collect();
        edits.extend(self.drop_imports(&unused));
        edits
    }

    /// Whether a name is used, and only within some spans.
    fn only_within(&self, name: &str, binding: Binding, spans: &[Range<usize>]) -> bool {
        let all = self.references(name, binding);
        !all.is_empty() && all.iter().all(|at| is_covered(&self.span(*at), spans))
    }
}

fn is_covered(inner: &Range<usize>, spans: &[Range<usize>]) -> bool {
    spans.iter().any(|span| span.start <= inner.start && inner.end <= span.end)
}
