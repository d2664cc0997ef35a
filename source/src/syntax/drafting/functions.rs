//! Functions of a file: the one that is exported under a name, and what stands at its own level.

use std::ops::Range;

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, FormalParameters, FunctionBody, Statement, TSTypeAnnotation};
use oxc_span::GetSpan;

use super::super::tree::{At, is_function, simple};
use super::file::{SourceFile, range};

/// A function and the parts of it that drafts touch.
pub(super) struct FunctionParts<'a> {
    /// Its node.
    pub(super) at: At,
    /// The statement that exports it.
    pub(super) statement: Range<usize>,
    pub(super) params: &'a FormalParameters<'a>,
    pub(super) return_type: Option<&'a TSTypeAnnotation<'a>>,
    pub(super) body: &'a FunctionBody<'a>,
    /// `() => value`: its body is one expression.
    pub(super) is_expression: bool,
}

impl<'a> SourceFile<'_, 'a> {
    /// The parts of a function.
    pub(super) fn parts(&self, at: At) -> Option<FunctionParts<'a>> {
        let statement = self
            .tree
            .around(at)
            .take_while(|(_, kind)| !is_function(*kind))
            .filter(|(around, _)| self.tree.parent(*around) == 0 && *around != 0)
            .last()
            .map_or_else(|| self.span(at), |(around, _)| self.span(around));
        match self.tree.kind(at) {
            AstKind::Function(function) => Some(FunctionParts {
                at,
                statement,
                params: &function.params,
                return_type: function.return_type.as_deref(),
                body: function.body.as_deref()?,
                is_expression: false,
            }),
            AstKind::ArrowFunctionExpression(arrow) => Some(FunctionParts {
                at,
                statement,
                params: &arrow.params,
                return_type: arrow.return_type.as_deref(),
                body: &arrow.body,
                is_expression: arrow.expression,
            }),
            _ => None,
        }
    }

    /// The function that a declaration exports under a name: `export function name`, `export const name = () => ..`.
    /// `None` if it is exported in another way, or if what is exported is made by another function.
    pub(super) fn exported_function(&self, name: &str) -> Option<FunctionParts<'a>> {
        for (at, kind) in self.tree.all() {
            if !is_function(kind) {
                continue;
            }
            let parent = self.tree.parent(at);
            let is_it = match (kind, self.tree.kind(parent)) {
                (AstKind::Function(function), AstKind::ExportNamedDeclaration(_)) => {
                    function.id.as_ref().is_some_and(|id| id.name == name)
                }
                (AstKind::Function(function), AstKind::ExportDefaultDeclaration(_)) => {
                    name == "default" || function.id.as_ref().is_some_and(|id| id.name == name)
                }
                (_, AstKind::ExportDefaultDeclaration(_)) => name == "default",
                (_, AstKind::VariableDeclarator(declarator)) => {
                    let declaration = self.tree.parent(parent);
                    let exported = matches!(
                        self.tree.kind(self.tree.parent(declaration)),
                        AstKind::ExportNamedDeclaration(_)
                    );
                    exported && is_only(self.tree.kind(declaration)) && simple(&declarator.id) == Some(name)
                }
                _ => false,
            };
            if is_it && let Some(parts) = self.parts(at) {
                return Some(parts);
            }
        }
        None
    }

    /// The names and types of a function's parameters, if each is one name.
    pub(super) fn parameters(&self, params: &FormalParameters<'a>) -> Option<Vec<Parameter>> {
        if params.rest.is_some() {
            return None;
        }
        let one = |param: &oxc_ast::ast::FormalParameter<'a>| {
            let BindingPattern::BindingIdentifier(id) = &param.pattern else { return None };
            let written = param.type_annotation.as_ref();
            Some(Parameter {
                name: id.name.to_string(),
                written: written.map(|found| self.slice(range(found.type_annotation.span())).to_owned()),
                may_be_missing: param.optional || param.initializer.is_some(),
            })
        };
        params.items.iter().map(one).collect()
    }
}

fn is_only(declaration: AstKind) -> bool {
    matches!(declaration, AstKind::VariableDeclaration(found) if found.declarations.len() == 1)
}

/// A parameter that is one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// Its type as it is written.
    pub(crate) written: Option<String>,
    /// `name?`, `name = ..`.
    pub(crate) may_be_missing: bool,
}

/// The last `return` among the statements at a function's own level, if its last statement is one.
pub(super) fn last_return<'a>(body: &'a FunctionBody<'a>) -> Option<&'a oxc_ast::ast::ReturnStatement<'a>> {
    match body.statements.last() {
        Some(Statement::ReturnStatement(found)) => Some(found),
        _ => None,
    }
}
