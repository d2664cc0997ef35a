//! What a module takes of other modules.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression, ImportDeclarationSpecifier, ImportOrExportKind};

use super::exports::name_of;
use super::tree::{Tree, inner};
use crate::module::{Import, ImportName, Module};

/// Static imports first, in the order of their specifiers; then `const { a } = await import("..")`.
pub(super) fn read(tree: &Tree, module: &mut Module) {
    for (_, kind) in tree.all() {
        match kind {
            AstKind::ImportDeclaration(import) => {
                let source = import.source.value.to_string();
                let of_types = import.import_kind == ImportOrExportKind::Type;
                let specifiers = import.specifiers.as_ref().map(|all| &all[..]).unwrap_or_default();
                if specifiers.is_empty() && !of_types {
                    module.loads.push(source.clone());
                }
                for specifier in specifiers {
                    let (name, type_only) = match specifier {
                        ImportDeclarationSpecifier::ImportSpecifier(one) => (
                            ImportName::Named(name_of(&one.imported)),
                            one.import_kind == ImportOrExportKind::Type,
                        ),
                        ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                            (ImportName::Named("default".to_owned()), false)
                        }
                        ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => {
                            (ImportName::Namespace, false)
                        }
                    };
                    let type_only = type_only || of_types;
                    module.imports.push(Import { source: source.clone(), name, type_only });
                }
            }
            AstKind::ImportExpression(import) => {
                if let Expression::StringLiteral(source) = &import.source {
                    module.loads.push(source.value.to_string());
                }
            }
            AstKind::CallExpression(call) => {
                if let Expression::Identifier(id) = &call.callee
                    && id.name == "require"
                    && let Some(Expression::StringLiteral(source)) =
                        call.arguments.first().and_then(|argument| argument.as_expression())
                {
                    module.loads.push(source.value.to_string());
                }
            }
            _ => {}
        }
    }
}

/// The module that a variable's value is imported from while the program runs, and what its names take of it.
pub(super) fn loaded<'a>(
    pattern: &BindingPattern<'a>,
    value: &Expression<'a>,
) -> Option<(String, Vec<(&'a str, ImportName)>)> {
    let source = match inner(value) {
        Expression::ImportExpression(import) => &import.source,
        _ => return None,
    };
    let Expression::StringLiteral(source) = source else { return None };
    let names = match pattern {
        BindingPattern::BindingIdentifier(id) => vec![(id.name.as_str(), ImportName::Namespace)],
        BindingPattern::ObjectPattern(object) => {
            let names = object.properties.iter().filter_map(|property| {
                let taken = property.key.static_name()?.into_owned();
                Some((super::tree::simple(&property.value)?, ImportName::Named(taken)))
            });
            names.collect()
        }
        _ => Vec::new(),
    };
    Some((source.value.to_string(), names))
}
