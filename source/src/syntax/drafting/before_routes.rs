//! `proxy.ts` and `middleware.ts`: for which paths it runs, and whether it may do something else for one path than for another.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, Expression, ObjectPropertyKind};

use super::super::tree::{Binding, simple};
use super::file::SourceFile;

/// The names under which Next.js looks for the function.
const NAMES: [&str; 3] = ["proxy", "middleware", "default"];
/// What of a request says nothing about its path.
const PATHLESS: [&str; 3] = ["method", "headers", "cookies"];

/// For which paths it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Matchers {
    /// For all: it has no `matcher`.
    All,
    /// For those that one of these patterns matches.
    OneOf(Vec<String>),
    /// That is put together while the app is built.
    Unknown,
}

/// What is known of the function that runs before routes and pages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct BeforeRoutes {
    pub(crate) matchers: Matchers,
    /// What may differ between two paths, with its line (`:9: ..`); none if it does the same for each path that it runs for.
    pub(crate) may_differ: Option<String>,
    /// Whether it reads the request's method.
    pub(crate) reads_method: bool,
}

impl<'a> SourceFile<'_, 'a> {
    /// What runs before routes and pages, as this file writes it.
    pub(crate) fn before_routes(&self) -> BeforeRoutes {
        let mut found = BeforeRoutes { matchers: self.matchers(), may_differ: None, reads_method: false };
        let Some(parts) = NAMES.iter().find_map(|name| self.exported_function(name)) else {
            found.may_differ = Some(": its function is made by another one".to_owned());
            return found;
        };
        let Some(first) = parts.params.items.first() else { return found };
        let BindingPattern::BindingIdentifier(request) = &first.pattern else {
            found.may_differ = Some(format!("{}it takes the request apart", self.at(parts.at)));
            return found;
        };
        let name = request.name.as_str();
        for (at, kind) in self.tree.all() {
            let AstKind::IdentifierReference(id) = kind else { continue };
            if id.name != name || !matches!(self.tree.resolve(name, at), Some(Binding::Parameter(_))) {
                continue;
            }
            match self.tree.kind(self.tree.parent(at)) {
                AstKind::StaticMemberExpression(member)
                    if PATHLESS.contains(&member.property.name.as_str()) =>
                {
                    found.reads_method |= member.property.name == "method";
                }
                _ => {
                    let around = self.slice(self.span(self.tree.parent(at)));
                    let around = around.lines().next().unwrap_or_default();
                    found.may_differ = Some(format!("{}`{around}` may look at the path", self.at(at)));
                    return found;
                }
            }
        }
        found
    }

    fn matchers(&self) -> Matchers {
        let config = self.tree.all().find_map(|(at, kind)| {
            let AstKind::VariableDeclarator(found) = kind else { return None };
            let of_file = self.tree.around(at).all(|(_, kind)| {
                matches!(
                    kind,
                    AstKind::VariableDeclaration(_)
                        | AstKind::ExportNamedDeclaration(_)
                        | AstKind::Program(_)
                )
            });
            (simple(&found.id) == Some("config") && of_file).then_some(found)
        });
        let Some(config) = config else {
            let other = self.tree.all().any(
                |(_, kind)| matches!(kind, AstKind::ExportSpecifier(one) if one.exported.name() == "config"),
            );
            return if other { Matchers::Unknown } else { Matchers::All };
        };
        let Some(Expression::ObjectExpression(object)) =
            config.init.as_ref().map(Expression::get_inner_expression)
        else {
            return Matchers::Unknown;
        };
        let mut matcher = None;
        for property in &object.properties {
            let ObjectPropertyKind::ObjectProperty(one) = property else { return Matchers::Unknown };
            match one.key.static_name() {
                Some(name) if name == "matcher" => matcher = Some(&one.value),
                Some(_) => {}
                None => return Matchers::Unknown,
            }
        }
        let Some(matcher) = matcher else { return Matchers::All };
        patterns(matcher).map_or(Matchers::Unknown, Matchers::OneOf)
    }
}

/// The patterns of a `matcher`: a text, an object with a `source`, or a list of these. What else an object asks for only makes the
/// function run more rarely.
fn patterns(matcher: &Expression) -> Option<Vec<String>> {
    match matcher.get_inner_expression() {
        Expression::StringLiteral(text) => Some(vec![text.value.to_string()]),
        Expression::TemplateLiteral(text) if text.expressions.is_empty() => {
            Some(vec![text.quasis.first()?.value.cooked.as_ref()?.to_string()])
        }
        Expression::ObjectExpression(object) => {
            let source = object.properties.iter().find_map(|property| match property {
                ObjectPropertyKind::ObjectProperty(one) => {
                    one.key.static_name().is_some_and(|name| name == "source").then_some(&one.value)
                }
                ObjectPropertyKind::SpreadProperty(_) => None,
            })?;
            let Expression::StringLiteral(text) = source.get_inner_expression() else { return None };
            Some(vec![text.value.to_string()])
        }
        Expression::ArrayExpression(all) if !all.elements.is_empty() => {
            let each = all.elements.iter().map(|one| patterns(one.as_expression()?));
            Some(each.collect::<Option<Vec<_>>>()?.concat())
        }
        _ => None,
    }
}
