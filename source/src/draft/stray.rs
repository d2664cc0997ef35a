//! Actions that are none: a `'use server'` of which no client makes use, and an action that nothing refers to.

use pointsman_store::{Definition, Usage};

use super::desk::{Desk, Why, name};
use super::{HandlerRef, Task};
use crate::module::ExportOf;
use crate::syntax::Removal;

/// What Next.js calls actions within other functions.
pub(super) const INLINE: &str = "$$RSC_SERVER_ACTION_";

fn is_inline(definition: &Definition) -> bool {
    definition.action.as_ref().is_some_and(|action| action.contains(INLINE))
}

pub(super) fn drop_directive(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    for handler in &task.handlers {
        let definition = desk.definition(handler)?;
        let file = &definition.place.file;
        let edits = if is_inline(definition) {
            if definition.usage != Some(Usage::ServerOnly) {
                return Err(format!("{} is used as an action", name(handler)));
            }
            desk.look(file, |source| source.drop_inline_use_server(definition.place.line))?
        } else {
            nobody_needs(desk, file)?;
            desk.look(file, |source| source.drop_use_server())?
        };
        desk.edit(file, edits);
        desk.remarks.push(format!(
            "{file} can now be imported by code for browsers without an error; `import \"server-only\"` in it keeps that from \
             happening"
        ));
    }
    Ok(())
}

/// Whether no client makes use of any action of a file; why the directive stays otherwise.
fn nobody_needs(desk: &Desk<'_>, file: &str) -> Result<(), Why> {
    let is_used = |one: &&Definition| {
        one.place.file == file && !matches!(one.usage, Some(Usage::ServerOnly | Usage::Nowhere))
    };
    if let Some(used) = desk.reading.source.handlers.iter().find(is_used) {
        let name = used.name.as_deref().unwrap_or("another function");
        return Err(format!(
            "{file}: {name} is used as an action, so the others are to be moved to a file of their own"
        ));
    }
    if let Some(handing) = handed_on(desk, file) {
        return Err(format!(
            "{file}: {handing} hands its names on, and who takes them there is not known for certain"
        ));
    }
    Ok(())
}

/// A module that exports another module's names again, or takes all of them as one object.
pub(super) fn handed_on<'a>(desk: &Desk<'a>, file: &str) -> Option<&'a str> {
    let code = &desk.reading.code;
    let hands = |from: &str| {
        let Some(module) = code.modules.get(from) else { return false };
        let exported = module.exports.iter().filter_map(|export| match &export.of {
            ExportOf::Import { source, .. } => Some(source),
            ExportOf::Local(_) => None,
        });
        let whole =
            module.imports.iter().filter(|import| import.name == crate::module::ImportName::Namespace);
        let mut sources =
            exported.chain(&module.stars).chain(&module.loads).chain(whole.map(|import| &import.source));
        sources.any(|source| code.target(from, source) == Some(file))
    };
    code.modules.keys().map(String::as_str).find(|from| *from != file && hands(from))
}

pub(super) fn delete(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    for handler in &task.handlers {
        let definition = unused(desk, handler)?;
        let file = &definition.place.file;
        let exported = definition.name.as_deref().unwrap_or_default();
        match desk.look(file, |source| source.delete_function(exported))? {
            Removal::File => desk.delete(file),
            Removal::Edits(edits) => desk.edit(file, edits),
        }
        desk.remarks
            .push("tests, stories and mocks are not read: one of them may still import it".to_owned());
    }
    Ok(())
}

fn unused<'a>(desk: &Desk<'a>, handler: &HandlerRef) -> Result<&'a Definition, Why> {
    let definition = desk.definition(handler)?;
    if definition.usage != Some(Usage::Nowhere) {
        return Err(format!("something refers to {}", name(handler)));
    }
    if is_inline(definition) || definition.written_in.is_some() {
        return Err(format!(
            "{} is not exported where it is written, so taking it away needs a person",
            name(handler)
        ));
    }
    if let Some(from) = handed_on(desk, &definition.place.file) {
        return Err(format!("{from} hands on what {} exports", definition.place.file));
    }
    Ok(definition)
}
