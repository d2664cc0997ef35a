//! A parsed file with its text: spans, lines, references, and the file's own style.

use std::ops::Range;

use foldhash::HashSet;
use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType, Span};

use super::super::tree::{At, Binding, Tree};

/// A file that can be asked.
pub(crate) struct SourceFile<'t, 'a> {
    pub(in super::super) tree: &'t Tree<'a>,
    pub(in super::super) text: &'t str,
    /// Whether it is TypeScript.
    pub(crate) typed: bool,
}

/// Parses a file and looks into it; `None` if its syntax has faults or it is no source file.
pub(crate) fn look<T>(file: &str, text: &str, work: impl FnOnce(&SourceFile<'_, '_>) -> T) -> Option<T> {
    let kind = SourceType::from_path(file).ok()?;
    let allocator = Allocator::default();
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, text, kind).with_options(options).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return None;
    }
    let program = allocator.alloc(parsed.program);
    let tree = Tree::of(program, text);
    Some(work(&SourceFile { tree: &tree, text, typed: kind.is_typescript() }))
}

pub(super) const fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

impl<'a> SourceFile<'_, 'a> {
    pub(super) fn span(&self, at: At) -> Range<usize> {
        range(self.tree.kind(at).span())
    }

    pub(super) fn slice(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }

    /// The beginning of an error about a node: `:12: `.
    pub(super) fn at(&self, at: At) -> String {
        format!(":{}: ", self.tree.line(at))
    }

    /// A span with the lines that it fills: the blanks before it, and the end of the line after it. Only itself if something
    /// else is on its lines.
    pub(super) fn lines(&self, span: Range<usize>) -> Range<usize> {
        let before = self.text.get(..span.start).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let after = self.text.get(span.end..).unwrap_or_default();
        let rest = after.find('\n').map_or(after.len(), |at| at + 1);
        let is_blank = |text: Option<&str>| text.is_some_and(|text| text.trim().is_empty());
        if is_blank(self.text.get(start..span.start)) && is_blank(after.get(..rest)) {
            start..span.end + rest
        } else {
            span
        }
    }

    /// The same, with the empty line after it where one came before it, too.
    pub(super) fn paragraph(&self, span: Range<usize>) -> Range<usize> {
        let lines = self.lines(span);
        let before = self.text.get(..lines.start).unwrap_or_default();
        let after = self.text.get(lines.end..).unwrap_or_default();
        let opens = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\r\n\r\n");
        let blank = ["\n", "\r\n"].iter().find(|blank| after.starts_with(**blank));
        match blank {
            Some(blank) if opens => lines.start..lines.end + blank.len(),
            _ => lines,
        }
    }

    /// The blanks before the first letter of the line of a place.
    pub(super) fn indent(&self, offset: usize) -> &str {
        let before = self.text.get(..offset).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(start..).unwrap_or_default();
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        line.get(..blanks).unwrap_or_default()
    }

    /// Every reference to a name that something introduces.
    pub(super) fn references(&self, name: &str, binding: Binding) -> Vec<At> {
        let is_it = |(at, kind): (At, AstKind<'a>)| match kind {
            AstKind::IdentifierReference(id) if id.name == name => {
                (self.tree.resolve(name, at) == Some(binding)).then_some(at)
            }
            _ => None,
        };
        self.tree.all().filter_map(is_it).collect()
    }

    /// Every name that is introduced or used anywhere in the file: a new name must be none of them.
    pub(super) fn names(&self) -> HashSet<&'a str> {
        let name = |(_, kind): (At, AstKind<'a>)| match kind {
            AstKind::IdentifierReference(id) => Some(id.name.as_str()),
            AstKind::BindingIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        };
        self.tree.all().filter_map(name).collect()
    }

    /// The end of a line in this file.
    pub(crate) fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}
