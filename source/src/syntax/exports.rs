//! Directives, exports and exported literals of a module, and the functions in it that are actions of their own.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpressionElement, BindingPattern, Declaration, Directive, ExportDefaultDeclarationKind,
    ExportNamedDeclaration, Expression, ImportOrExportKind, ModuleExportName, ObjectPropertyKind, Statement,
};

use super::methods;
use super::tree::{At, Binding, Tree, simple};
use super::urls;
use crate::module::{Export, ExportOf, ImportName, Local, Module};
use crate::url::BASE;

pub(super) fn read<'a>(tree: &Tree<'a>, is_config: bool, module: &mut Module) {
    let AstKind::Program(program) = tree.kind(0) else { return };
    module.use_server = opens_with(&program.directives, "use server");
    module.use_client = opens_with(&program.directives, "use client");
    for (at, kind) in tree.all() {
        match kind {
            AstKind::ExportNamedDeclaration(export) => named(tree, at, export, module),
            AstKind::ExportDefaultDeclaration(export) => {
                let of = match &export.declaration {
                    ExportDefaultDeclarationKind::TSInterfaceDeclaration(_) => continue,
                    ExportDefaultDeclarationKind::Identifier(id) => of_name(tree, at, id.name.as_str()),
                    other => {
                        let callable = other.as_expression().is_none_or(may_be_called)
                            && !matches!(other, ExportDefaultDeclarationKind::ClassDeclaration(_));
                        ExportOf::Local(local(tree, None, at, tree.line(at), callable))
                    }
                };
                module.exports.push(Export { name: "default".to_owned(), line: tree.line(at), of });
            }
            AstKind::ExportAllDeclaration(export) if export.export_kind == ImportOrExportKind::Value => {
                let source = export.source.value.to_string();
                match &export.exported {
                    None => module.stars.push(source),
                    Some(name) => module.exports.push(Export {
                        name: name_of(name),
                        line: tree.line(at),
                        of: ExportOf::Import { source, name: ImportName::Namespace },
                    }),
                }
            }
            AstKind::AssignmentExpression(assignment) => common_js(tree, at, assignment, module),
            AstKind::ObjectProperty(property) if is_config && !property.computed => {
                if let (Some(name), Some(list)) = (property.key.static_name(), texts(&property.value)) {
                    module.lists.entry(name.into_owned()).or_insert(list);
                }
                if let (Some(name), Some(value)) = (property.key.static_name(), literal(&property.value)) {
                    module.properties.entry(name.into_owned()).or_insert(value);
                }
            }
            _ => {}
        }
    }
    constants(tree, &program.body, module);
}

pub(super) fn opens_with(directives: &[Directive], text: &str) -> bool {
    directives.iter().any(|directive| directive.expression.value == text)
}

pub(super) fn name_of(name: &ModuleExportName) -> String {
    name.name().to_string()
}

fn named<'a>(tree: &Tree<'a>, at: At, export: &'a ExportNamedDeclaration<'a>, module: &mut Module) {
    if export.export_kind == ImportOrExportKind::Type {
        return;
    }
    for specifier in export.specifiers.iter().filter(|one| one.export_kind == ImportOrExportKind::Value) {
        let from = name_of(&specifier.local);
        let line = tree.line_of(specifier.span.start);
        let of = match &export.source {
            Some(source) => {
                ExportOf::Import { source: source.value.to_string(), name: ImportName::Named(from) }
            }
            None => of_name(tree, at, &from),
        };
        module.exports.push(Export { name: name_of(&specifier.exported), line, of });
    }
    match &export.declaration {
        Some(Declaration::FunctionDeclaration(function)) if !function.declare => {
            let Some(id) = &function.id else { return };
            // Overloads have no body; the function itself follows.
            if function.body.is_none() {
                return;
            }
            let line = tree.line_of(id.span.start);
            let of = ExportOf::Local(local(tree, Some(id.name.as_str()), at, line, true));
            module.exports.push(Export { name: id.name.to_string(), line, of });
        }
        Some(Declaration::ClassDeclaration(class)) => {
            let Some(id) = &class.id else { return };
            let line = tree.line_of(id.span.start);
            let of = ExportOf::Local(local(tree, Some(id.name.as_str()), at, line, false));
            module.exports.push(Export { name: id.name.to_string(), line, of });
        }
        Some(Declaration::VariableDeclaration(declaration)) => {
            for declarator in &declaration.declarations {
                let callable = declarator.init.as_ref().is_some_and(may_be_called);
                if let (Some(name), Some(init)) = (simple(&declarator.id), &declarator.init)
                    && let Some(value) = literal(init)
                {
                    module.literals.insert(name.to_owned(), value);
                }
                if simple(&declarator.id) == Some("config")
                    && let Some(Expression::ObjectExpression(object)) =
                        declarator.init.as_ref().map(Expression::get_inner_expression)
                {
                    nested_literals(&object.properties, "", &mut module.literals);
                }
                for (name, start) in names_in(&declarator.id) {
                    let line = tree.line_of(start);
                    let of = ExportOf::Local(local(tree, Some(name), at, line, callable));
                    module.exports.push(Export { name: name.to_owned(), line, of });
                }
            }
        }
        _ => {}
    }
}

/// `module.exports = ..`, `exports.name = ..`: what handlers in plain JavaScript use.
fn common_js<'a>(
    tree: &Tree<'a>,
    at: At,
    assignment: &'a oxc_ast::ast::AssignmentExpression<'a>,
    module: &mut Module,
) {
    let oxc_ast::ast::AssignmentTarget::StaticMemberExpression(target) = &assignment.left else { return };
    let name = match super::tree::dotted(&target.object).as_deref() {
        Some("module") if target.property.name == "exports" => "default",
        Some("exports" | "module.exports") => target.property.name.as_str(),
        _ => return,
    };
    let of = match assignment.right.get_inner_expression() {
        Expression::Identifier(id) => of_name(tree, at, id.name.as_str()),
        other => ExportOf::Local(local(tree, None, at, tree.line(at), may_be_called(other))),
    };
    module.exports.push(Export { name: name.to_owned(), line: tree.line(at), of });
}

/// What a name of this module stands for.
fn of_name(tree: &Tree, at: At, name: &str) -> ExportOf {
    match tree.resolve(name, at) {
        Some(Binding::Import(specifier)) => {
            let AstKind::ImportDeclaration(import) = tree.kind(tree.parent(specifier)) else {
                return ExportOf::Local(Local::default());
            };
            let of = match tree.kind(specifier) {
                AstKind::ImportSpecifier(specifier) => ImportName::Named(name_of(&specifier.imported)),
                AstKind::ImportDefaultSpecifier(_) => ImportName::Named("default".to_owned()),
                _ => ImportName::Namespace,
            };
            ExportOf::Import { source: import.source.value.to_string(), name: of }
        }
        Some(Binding::Function(function)) => {
            let callable = !matches!(tree.kind(function), AstKind::Class(_));
            ExportOf::Local(local(tree, Some(name), function, tree.line(function), callable))
        }
        Some(Binding::Variable(declarator)) => {
            let callable = match tree.kind(declarator) {
                AstKind::VariableDeclarator(found) => found.init.as_ref().is_some_and(may_be_called),
                _ => false,
            };
            ExportOf::Local(local(tree, Some(name), declarator, tree.line(declarator), callable))
        }
        Some(Binding::Type(_)) => ExportOf::Local(Local::default()),
        _ => ExportOf::Local(Local { name: Some(name.to_owned()), line: tree.line(at), ..Local::default() }),
    }
}

fn local(tree: &Tree, name: Option<&str>, within: At, line: u32, may_be_called: bool) -> Local {
    let reads = if may_be_called { methods::reads(tree, within) } else { Vec::new() };
    let compares = if may_be_called { methods::compared(tree, within) } else { Vec::new() };
    Local { name: name.map(str::to_owned), line, may_be_called, reads, compares }
}

/// Whether an expression may give a function: not a literal, an object, an array, a class or JSX.
fn may_be_called(expression: &Expression) -> bool {
    !matches!(
        expression.get_inner_expression(),
        Expression::StringLiteral(_)
            | Expression::NumericLiteral(_)
            | Expression::BooleanLiteral(_)
            | Expression::NullLiteral(_)
            | Expression::TemplateLiteral(_)
            | Expression::RegExpLiteral(_)
            | Expression::ObjectExpression(_)
            | Expression::ArrayExpression(_)
            | Expression::ClassExpression(_)
            | Expression::NewExpression(_)
            | Expression::JSXElement(_)
            | Expression::JSXFragment(_)
            | Expression::UnaryExpression(_)
            | Expression::BinaryExpression(_)
    )
}

/// The texts of a list that holds nothing else.
fn texts(expression: &Expression) -> Option<Vec<String>> {
    let Expression::ArrayExpression(array) = expression.get_inner_expression() else { return None };
    let text = |element: &ArrayExpressionElement| match element {
        ArrayExpressionElement::StringLiteral(text) => Some(text.value.to_string()),
        _ => None,
    };
    array.elements.iter().map(text).collect()
}

/// The text of a literal.
fn literal(expression: &Expression) -> Option<String> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => Some(text.value.to_string()),
        Expression::NumericLiteral(number) => Some(number.value.to_string()),
        Expression::BooleanLiteral(value) => Some(value.value.to_string()),
        Expression::TemplateLiteral(template) if template.expressions.is_empty() => {
            template.quasis.first()?.value.cooked.map(|text| text.to_string())
        }
        Expression::LogicalExpression(either) => literal(&either.right),
        _ => None,
    }
}

/// Literals of an exported `config`: `api.bodyParser`, `maxDuration`, `runtime`.
fn nested_literals(
    properties: &[ObjectPropertyKind],
    before: &str,
    into: &mut std::collections::BTreeMap<String, String>,
) {
    for property in properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
        let Some(name) = property.key.static_name() else { continue };
        let name = format!("{before}{name}");
        if let Some(value) = literal(&property.value) {
            into.insert(name, value);
        } else if let Expression::ObjectExpression(object) = property.value.get_inner_expression()
            && before.matches('.').count() < 3
        {
            nested_literals(&object.properties, &format!("{name}."), into);
        }
    }
}

/// All names that a pattern introduces, with where they stand.
fn names_in<'a>(pattern: &BindingPattern<'a>) -> Vec<(&'a str, u32)> {
    match pattern {
        BindingPattern::BindingIdentifier(id) => vec![(id.name.as_str(), id.span.start)],
        BindingPattern::ObjectPattern(object) => {
            object.properties.iter().flat_map(|property| names_in(&property.value)).collect()
        }
        BindingPattern::ArrayPattern(array) => array.elements.iter().flatten().flat_map(names_in).collect(),
        BindingPattern::AssignmentPattern(assignment) => names_in(&assignment.left),
    }
}

/// Texts of constants at the top of the module, for URLs of other modules.
fn constants<'a>(tree: &Tree<'a>, body: &'a [Statement<'a>], module: &mut Module) {
    for statement in body {
        let declaration = match statement {
            Statement::VariableDeclaration(declaration) => declaration,
            Statement::ExportNamedDeclaration(export) => match &export.declaration {
                Some(Declaration::VariableDeclaration(declaration)) => declaration,
                _ => continue,
            },
            _ => continue,
        };
        for declarator in &declaration.declarations {
            let (Some(name), Some(init)) = (simple(&declarator.id), &declarator.init) else { continue };
            collect_constants(tree, name, init, 0, module);
        }
    }
}

const MOST_CONSTANTS: usize = 500;

fn collect_constants<'a>(
    tree: &Tree<'a>,
    name: &str,
    value: &'a Expression<'a>,
    depth: usize,
    module: &mut Module,
) {
    if module.constants.len() >= MOST_CONSTANTS || depth > 4 {
        return;
    }
    match value.get_inner_expression() {
        Expression::ObjectExpression(object) => {
            for property in &object.properties {
                let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
                if let Some(key) = property.key.static_name() {
                    collect_constants(tree, &format!("{name}.{key}"), &property.value, depth + 1, module);
                }
            }
        }
        Expression::CallExpression(call) if is_freeze(call) => {
            if let Some(argument) = call.arguments.first().and_then(|argument| argument.as_expression()) {
                collect_constants(tree, name, argument, depth + 1, module);
            }
        }
        Expression::CallExpression(call) => {
            if let Some(base) = super::clients::base_of_client(tree, call, 0) {
                module.constants.insert(format!("{name}.{BASE}"), base);
            }
        }
        Expression::ArrowFunctionExpression(_)
        | Expression::StringLiteral(_)
        | Expression::TemplateLiteral(_)
        | Expression::BinaryExpression(_)
        | Expression::LogicalExpression(_)
        | Expression::ConditionalExpression(_) => {
            let urls = urls::of(tree, value, 0);
            if urls.iter().any(urls::has_text) {
                module.constants.insert(name.to_owned(), urls);
            }
        }
        _ => {}
    }
}

fn is_freeze(call: &oxc_ast::ast::CallExpression) -> bool {
    super::tree::dotted(&call.callee).as_deref() == Some("Object.freeze")
}
