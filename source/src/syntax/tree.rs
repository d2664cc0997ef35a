//! A syntax tree whose nodes know their parents, and what a name means at a place. Not here: what the nodes mean to
//! Next.js.

use foldhash::{HashMap, HashMapExt};
use oxc_ast::AstKind;
use oxc_ast::ast::{BindingPattern, CallExpression, Expression, Program, VariableDeclarator};
use oxc_ast_visit::Visit;
use oxc_span::GetSpan;

/// A node's place in the tree.
pub(super) type At = usize;

/// What introduces a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Binding {
    /// An import, by the node of its specifier.
    Import(At),
    /// A variable, by the node of its declarator; the name is the whole pattern only if the pattern says so.
    Variable(At),
    /// A function or class, by its node.
    Function(At),
    /// A parameter, by its node.
    Parameter(At),
    /// A type.
    Type(At),
    /// Anything else.
    Other,
}

/// A program, node by node in the order of its text.
pub(super) struct Tree<'a> {
    nodes: Vec<(AstKind<'a>, At)>,
    /// The innermost scope of each node, itself included.
    nearest: Vec<At>,
    scopes: HashMap<At, HashMap<&'a str, Binding>>,
    lines: Vec<u32>,
}

struct Collector<'a> {
    nodes: Vec<(AstKind<'a>, At)>,
    open: Vec<At>,
}

impl<'a> Visit<'a> for Collector<'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        let parent = self.open.last().copied().unwrap_or(0);
        self.open.push(self.nodes.len());
        self.nodes.push((kind, parent));
    }

    fn leave_node(&mut self, _: AstKind<'a>) {
        self.open.pop();
    }
}

impl<'a> Tree<'a> {
    pub(super) fn of(program: &'a Program<'a>, text: &str) -> Self {
        let mut collector = Collector { nodes: Vec::new(), open: Vec::new() };
        collector.visit_program(program);
        let lines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = lines.map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        let mut nearest: Vec<At> = Vec::with_capacity(collector.nodes.len());
        for (at, (kind, parent)) in collector.nodes.iter().enumerate() {
            // Parents come before their children.
            nearest.push(if is_scope(*kind) { at } else { nearest.get(*parent).copied().unwrap_or(0) });
        }
        let mut tree = Self { nodes: collector.nodes, nearest, scopes: HashMap::new(), lines };
        tree.bind();
        tree
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (At, AstKind<'a>)> + '_ {
        self.nodes.iter().enumerate().map(|(at, (kind, _))| (at, *kind))
    }

    pub(super) fn kind(&self, at: At) -> AstKind<'a> {
        self.nodes[at].0
    }

    pub(super) fn parent(&self, at: At) -> At {
        self.nodes[at].1
    }

    /// The nodes around a node, the nearest first; the program is the last.
    pub(super) fn around(&self, at: At) -> impl Iterator<Item = (At, AstKind<'a>)> + '_ {
        let mut at = at;
        std::iter::from_fn(move || {
            if at == 0 {
                return None;
            }
            at = self.parent(at);
            Some((at, self.kind(at)))
        })
    }

    /// The line of a node's first letter, from 1.
    pub(super) fn line(&self, at: At) -> u32 {
        self.line_of(self.kind(at).span().start)
    }

    pub(super) fn line_of(&self, offset: u32) -> u32 {
        u32::try_from(self.lines.partition_point(|end| *end < offset)).map_or(u32::MAX, |line| line + 1)
    }

    /// The innermost function around a node; the program if there is none.
    pub(super) fn function(&self, at: At) -> At {
        self.around(at).find(|(_, kind)| is_function(*kind)).map_or(0, |(at, _)| at)
    }

    /// The innermost statement around a node.
    pub(super) fn statement(&self, at: At) -> At {
        let is_statement = |kind: AstKind| {
            matches!(
                kind,
                AstKind::ExpressionStatement(_)
                    | AstKind::VariableDeclaration(_)
                    | AstKind::ReturnStatement(_)
                    | AstKind::IfStatement(_)
                    | AstKind::ForStatement(_)
                    | AstKind::ForOfStatement(_)
                    | AstKind::ForInStatement(_)
                    | AstKind::WhileStatement(_)
                    | AstKind::ThrowStatement(_)
                    | AstKind::SwitchStatement(_)
                    | AstKind::Function(_)
                    | AstKind::FunctionBody(_)
                    | AstKind::ExportDefaultDeclaration(_)
            )
        };
        self.around(at).find(|(_, kind)| is_statement(*kind)).map_or(0, |(at, _)| at)
    }

    /// Whether a node is another one or within it.
    pub(super) fn is_within(&self, at: At, outer: At) -> bool {
        at == outer || self.around(at).any(|(around, _)| around == outer)
    }

    /// The name of a function: its own, or that of the variable or property that it is assigned to. Calls around it
    /// (`useCallback(() => ..)`) do not matter.
    pub(super) fn name_of(&self, function: At) -> Option<&'a str> {
        if let AstKind::Function(function) = self.kind(function)
            && let Some(id) = &function.id
        {
            return Some(id.name.as_str());
        }
        for (_, kind) in self.around(function) {
            match kind {
                AstKind::VariableDeclarator(declarator) => return simple(&declarator.id),
                AstKind::CallExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::AwaitExpression(_) => {}
                _ => return None,
            }
        }
        None
    }

    /// What a name means at a place; `None` for globals.
    pub(super) fn resolve(&self, name: &str, at: At) -> Option<Binding> {
        let mut here = self.nearest[at];
        loop {
            if let Some(binding) = self.scopes.get(&here).and_then(|names| names.get(name)) {
                return Some(*binding);
            }
            if here == 0 {
                return None;
            }
            here = self.nearest[self.parent(here)];
        }
    }

    /// The declarator of a variable that is one name (no pattern), if the name means one.
    pub(super) fn variable(&self, name: &str, at: At) -> Option<(At, &'a VariableDeclarator<'a>)> {
        let Some(Binding::Variable(declarator)) = self.resolve(name, at) else { return None };
        match self.kind(declarator) {
            AstKind::VariableDeclarator(found) if simple(&found.id).is_some() => Some((declarator, found)),
            _ => None,
        }
    }

    fn bind(&mut self) {
        for at in 0..self.nodes.len() {
            let (name, scope, binding) = match self.kind(at) {
                AstKind::BindingIdentifier(id) => {
                    let (scope, binding) = self.introduce(at);
                    (id.name.as_str(), scope, binding)
                }
                _ => continue,
            };
            self.scopes.entry(scope).or_default().entry(name).or_insert(binding);
        }
    }

    /// The scope of a name that is introduced at a node, and by what.
    fn introduce(&self, at: At) -> (At, Binding) {
        let mut binding = Binding::Other;
        let mut owner = at;
        for (around, kind) in self.around(at) {
            match kind {
                AstKind::VariableDeclarator(_) => binding = Binding::Variable(around),
                AstKind::FormalParameter(_) | AstKind::FormalParameterRest(_) => {
                    binding = Binding::Parameter(around);
                }
                AstKind::ImportSpecifier(_)
                | AstKind::ImportDefaultSpecifier(_)
                | AstKind::ImportNamespaceSpecifier(_) => binding = Binding::Import(around),
                AstKind::Class(_) => binding = Binding::Function(around),
                AstKind::TSTypeAliasDeclaration(_) => binding = Binding::Type(around),
                AstKind::Function(function) if binding == Binding::Other => {
                    // A declared function's name belongs to the scope around it.
                    binding = Binding::Function(around);
                    if function.is_expression() {
                        return (around, binding);
                    }
                    owner = around;
                    continue;
                }
                _ => {}
            }
            if around != owner && is_scope(kind) {
                return (around, binding);
            }
        }
        (0, binding)
    }
}

/// The name that a pattern is, if it is one.
pub(super) fn simple<'a>(pattern: &BindingPattern<'a>) -> Option<&'a str> {
    match pattern {
        BindingPattern::BindingIdentifier(id) => Some(id.name.as_str()),
        _ => None,
    }
}

pub(super) const fn is_function(kind: AstKind) -> bool {
    matches!(kind, AstKind::Function(_) | AstKind::ArrowFunctionExpression(_))
}

const fn is_scope(kind: AstKind) -> bool {
    matches!(
        kind,
        AstKind::Program(_)
            | AstKind::Function(_)
            | AstKind::ArrowFunctionExpression(_)
            | AstKind::BlockStatement(_)
            | AstKind::ForStatement(_)
            | AstKind::ForInStatement(_)
            | AstKind::ForOfStatement(_)
            | AstKind::SwitchStatement(_)
            | AstKind::CatchClause(_)
            | AstKind::StaticBlock(_)
            | AstKind::TSModuleBlock(_)
    )
}

/// `a.b.c` as it is written, without arguments: `process.env.API`, `getBaseUrl`.
pub(super) fn dotted(expression: &Expression) -> Option<String> {
    match inner(expression) {
        Expression::Identifier(id) => Some(id.name.to_string()),
        Expression::ThisExpression(_) => Some("this".to_owned()),
        Expression::StaticMemberExpression(member) => {
            Some(format!("{}.{}", dotted(&member.object)?, member.property.name))
        }
        Expression::CallExpression(call) => dotted(&call.callee),
        Expression::AwaitExpression(await_) => dotted(&await_.argument),
        Expression::ChainExpression(chain) => match &chain.expression {
            oxc_ast::ast::ChainElement::CallExpression(call) => dotted(&call.callee),
            oxc_ast::ast::ChainElement::StaticMemberExpression(member) => {
                Some(format!("{}.{}", dotted(&member.object)?, member.property.name))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Without parentheses, casts and `await`.
pub(super) fn inner<'b, 'a>(expression: &'b Expression<'a>) -> &'b Expression<'a> {
    match expression.get_inner_expression() {
        Expression::AwaitExpression(await_) => inner(&await_.argument),
        other => other,
    }
}

/// The name of what is called (`axios.post` is `post` of `axios`), and the name before it.
pub(super) fn callee<'b>(call: &'b CallExpression) -> (Option<String>, Option<&'b str>) {
    match call.callee.get_inner_expression() {
        Expression::Identifier(id) => (None, Some(id.name.as_str())),
        Expression::StaticMemberExpression(member) => {
            (Some(dotted(&member.object).unwrap_or_default()), Some(member.property.name.as_str()))
        }
        _ => (None, None),
    }
}
