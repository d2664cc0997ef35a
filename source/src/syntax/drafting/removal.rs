//! Taking away a `'use server'`, or an exported function that nothing needs.

use oxc_ast::AstKind;
use oxc_ast::ast::Statement;
use oxc_span::GetSpan;

use super::file::{SourceFile, range};
use crate::draft::edit::Edit;

/// What becomes of a file without one of its functions.
pub(crate) enum Removal {
    /// Nothing is left that somebody could use: the file goes.
    File,
    /// The rest stays.
    Edits(Vec<Edit>),
}

impl SourceFile<'_, '_> {
    /// Takes away the `'use server'` at the top of the file.
    pub(crate) fn drop_use_server(&self) -> Result<Vec<Edit>, String> {
        let AstKind::Program(program) = self.tree.kind(0) else { return Err(": is no program".to_owned()) };
        let directive = program.directives.iter().find(|one| one.expression.value == "use server");
        let span = directive.map(|found| self.paragraph(range(found.span)));
        Ok(vec![Edit::remove(span.ok_or(": has no 'use server' at its top")?)])
    }

    /// Takes away the `'use server'` of the function whose first line this is.
    pub(crate) fn drop_inline_use_server(&self, line: u32) -> Result<Vec<Edit>, String> {
        let mut found = self.tree.all().filter_map(|(at, kind)| {
            let AstKind::FunctionBody(body) = kind else { return None };
            let directive = body.directives.iter().find(|one| one.expression.value == "use server")?;
            (self.tree.line(self.tree.parent(at)) == line).then(|| self.lines(range(directive.span)))
        });
        match (found.next(), found.next()) {
            (Some(span), None) => Ok(vec![Edit::remove(span)]),
            _ => Err(format!(":{line}: not exactly one function with 'use server' begins here")),
        }
    }

    /// Takes away an exported function, and the imports that only it uses.
    pub(crate) fn delete_function(&self, name: &str) -> Result<Removal, String> {
        let AstKind::Program(program) = self.tree.kind(0) else { return Err(": is no program".to_owned()) };
        let Some(parts) = self.exported_function(name) else {
            return Err(format!(
                ": {name} is not exported in its own declaration, so taking it away needs a person"
            ));
        };
        let is_rest = |statement: &&Statement| {
            !matches!(statement, Statement::ImportDeclaration(_))
                && range(statement.span()) != parts.statement
        };
        let rest = program.body.iter().filter(is_rest).count();
        let bare = program.body.iter().any(
            |statement| matches!(statement, Statement::ImportDeclaration(import) if import.specifiers.is_none()),
        );
        if rest == 0 && !bare {
            return Ok(Removal::File);
        }
        let binding = super::super::tree::Binding::Function(parts.at);
        if self.references(name, binding).iter().any(|at| {
            let span = self.span(*at);
            span.start < parts.statement.start || span.end > parts.statement.end
        }) {
            return Err(format!(": {name} is used in the same file"));
        }
        let span = self.paragraph(self.with_comment(parts.statement));
        let mut edits = vec![Edit::remove(span.clone())];
        edits.extend(self.unused_without(&[span], &[]));
        Ok(Removal::Edits(edits))
    }

    /// A statement with the comments that stand on the lines right above it.
    fn with_comment(&self, statement: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let AstKind::Program(program) = self.tree.kind(0) else { return statement };
        let mut start = statement.start;
        for comment in program.comments.iter().rev() {
            let span = range(comment.span);
            let between = self.text.get(span.end..start);
            let touches = between.is_some_and(|gap| gap.trim().is_empty() && gap.matches('\n').count() == 1);
            let line = self.text.get(..span.start).unwrap_or_default();
            let alone = line.rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
            if touches && alone {
                start = span.start;
            }
        }
        start..statement.end
    }
}
