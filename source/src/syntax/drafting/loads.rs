//! A component that asks after it has loaded, as one that is given what it shows. Taken apart is one form only: an effect without
//! dependencies that calls actions without arguments and puts what they answer into states.

use std::ops::Range;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrowFunctionExpression, BindingPattern, CallExpression, Expression, Statement, TSType,
};
use oxc_span::GetSpan;

use super::super::tree::{At, Binding, callee, simple};
use super::file::{SourceFile, range};
use super::functions::FunctionParts;
use crate::draft::edit::Edit;
use crate::module::ImportName;

/// A component that no longer asks.
pub(crate) struct Loads {
    /// Its exported name.
    pub(crate) component: String,
    pub(crate) edits: Vec<Edit>,
}

/// A call of an action.
struct ActionCall<'a> {
    at: At,
    /// The action's exported name.
    exported: String,
    /// Its name in this file.
    local: &'a str,
}

/// An effect that loads, taken apart.
struct Effect<'a> {
    component: FunctionParts<'a>,
    /// Its statement.
    span: Range<usize>,
    loaded: Loaded<'a>,
}

/// What becomes of the answers.
struct Loaded<'a> {
    /// The names of what the actions answer, in the order of their calls.
    answers: Vec<&'a str>,
    sets: Vec<Put<'a>>,
}

/// A value that is put into a state.
struct Put<'a> {
    setter: &'a str,
    /// Where the setter stands.
    at: At,
    /// The value; empty for the whole answer.
    value: Range<usize>,
}

const UNKNOWN: &str =
    "it is not called in an effect of the form `useEffect(() => { action().then(set) }, [])`";

impl<'a> SourceFile<'_, 'a> {
    /// Lets a component take what actions answer as properties. `meant` says which action an imported name is, `props` which
    /// property carries the answer of which action.
    pub(crate) fn loads(
        &self,
        meant: &dyn Fn(&str, &ImportName) -> Option<String>,
        props: &[(String, String)],
    ) -> Result<Loads, String> {
        let calls = self.action_calls(meant)?;
        let Some(first) = calls.first() else { return Err(": no action is called here".to_owned()) };
        let effect = self.effect_around(first.at).ok_or_else(|| format!("{}{UNKNOWN}", self.at(first.at)))?;
        let effect = self.taken_apart(effect, &calls)?;
        let component = self.exported_name(&effect.component)?;
        let prop_of = |exported: &str| {
            props.iter().find(|(name, _)| name == exported).map(|(_, prop)| prop.as_str()).unwrap_or_default()
        };
        let renamed: Vec<(&str, &str)> = effect
            .loaded
            .answers
            .iter()
            .zip(&calls)
            .map(|(name, call)| (*name, prop_of(&call.exported)))
            .collect();
        let mut edits = self.states(&effect, &renamed)?;
        let types: Vec<(&str, &str)> =
            calls.iter().map(|call| (prop_of(&call.exported), call.local)).collect();
        edits.push(self.with_props(&effect.component, &types)?);
        let statement = self.lines(effect.span.clone());
        edits.push(Edit::remove(self.paragraph(effect.span)));
        edits.extend(self.unused_without(&[statement], &[]));
        if self.typed {
            for local in self.imported(&|source, name| meant(source, name).is_some()) {
                let import = self.import_around(local.at).ok_or_else(|| self.at(local.at))?;
                let exported =
                    meant(import.source.value.as_str(), &self.imported_name(local.at)).unwrap_or_default();
                let what =
                    if exported == local.name { exported } else { format!("{exported} as {}", local.name) };
                edits.push(self.first_import(&format!("type {{ {what} }}"), import.source.value.as_str()));
            }
        }
        Ok(Loads { component, edits })
    }

    /// The calls of the actions, in the order of the text.
    fn action_calls(
        &self,
        meant: &dyn Fn(&str, &ImportName) -> Option<String>,
    ) -> Result<Vec<ActionCall<'a>>, String> {
        let mut calls = Vec::new();
        for local in self.imported(&|source, name| meant(source, name).is_some()) {
            let import = self.import_around(local.at).ok_or_else(|| self.at(local.at))?;
            let exported =
                meant(import.source.value.as_str(), &self.imported_name(local.at)).unwrap_or_default();
            let references = self.references(local.name, Binding::Import(local.at));
            let [only] = references.as_slice() else {
                return Err(format!(": {} is used {} times", local.name, references.len()));
            };
            let call = self.call_of(*only).ok_or_else(|| format!("{}{UNKNOWN}", self.at(*only)))?;
            match self.tree.kind(call) {
                AstKind::CallExpression(found) if found.arguments.is_empty() => {}
                _ => {
                    return Err(format!(
                        "{}it asks with arguments, which the page may not have",
                        self.at(call)
                    ));
                }
            }
            calls.push(ActionCall { at: call, exported, local: local.name });
        }
        calls.sort_by_key(|call| call.at);
        Ok(calls)
    }

    fn imported_name(&self, specifier: At) -> ImportName {
        match self.tree.kind(specifier) {
            AstKind::ImportSpecifier(one) => ImportName::Named(super::super::exports::name_of(&one.imported)),
            AstKind::ImportDefaultSpecifier(_) => ImportName::Named("default".to_owned()),
            _ => ImportName::Namespace,
        }
    }

    /// The `useEffect(..)` around a call.
    fn effect_around(&self, call: At) -> Option<At> {
        self.tree.around(call).map(|(at, _)| at).find(|at| match self.tree.kind(*at) {
            AstKind::CallExpression(found) => matches!(callee(found).1, Some("useEffect")),
            _ => false,
        })
    }

    fn taken_apart(&self, effect: At, calls: &[ActionCall<'a>]) -> Result<Effect<'a>, String> {
        let unknown = || format!("{}{UNKNOWN}", self.at(effect));
        let AstKind::CallExpression(found) = self.tree.kind(effect) else { return Err(unknown()) };
        let [Argument::ArrowFunctionExpression(run), Argument::ArrayExpression(needs)] = &found.arguments[..]
        else {
            return Err(unknown());
        };
        let statement = self.tree.parent(effect);
        let component = self.parts(self.tree.function(effect)).ok_or_else(unknown)?;
        let own = matches!(self.tree.kind(statement), AstKind::ExpressionStatement(_))
            && component.body.statements.iter().any(|one| range(one.span()) == self.span(statement));
        if !needs.elements.is_empty() || !run.params.items.is_empty() || run.r#async || !own {
            return Err(unknown());
        }
        let loaded = self.loaded(run, calls).ok_or_else(unknown)?;
        Ok(Effect { component, span: self.span(statement), loaded })
    }

    /// `calls.then(set)`: the names of the answers, and what is put where.
    fn loaded(&self, run: &'a ArrowFunctionExpression<'a>, calls: &[ActionCall<'a>]) -> Option<Loaded<'a>> {
        let [Statement::ExpressionStatement(only)] = &run.body.statements[..] else { return None };
        let expression = match &only.expression {
            Expression::UnaryExpression(found) if found.operator.as_str() == "void" => &found.argument,
            other => other,
        };
        let Expression::CallExpression(then) = expression else { return None };
        let Expression::StaticMemberExpression(member) = &then.callee else { return None };
        let [given] = &then.arguments[..] else { return None };
        if member.property.name != "then" || !self.is_these(&member.object, calls) {
            return None;
        }
        let Argument::ArrowFunctionExpression(arrow) = given else {
            // `.then(setX)`
            let Argument::Identifier(setter) = given else { return None };
            let at = self
                .tree
                .all()
                .find(|(_, kind)| range(kind.span()) == range(setter.span))
                .map(|(at, _)| at)?;
            let put = Put { setter: setter.name.as_str(), at, value: 0..0 };
            return (calls.len() == 1).then(|| Loaded { answers: vec![""], sets: vec![put] });
        };
        let [param] = &arrow.params.items[..] else { return None };
        let answers: Vec<&str> = match &param.pattern {
            BindingPattern::BindingIdentifier(id) if calls.len() == 1 => vec![id.name.as_str()],
            BindingPattern::ArrayPattern(all) if all.rest.is_none() && all.elements.len() == calls.len() => {
                all.elements.iter().map(|one| one.as_ref().and_then(simple)).collect::<Option<_>>()?
            }
            _ => return None,
        };
        let sets = arrow.body.statements.iter().map(|statement| {
            let Statement::ExpressionStatement(one) = statement else { return None };
            let Expression::CallExpression(set) = &one.expression else { return None };
            let (None, Some(name)) = callee(set) else { return None };
            let [value] = &set.arguments[..] else { return None };
            let value = value.as_expression()?;
            let is_plain =
                !matches!(value, Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_));
            let at = self.tree.all().find(|(_, kind)| range(kind.span()) == range(set.callee.span()));
            is_plain.then_some(Put { setter: name, at: at?.0, value: range(value.span()) })
        });
        Some(Loaded { answers, sets: sets.collect::<Option<_>>()? })
    }

    /// Whether an expression is the one call, or `Promise.all` of these calls in this order.
    fn is_these(&self, expression: &Expression<'a>, calls: &[ActionCall<'a>]) -> bool {
        let Expression::CallExpression(call) = expression else { return false };
        let is = |span: Range<usize>, call: &ActionCall<'_>| self.span(call.at) == span;
        if let [only] = calls {
            return is(range(call.span), only);
        }
        let is_all = matches!(callee(call), (Some(of), Some("all")) if of == "Promise");
        let [Argument::ArrayExpression(all)] = &call.arguments[..] else { return false };
        is_all
            && all.elements.len() == calls.len()
            && all.elements.iter().zip(calls).all(|(one, call)| is(range(one.span()), call))
    }

    /// Each state begins with what was put into it.
    fn states(&self, effect: &Effect<'a>, renamed: &[(&str, &str)]) -> Result<Vec<Edit>, String> {
        let mut edits = Vec::new();
        for Put { setter, at, value } in &effect.loaded.sets {
            let binding = self.tree.resolve(setter, *at);
            let state = match binding {
                Some(Binding::Variable(declarator)) => self.state(declarator, setter),
                _ => None,
            };
            let (pattern, name, call) =
                state.ok_or_else(|| format!("{}{setter} sets no state of `useState`", self.at(*at)))?;
            let text = self.renamed(effect, value.clone(), renamed, *at)?;
            let inner = call.arguments.first().map_or_else(
                || range(call.span).end - 1..range(call.span).end - 1,
                |first| range(first.span()),
            );
            edits.push(Edit::replace(inner, text));
            let used = binding.map_or(0, |binding| self.references(setter, binding).len());
            if used == 1 {
                edits.push(Edit::replace(pattern, format!("[{name}]")));
            }
        }
        Ok(edits)
    }

    /// The pattern, the state's name and the `useState(..)` of a setter.
    fn state(&self, declarator: At, setter: &str) -> Option<(Range<usize>, &'a str, &'a CallExpression<'a>)> {
        let AstKind::VariableDeclarator(found) = self.tree.kind(declarator) else { return None };
        let BindingPattern::ArrayPattern(pattern) = &found.id else { return None };
        let [Some(state), Some(own)] = &pattern.elements[..] else { return None };
        let Some(Expression::CallExpression(call)) = &found.init else { return None };
        let is_state = callee(call).1 == Some("useState") && call.arguments.len() < 2;
        (is_state && simple(own) == Some(setter)).then_some((range(pattern.span), simple(state)?, call))
    }

    /// A value that was put into a state, with the names that the component has for it.
    fn renamed(
        &self,
        effect: &Effect<'a>,
        value: Range<usize>,
        renamed: &[(&str, &str)],
        setter: At,
    ) -> Result<String, String> {
        if value.is_empty() {
            return Ok(renamed.first().map_or_else(String::new, |(_, prop)| (*prop).to_owned()));
        }
        let outside = self.tree.parent(effect.component.at);
        let mut edits = Vec::new();
        for (at, kind) in self.tree.all() {
            let AstKind::IdentifierReference(id) = kind else { continue };
            let span = self.span(at);
            if span.start < value.start || span.end > value.end {
                continue;
            }
            let name = id.name.as_str();
            let is_shorthand =
                matches!(self.tree.kind(self.tree.parent(at)), AstKind::ObjectProperty(one) if one.shorthand);
            if let Some((_, prop)) = renamed.iter().find(|(own, _)| *own == name) {
                let text = if is_shorthand && *prop != name {
                    format!("{name}: {prop}")
                } else {
                    (*prop).to_owned()
                };
                edits.push(Edit::replace(span.start - value.start..span.end - value.start, text));
            } else if self.tree.resolve(name, at) != self.tree.resolve(name, outside) {
                return Err(format!("{}it also puts {name} into a state", self.at(setter)));
            }
        }
        crate::draft::edit::apply(self.slice(value), &edits)
            .ok_or_else(|| format!("{}two parts of the draft change the same code", self.at(setter)))
    }

    /// The name under which a component is exported.
    fn exported_name(&self, component: &FunctionParts<'a>) -> Result<String, String> {
        let name = self.tree.name_of(component.at).unwrap_or_default();
        let is_it = |name: &str| self.exported_function(name).is_some_and(|parts| parts.at == component.at);
        let is_default =
            matches!(self.tree.kind(self.tree.parent(component.at)), AstKind::ExportDefaultDeclaration(_));
        match (is_default, !name.is_empty() && is_it(name)) {
            (true, _) => Ok("default".to_owned()),
            (false, true) => Ok(name.to_owned()),
            _ => Err(format!("{}the component is not exported where it is written", self.at(component.at))),
        }
    }

    /// A component's parameters with these properties, each of the type that an action answers with.
    fn with_props(&self, component: &FunctionParts<'a>, props: &[(&str, &str)]) -> Result<Edit, String> {
        let taken = self.names();
        if let Some((prop, _)) = props.iter().find(|(prop, _)| {
            prop.is_empty() || self.tree.resolve(prop, component.at).is_some() && taken.contains(prop)
        }) {
            return Err(format!("{}the name {prop} is taken", self.at(component.at)));
        }
        let names: Vec<&str> = props.iter().map(|(prop, _)| *prop).collect();
        let types: Vec<String> = props
            .iter()
            .map(|(prop, action)| format!("{prop}: Awaited<ReturnType<typeof {action}>>"))
            .collect();
        let given = |names: &str, types: &str| {
            if self.typed { format!("{{ {names} }}: {{ {types} }}") } else { format!("{{ {names} }}") }
        };
        let params = range(component.params.span);
        match &component.params.items[..] {
            [] if component.params.rest.is_none() => {
                Ok(Edit::replace(params, format!("({})", given(&names.join(", "), &types.join("; ")))))
            }
            [only] => {
                let (BindingPattern::ObjectPattern(pattern), None) = (&only.pattern, &component.params.rest)
                else {
                    return Err(format!(
                        "{}its properties are not taken apart by name",
                        self.at(component.at)
                    ));
                };
                let inner = |span: Range<usize>| {
                    let text = self.slice(span).trim();
                    let text = text.trim_start_matches('{').trim_end_matches('}').trim();
                    text.trim_end_matches([',', ';']).to_owned()
                };
                let own = match only.type_annotation.as_ref().map(|one| &one.type_annotation) {
                    Some(TSType::TSTypeLiteral(written)) => inner(range(written.span)),
                    None if !self.typed => String::new(),
                    _ => {
                        return Err(format!(
                            "{}the type of its properties is written elsewhere",
                            self.at(component.at)
                        ));
                    }
                };
                if pattern.rest.is_some() {
                    return Err(format!("{}it hands its other properties on", self.at(component.at)));
                }
                let names = format!("{}, {}", inner(range(pattern.span)), names.join(", "));
                Ok(Edit::replace(range(only.span), given(&names, &format!("{own}; {}", types.join("; ")))))
            }
            _ => Err(format!("{}it takes more than its properties", self.at(component.at))),
        }
    }
}
