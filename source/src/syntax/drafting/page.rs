//! A page that reads while it renders, for a component that it shows.

use oxc_ast::AstKind;
use oxc_ast::ast::{JSXAttributeItem, Statement};
use oxc_span::GetSpan;

use super::super::tree::{At, Binding};
use super::TODO;
use super::file::{SourceFile, range};
use crate::draft::edit::Edit;
use crate::module::ImportName;

/// What a page reads and gives to a component.
pub(crate) struct Given {
    /// The function that reads it.
    pub(crate) function: String,
    /// The property that carries it.
    pub(crate) prop: String,
    /// The module that exports the function.
    pub(crate) from: String,
}

impl<'a> SourceFile<'_, 'a> {
    /// Lets the page read before it answers, and give what it read to the one place that shows a component.
    pub(crate) fn reads_for(
        &self,
        is_component: &dyn Fn(&str, &ImportName) -> bool,
        given: &[Given],
    ) -> Result<Vec<Edit>, String> {
        let (element, name_end) = self.only_element(is_component)?;
        let function = self.tree.function(element);
        let page = self
            .exported_function("default")
            .filter(|page| page.at == function && !page.is_expression)
            .ok_or_else(|| format!("{}it is not shown by the page's own function", self.at(element)))?;
        let Some(Statement::ReturnStatement(last)) = page.body.statements.last() else {
            return Err(format!("{}the page does not end with what it shows", self.at(page.at)));
        };
        let shown = self.tree.around(element).take_while(|(at, _)| *at != function);
        let always = shown.into_iter().all(|(_, kind)| {
            matches!(
                kind,
                AstKind::JSXElement(_)
                    | AstKind::JSXFragment(_)
                    | AstKind::ReturnStatement(_)
                    | AstKind::FunctionBody(_)
            )
        });
        let inside = self.span(element);
        if !always || inside.start < range(last.span).start {
            return Err(format!(
                "{}it is not shown each time, so the page would read too much",
                self.at(element)
            ));
        }
        let names = self.names();
        let mut new = given.iter().flat_map(|one| [&one.prop, &one.function]);
        if let Some(taken) = new.find(|one| names.contains(one.as_str())) {
            return Err(format!(": the name {taken} is taken"));
        }
        let mut edits =
            vec![Edit::insert(range(last.span).start, self.reading(given, range(last.span).start))];
        edits.extend(self.made_async(page.at, page.return_type.is_some())?);
        let attributes: String = given.iter().map(|one| format!(" {0}={{{0}}}", one.prop)).collect();
        edits.push(Edit::insert(name_end, attributes));
        edits
            .extend(given.iter().map(|one| self.first_import(&format!("{{ {} }}", one.function), &one.from)));
        Ok(edits)
    }

    /// The one element of an imported component, and the end of its name.
    fn only_element(&self, is_component: &dyn Fn(&str, &ImportName) -> bool) -> Result<(At, usize), String> {
        let mut found = Vec::new();
        for local in self.imported(is_component) {
            for at in self.references(local.name, Binding::Import(local.at)) {
                let opening = self.tree.parent(at);
                let element = self.tree.parent(opening);
                match self.tree.kind(opening) {
                    AstKind::JSXOpeningElement(open) => {
                        let spread = open
                            .attributes
                            .iter()
                            .any(|one| matches!(one, JSXAttributeItem::SpreadAttribute(_)));
                        if spread {
                            return Err(format!("{}its properties are put together elsewhere", self.at(at)));
                        }
                        found.push((element, range(open.name.span()).end));
                    }
                    AstKind::JSXClosingElement(_) => {}
                    _ => return Err(format!("{}the component is used as a value", self.at(at))),
                }
            }
        }
        match found.as_slice() {
            [only] => Ok(*only),
            all => Err(format!(": the component is shown in {} places", all.len())),
        }
    }

    /// The statement that reads, before what the page shows.
    fn reading(&self, given: &[Given], at: usize) -> String {
        let (newline, indent) = (self.newline(), self.indent(at));
        let end = if self.has_semicolons() { ";" } else { "" };
        let props: Vec<&str> = given.iter().map(|one| one.prop.as_str()).collect();
        let calls: Vec<String> = given.iter().map(|one| format!("{}()", one.function)).collect();
        let read = match (props.as_slice(), calls.as_slice()) {
            ([prop], [call]) => format!("const {prop} = await {call}"),
            _ => format!("const [{}] = await Promise.all([{}])", props.join(", "), calls.join(", ")),
        };
        format!(
            "// {TODO}waiting: the page now waits for this. If it is slow, read it in a component of its own within <Suspense>.{newline}{indent}{read}{end}{newline}{indent}"
        )
    }

    fn made_async(&self, function: At, has_type: bool) -> Result<Option<Edit>, String> {
        match self.tree.kind(function) {
            AstKind::Function(found) if found.r#async => Ok(None),
            AstKind::ArrowFunctionExpression(found) if found.r#async => Ok(None),
            _ if has_type => {
                Err(format!("{}the page says what it returns, and is not async", self.at(function)))
            }
            AstKind::Function(_) => Ok(Some(Edit::insert(self.function_keyword(function), "async "))),
            _ => Ok(Some(Edit::insert(self.span(function).start, "async "))),
        }
    }
}
