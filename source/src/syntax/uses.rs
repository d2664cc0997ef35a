//! References to imported names and to functions that are actions of their own, and how each is used.

use foldhash::{HashMap, HashMapExt};
use oxc_ast::AstKind;
use oxc_span::GetSpan;
use pointsman_store::How;

use super::exports::opens_with;
use super::names;
use super::refresh::Refreshes;
use super::tree::{At, Binding, Tree, callee, simple};
use crate::module::{Import, ImportName, InlineAction, Module, Use};

/// How many variables may hand an action on to each other.
const MOST_ALIASES: usize = 3;

struct Reader<'t, 'a> {
    tree: &'t Tree<'a>,
    refreshes: Refreshes<'a>,
    /// Where each name is referred to.
    references: HashMap<(&'a str, Binding), Vec<At>>,
}

/// How a reference is used.
enum Usage {
    As(How),
    /// It is the value of a variable, which is used in turn.
    Variable(At),
    /// Only as a type, or exported again.
    Not,
}

pub(super) fn read<'a>(tree: &Tree<'a>, module: &mut Module) {
    let mut references: HashMap<(&str, Binding), Vec<At>> = HashMap::new();
    for (at, kind) in tree.all() {
        if let AstKind::IdentifierReference(id) = kind {
            let name = id.name.as_str();
            if let Some(binding) = tree.resolve(name, at) {
                references.entry((name, binding)).or_default().push(at);
            }
        }
    }
    let reader = Reader { tree, refreshes: Refreshes::of(tree), references };
    let mut index = 0;
    for (at, kind) in tree.all() {
        match kind {
            AstKind::ImportSpecifier(one) => reader.import(&mut index, one.local.name.as_str(), at, module),
            AstKind::ImportDefaultSpecifier(one) => {
                reader.import(&mut index, one.local.name.as_str(), at, module);
            }
            AstKind::ImportNamespaceSpecifier(one) => {
                reader.import(&mut index, one.local.name.as_str(), at, module);
            }
            _ => {}
        }
    }
    for (at, kind) in tree.all() {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                let Some(value) = &declarator.init else { continue };
                let Some((source, names)) = names::loaded(&declarator.id, value) else { continue };
                for (local, name) in names {
                    let import = module.imports.len();
                    let namespace = name == ImportName::Namespace;
                    module.imports.push(Import { source: source.clone(), name, type_only: false });
                    reader.uses(local, Binding::Variable(at), Some(import), namespace, 0, &mut module.uses);
                }
            }
            AstKind::FunctionBody(body)
                if !module.use_server && opens_with(&body.directives, "use server") =>
            {
                module.inline_actions.push(reader.inline(tree.parent(at)));
            }
            _ => {}
        }
    }
}

impl<'a> Reader<'_, 'a> {
    fn import(&self, index: &mut usize, local: &'a str, at: At, module: &mut Module) {
        let Some(import) = module.imports.get(*index) else { return };
        let namespace = import.name == ImportName::Namespace;
        if !import.type_only {
            self.uses(local, Binding::Import(at), Some(*index), namespace, 0, &mut module.uses);
        }
        *index += 1;
    }

    fn inline(&self, function: At) -> InlineAction {
        let name = self.tree.name_of(function);
        let mut uses = Vec::new();
        if let Some(name) = name {
            let declarator =
                self.tree.around(function).find(|(_, kind)| !matches!(kind, AstKind::CallExpression(_)));
            let own = match declarator {
                Some((at, AstKind::VariableDeclarator(_))) => Binding::Variable(at),
                _ => Binding::Function(function),
            };
            self.uses(name, own, None, false, 0, &mut uses);
        } else if let Usage::As(how) = self.usage(function, false).0 {
            uses.push(self.use_at(function, None, None, how));
        }
        InlineAction { name: name.map(str::to_owned), line: self.tree.line(function), uses }
    }

    fn use_at(&self, at: At, import: Option<usize>, member: Option<String>, how: How) -> Use {
        let refreshes = self.refreshes.follow(self.tree, at);
        Use { import, member, line: self.tree.line(at), how, refreshes }
    }

    fn uses(
        &self,
        name: &'a str,
        binding: Binding,
        import: Option<usize>,
        namespace: bool,
        aliases: usize,
        into: &mut Vec<Use>,
    ) {
        for at in self.references.get(&(name, binding)).into_iter().flatten() {
            let (usage, member) = self.usage(*at, namespace);
            match usage {
                Usage::As(how) => into.push(self.use_at(*at, import, member, how)),
                Usage::Not => {}
                Usage::Variable(declarator) => {
                    let before = into.len();
                    if let AstKind::VariableDeclarator(found) = self.tree.kind(declarator)
                        && let Some(name) = simple(&found.id)
                        && aliases < MOST_ALIASES
                    {
                        let mut further = Vec::new();
                        let variable = Binding::Variable(declarator);
                        self.uses(name, variable, import, false, aliases + 1, &mut further);
                        into.extend(further.into_iter().map(|one| Use { member: member.clone(), ..one }));
                    }
                    if into.len() == before {
                        into.push(self.use_at(*at, import, member, How::Passed));
                    }
                }
            }
        }
    }

    /// How the value at a node is used; for a namespace, also which of its names.
    fn usage(&self, at: At, namespace: bool) -> (Usage, Option<String>) {
        let mut child = at;
        let mut member = None;
        let mut bound = false;
        for (around, kind) in self.tree.around(at) {
            let usage = match kind {
                AstKind::TSTypeQuery(_)
                | AstKind::TSTypeReference(_)
                | AstKind::TSQualifiedName(_)
                | AstKind::ExportSpecifier(_)
                | AstKind::ExportNamedDeclaration(_)
                | AstKind::ExportDefaultDeclaration(_) => Usage::Not,
                AstKind::StaticMemberExpression(found) => {
                    let property = found.property.name.as_str();
                    if namespace && member.is_none() {
                        member = Some(property.to_owned());
                        child = around;
                        continue;
                    }
                    if !["bind", "call", "apply"].contains(&property) {
                        return (Usage::As(How::Passed), member);
                    }
                    bound = property == "bind";
                    child = around;
                    continue;
                }
                AstKind::CallExpression(call) if call.callee.span() == self.tree.kind(child).span() => {
                    if bound {
                        bound = false;
                        child = around;
                        continue;
                    }
                    Usage::As(if self.in_transition(around) { How::Transition } else { How::Call })
                }
                AstKind::CallExpression(call) => match argument_of(call) {
                    Some(how) => Usage::As(how),
                    // `wrapped(action)` is a value again.
                    None => match self.tree.kind(self.tree.parent(around)) {
                        AstKind::VariableDeclarator(_) | AstKind::JSXExpressionContainer(_) => {
                            child = around;
                            continue;
                        }
                        _ => Usage::As(How::Passed),
                    },
                },
                AstKind::JSXAttribute(attribute) => {
                    let name = match &attribute.name {
                        oxc_ast::ast::JSXAttributeName::Identifier(name) => name.name.as_str(),
                        oxc_ast::ast::JSXAttributeName::NamespacedName(_) => "",
                    };
                    Usage::As(if ["action", "formAction"].contains(&name) { How::Form } else { How::Passed })
                }
                AstKind::ObjectProperty(property) => {
                    let name = property.key.static_name();
                    let query = name.is_some_and(|name| ["mutationFn", "queryFn"].contains(&name.as_ref()));
                    Usage::As(if query { How::Query } else { How::Passed })
                }
                AstKind::VariableDeclarator(_) => Usage::Variable(around),
                AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::ConditionalExpression(_)
                | AstKind::LogicalExpression(_)
                | AstKind::ChainExpression(_)
                | AstKind::JSXExpressionContainer(_) => {
                    child = around;
                    continue;
                }
                _ => Usage::As(How::Passed),
            };
            return (usage, member);
        }
        (Usage::As(How::Passed), member)
    }

    /// Whether a call runs in `startTransition(() => ..)` or the like.
    fn in_transition(&self, call: At) -> bool {
        let is_transition = |kind: AstKind| match kind {
            AstKind::CallExpression(call) => callee(call).1.is_some_and(|name| name.contains("ransition")),
            _ => false,
        };
        self.tree.around(call).take(24).any(|(_, kind)| is_transition(kind))
    }
}

/// How an action is used as an argument; `None` if the function is unknown.
fn argument_of(call: &oxc_ast::ast::CallExpression) -> Option<How> {
    let name = callee(call).1?;
    match name {
        "useActionState" | "useFormState" => Some(How::ActionState),
        _ if name.contains("ransition") => Some(How::Transition),
        _ if name.starts_with("useSWR") => Some(How::Swr),
        "useQuery" | "useMutation" | "useSuspenseQuery" | "useInfiniteQuery" => Some(How::Query),
        _ => None,
    }
}
