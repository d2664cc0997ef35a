//! What URL an expression stands for, as far as the text says.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpression, ArrayExpressionElement, BinaryOperator, Expression, LogicalOperator, Statement,
    TSLiteral, TSType, TSTypeName,
};

use super::exports::name_of;
use super::tree::{At, Binding, Tree, dotted, inner, simple};
use crate::url::{MOST_URLS, Piece, Url, is_own_address};

/// How many names may stand for each other.
const MOST_STEPS: usize = 6;

/// All URLs that an expression may stand for at a place; empty if nothing is known of them.
pub(super) fn of<'a>(tree: &Tree<'a>, expression: &Expression<'a>, at: At) -> Vec<Url> {
    let mut urls = evaluate(tree, expression, at, 0);
    urls.truncate(MOST_URLS);
    urls
}

/// Whether any of a URL is written.
pub(super) fn has_text(url: &Url) -> bool {
    url.iter().any(|piece| match piece {
        Piece::Text(text) => !text.is_empty(),
        Piece::Choice(_) | Piece::Constant { .. } => true,
        Piece::Hole(_) => false,
    })
}

fn text(text: &str) -> Vec<Url> {
    vec![vec![Piece::Text(text.to_owned())]]
}

fn hole(expression: &Expression) -> Vec<Url> {
    vec![vec![Piece::Hole(dotted(expression).unwrap_or_default())]]
}

fn joined(left: Vec<Url>, right: &[Url]) -> Vec<Url> {
    let mut all = Vec::new();
    for start in left {
        for end in right.iter().take(MOST_URLS) {
            if all.len() >= MOST_URLS {
                return all;
            }
            all.push(start.iter().chain(end).cloned().collect());
        }
    }
    all
}

fn evaluate<'a>(tree: &Tree<'a>, expression: &Expression<'a>, at: At, steps: usize) -> Vec<Url> {
    if steps > MOST_STEPS {
        return hole(expression);
    }
    match inner(expression) {
        Expression::StringLiteral(literal) => text(literal.value.as_str()),
        Expression::TemplateLiteral(template) => {
            let mut urls = vec![Url::new()];
            for (index, quasi) in template.quasis.iter().enumerate() {
                let cooked = quasi.value.cooked.unwrap_or(quasi.value.raw);
                urls = joined(urls, &text(cooked.as_str()));
                if let Some(expression) = template.expressions.get(index) {
                    urls = joined(urls, &evaluate(tree, expression, at, steps + 1));
                }
            }
            urls
        }
        Expression::BinaryExpression(binary) if binary.operator == BinaryOperator::Addition => {
            let left = evaluate(tree, &binary.left, at, steps);
            joined(left, &evaluate(tree, &binary.right, at, steps + 1))
        }
        Expression::ConditionalExpression(condition) => {
            let mut urls = evaluate(tree, &condition.consequent, at, steps + 1);
            urls.extend(evaluate(tree, &condition.alternate, at, steps + 1));
            urls
        }
        Expression::LogicalExpression(logical) if logical.operator == LogicalOperator::And => {
            evaluate(tree, &logical.right, at, steps + 1)
        }
        Expression::LogicalExpression(logical) => {
            let mut urls = evaluate(tree, &logical.left, at, steps + 1);
            urls.extend(evaluate(tree, &logical.right, at, steps + 1));
            urls
        }
        Expression::NullLiteral(_) | Expression::BooleanLiteral(_) => Vec::new(),
        Expression::Identifier(id) if id.name == "undefined" => Vec::new(),
        Expression::Identifier(id) => named(tree, expression, id.name.as_str(), at, steps),
        Expression::StaticMemberExpression(_) => member(tree, expression, at, steps),
        Expression::CallExpression(call) => called(tree, expression, call, at, steps),
        Expression::NewExpression(new) => {
            let first = new.arguments.first().and_then(|argument| argument.as_expression());
            let is_url = dotted(&new.callee).is_some_and(|name| name == "URL" || name == "Request");
            match first {
                Some(first) if is_url => evaluate(tree, first, at, steps + 1),
                _ => hole(expression),
            }
        }
        Expression::ArrowFunctionExpression(arrow) => match arrow.body.statements.first() {
            Some(Statement::ExpressionStatement(statement)) if arrow.expression => {
                evaluate(tree, &statement.expression, at, steps + 1)
            }
            Some(Statement::ReturnStatement(statement)) => match &statement.argument {
                Some(argument) => evaluate(tree, argument, at, steps + 1),
                None => Vec::new(),
            },
            _ => hole(expression),
        },
        Expression::ArrayExpression(array) => elements(tree, array, at, steps),
        _ => hole(expression),
    }
}

/// A key is a list that begins with the URL; some functions take a list of URLs.
fn elements<'a>(tree: &Tree<'a>, array: &ArrayExpression<'a>, at: At, steps: usize) -> Vec<Url> {
    let is_path = |url: &Url| matches!(url.first(), Some(Piece::Text(text)) if text.starts_with('/'));
    let mut all = Vec::new();
    for (index, element) in array.elements.iter().take(MOST_URLS).enumerate() {
        let value = match element {
            ArrayExpressionElement::SpreadElement(spread) => Some(&spread.argument),
            other => other.as_expression(),
        };
        let urls = value.map_or_else(Vec::new, |value| evaluate(tree, value, at, steps + 1));
        all.extend(urls.into_iter().filter(|url| index == 0 || is_path(url)));
    }
    all
}

fn named<'a>(tree: &Tree<'a>, expression: &Expression<'a>, name: &str, at: At, steps: usize) -> Vec<Url> {
    match tree.resolve(name, at) {
        Some(Binding::Import(specifier)) => {
            imported(tree, specifier, None).map_or_else(|| hole(expression), |url| vec![url])
        }
        Some(Binding::Variable(_)) => match tree.variable(name, at) {
            Some((declarator, found)) => match &found.init {
                Some(init) => {
                    let urls = evaluate(tree, init, declarator, steps + 1);
                    let begins = |url: &Url, start: &str| matches!(url.first(), Some(Piece::Text(text)) if text.starts_with(start));
                    let is_empty = |url: &Url| matches!(&url[..], [Piece::Text(text)] if text.is_empty());
                    let known = urls.iter().any(|url| has_text(url) || is_empty(url));
                    // A name says more about an unknown address than the call that made it, and more about the app's own
                    // than its value.
                    let is_own = is_own_address(name) && urls.iter().any(|url| begins(url, "http"));
                    if known && !is_own { urls } else { hole(expression) }
                }
                None => hole(expression),
            },
            None => hole(expression),
        },
        Some(Binding::Parameter(parameter)) => match choices(tree, parameter, name) {
            Some(choices) => vec![vec![Piece::Choice(choices)]],
            None => hole(expression),
        },
        _ => hole(expression),
    }
}

/// A constant of another module.
fn imported(tree: &Tree, specifier: At, member: Option<&str>) -> Option<Url> {
    let AstKind::ImportDeclaration(import) = tree.kind(tree.parent(specifier)) else { return None };
    let source = import.source.value.to_string();
    let name = match (tree.kind(specifier), member) {
        (AstKind::ImportSpecifier(specifier), None) => name_of(&specifier.imported),
        (AstKind::ImportSpecifier(specifier), Some(member)) => {
            format!("{}.{member}", name_of(&specifier.imported))
        }
        (AstKind::ImportNamespaceSpecifier(_), Some(member)) => member.to_owned(),
        (AstKind::ImportDefaultSpecifier(_), None) => "default".to_owned(),
        (AstKind::ImportDefaultSpecifier(_), Some(member)) => format!("default.{member}"),
        _ => return None,
    };
    Some(vec![Piece::Constant { source, name }])
}

/// `ROUTES.cart`, `url.pathname`.
fn member<'a>(tree: &Tree<'a>, expression: &Expression<'a>, at: At, steps: usize) -> Vec<Url> {
    let Some(path) = dotted(expression) else { return hole(expression) };
    let Some((first, rest)) = path.split_once('.') else { return hole(expression) };
    match tree.resolve(first, at) {
        Some(Binding::Import(specifier)) => {
            imported(tree, specifier, Some(rest)).map_or_else(|| hole(expression), |url| vec![url])
        }
        Some(Binding::Variable(_)) => {
            let Some((declarator, found)) = tree.variable(first, at) else { return hole(expression) };
            let Some(mut value) = found.init.as_ref() else { return hole(expression) };
            if ["href", "pathname"].contains(&rest) {
                return evaluate(tree, value, declarator, steps + 1);
            }
            for name in rest.split('.') {
                let Expression::ObjectExpression(object) = inner(value) else { return hole(expression) };
                let property = object.properties.iter().find_map(|property| match property {
                    oxc_ast::ast::ObjectPropertyKind::ObjectProperty(property)
                        if property.key.is_specific_static_name(name) =>
                    {
                        Some(&property.value)
                    }
                    _ => None,
                });
                let Some(property) = property else { return hole(expression) };
                value = property;
            }
            evaluate(tree, value, declarator, steps + 1)
        }
        _ => hole(expression),
    }
}

fn called<'a>(
    tree: &Tree<'a>,
    expression: &Expression<'a>,
    call: &oxc_ast::ast::CallExpression<'a>,
    at: At,
    steps: usize,
) -> Vec<Url> {
    let first = call.arguments.first().and_then(|argument| argument.as_expression());
    match call.callee.get_inner_expression() {
        // Of itself: `url.toString()`; `"/api".concat(x)` begins with itself.
        Expression::StaticMemberExpression(member)
            if ["toString", "concat", "trim"].contains(&member.property.name.as_str()) =>
        {
            let mut urls = evaluate(tree, &member.object, at, steps + 1);
            if member.property.name == "concat" {
                urls = joined(urls, &hole(expression));
            }
            return urls;
        }
        Expression::Identifier(id) => {
            let name = id.name.as_str();
            if ["encodeURIComponent", "encodeURI"].contains(&name) {
                return vec![vec![Piece::Hole(name.to_owned())]];
            }
            if let Some(urls) = own_function(tree, name, at, steps) {
                return urls;
            }
        }
        _ => {}
    }
    // `withBase("/api/x", query)`: a function that is given a path gives that path, with something before or after.
    if let Some(first) = first {
        let urls = evaluate(tree, first, at, steps + 1);
        let begins = |url: &Url| matches!(url.first(), Some(Piece::Text(text)) if text.starts_with("/api"));
        if !urls.is_empty() && urls.iter().all(begins) {
            return urls;
        }
    }
    hole(expression)
}

/// A function of this module that only returns a text.
fn own_function(tree: &Tree, name: &str, at: At, steps: usize) -> Option<Vec<Url>> {
    let (place, urls) = match tree.resolve(name, at)? {
        Binding::Variable(_) => {
            let (declarator, found) = tree.variable(name, at)?;
            let init @ Expression::ArrowFunctionExpression(_) = found.init.as_ref()?.get_inner_expression()
            else {
                return None;
            };
            (declarator, evaluate(tree, init, declarator, steps + 1))
        }
        Binding::Function(function) => {
            let AstKind::Function(found) = tree.kind(function) else { return None };
            let [Statement::ReturnStatement(statement)] = &found.body.as_ref()?.statements[..] else {
                return None;
            };
            (function, evaluate(tree, statement.argument.as_ref()?, function, steps + 1))
        }
        _ => return None,
    };
    let _ = place;
    urls.iter().any(has_text).then_some(urls)
}

/// The texts that a parameter may have, by its type: `"price" | "stock"`, or the name of such a type.
fn choices(tree: &Tree, parameter: At, name: &str) -> Option<Vec<String>> {
    let AstKind::FormalParameter(found) = tree.kind(parameter) else { return None };
    if simple(&found.pattern) != Some(name) {
        return None;
    }
    let mut texts = Vec::new();
    literals(tree, &found.type_annotation.as_ref()?.type_annotation, parameter, &mut texts, 0)?;
    (!texts.is_empty() && texts.len() <= MOST_URLS).then_some(texts)
}

fn literals(tree: &Tree, of: &TSType, at: At, into: &mut Vec<String>, steps: usize) -> Option<()> {
    if steps > MOST_STEPS {
        return None;
    }
    match of {
        TSType::TSLiteralType(literal) => {
            let TSLiteral::StringLiteral(text) = &literal.literal else { return None };
            into.push(text.value.to_string());
            Some(())
        }
        TSType::TSUnionType(union) => {
            union.types.iter().try_for_each(|one| literals(tree, one, at, into, steps + 1))
        }
        TSType::TSParenthesizedType(inner) => literals(tree, &inner.type_annotation, at, into, steps + 1),
        TSType::TSTypeReference(reference) => {
            let TSTypeName::IdentifierReference(id) = &reference.type_name else { return None };
            let Some(Binding::Type(alias)) = tree.resolve(id.name.as_str(), at) else { return None };
            let AstKind::TSTypeAliasDeclaration(alias) = tree.kind(alias) else { return None };
            literals(tree, &alias.type_annotation, at, into, steps + 1)
        }
        _ => None,
    }
}
