//! `router.refresh()` after an action: the action's answer can bring the page itself, and then the refresh is one request too many.

use super::desk::{Desk, Why, name};
use super::places::page_file;
use super::{HandlerRef, Task};
use crate::code::Target;
use crate::module::ImportName;
use crate::syntax::ActionShows;

/// The version of Next.js from which on an action can call `refresh()`.
const HAS_REFRESH: u32 = 16;

pub(super) fn draft(desk: &mut Desk<'_>, task: &Task) -> Result<(), Why> {
    for handler in &task.handlers {
        one(desk, handler, &task.pages)?;
    }
    Ok(())
}

fn one(desk: &mut Desk<'_>, handler: &HandlerRef, pages: &[String]) -> Result<(), Why> {
    let definition = desk.definition(handler)?;
    let (Some(exported), None) = (&definition.name, &definition.written_in) else {
        return Err(format!("{} is written in another place than it is exported", name(handler)));
    };
    let file = &definition.place.file;
    let action = Target::Action(file.clone(), exported.clone());
    let mut files: Vec<&str> = definition
        .call_sites
        .iter()
        .filter(|site| site.refreshes)
        .map(|site| site.place.file.as_str())
        .collect();
    files.dedup();
    let code = &desk.reading.code;
    let mut dropped = 0;
    let mut left = Vec::new();
    for client in files {
        let means = |source: &str, name: &ImportName| {
            code.imported_action(client, source, name, None).as_ref() == Some(&action)
        };
        let refreshing = desk.look(client, |source| Ok(source.drop_refreshes(&means)))?;
        dropped += refreshing.dropped;
        left.extend(refreshing.left.into_iter().map(|why| format!("{client}{why}")));
        desk.edit(client, refreshing.edits);
    }
    if dropped == 0 {
        left.push(format!("no router.refresh() after {} could be taken away", name(handler)));
        return Err(left.join("; "));
    }
    desk.left_out.extend(left);
    let (by, call) = showing(desk, pages)?;
    match desk.look(file, |source| source.show_page(exported, by, &call))? {
        ActionShows::Already => {
            desk.remarks.push(format!("{} makes its answer bring the page", name(handler)));
        }
        ActionShows::With(edits) => desk.edit(file, edits),
    }
    Ok(())
}

/// What an action calls so that its answer brings the page: the function of `next/cache`, and its call.
pub(super) fn showing(desk: &Desk<'_>, pages: &[String]) -> Result<(&'static str, String), Why> {
    if desk.next_major().is_some_and(|major| major >= HAS_REFRESH) {
        return Ok(("refresh", "refresh()".to_owned()));
    }
    let page = pages.first().ok_or("no page that calls it is known, so nothing says what to revalidate")?;
    let is_known = page_file(desk, page).is_some();
    if !is_known {
        return Err(format!("the source has no page {page}, so nothing says what to revalidate"));
    }
    let kind = if page.contains('[') { ", \"page\"" } else { "" };
    Ok(("revalidatePath", format!("revalidatePath(\"{page}\"{kind})")))
}
