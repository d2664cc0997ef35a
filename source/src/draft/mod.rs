//! Drafts: a move, made in the app's source by edits of byte spans. Lives here: which files a kind of move touches, what
//! becomes of them, and why something is left to a person. What stands where in a file is found in `syntax`; whether the
//! result applies and compiles is checked by whoever asks for it.

mod before_routes;
mod desk;
pub(crate) mod edit;
mod matcher;
mod patch;
mod places;
mod refresh;
mod self_fetch;
mod stray;
mod to_action;
mod to_component;
mod to_route;

use std::path::Path;

use pointsman_store::HandlerKind;

use crate::limits::Limits;
use crate::link::{LinkError, Reading, Wanted, on_deep_stack, read};
use crate::syntax::is_todo;
use desk::Desk;

/// What is to be drafted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Task {
    /// The kind of change.
    pub kind: TaskKind,
    /// The handlers that change.
    pub handlers: Vec<HandlerRef>,
    /// Routes of the pages that call them, the one with most calls first; may be empty.
    pub pages: Vec<String>,
}

/// Kinds of changes that can be drafted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TaskKind {
    /// Take away `router.refresh()` after an action that renders the page itself, or let the action do it.
    DropRefresh,
    /// Take away a `'use server'` of which no client makes use.
    DropUseServer,
    /// Delete an action that nothing refers to.
    DeleteAction,
    /// Answer a mutation or a form of the app's own pages by an action instead of a route.
    ToAction,
    /// Answer a read by a GET route instead of an action.
    ToRoute,
    /// Read while the page renders instead of by an action after it has loaded.
    ToComponent,
    /// Call the function behind a route instead of fetching the app's own URL.
    SelfFetch,
}

impl TaskKind {
    /// Whether nothing is left to decide: the change follows from the code alone.
    #[must_use]
    pub const fn is_mechanical(self) -> bool {
        matches!(self, Self::DropRefresh | Self::DropUseServer | Self::DeleteAction)
    }
}

/// A handler as telemetry and source name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HandlerRef {
    /// An action: its file relative to the app and its exported name, `file#name`.
    Action(String),
    /// A route.
    Route {
        /// `route_handler` or `pages_api`.
        kind: HandlerKind,
        /// The pattern.
        route: String,
        /// The method.
        method: String,
    },
    /// A page.
    Page(String),
}

/// A file that a draft changes. Paths are relative to the repository and separated by `/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangedFile {
    /// The file.
    pub path: String,
    /// Its text now; `None` for a new file.
    pub before: Option<String>,
    /// Its text after the change; `None` if it is deleted.
    pub after: Option<String>,
}

/// Something that a person must decide: a comment in the draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Todo {
    /// The file.
    pub file: String,
    /// The line in the changed file, from 1.
    pub line: u32,
    /// What is to be decided.
    pub text: String,
}

/// A change to the app's source that nobody has checked yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Draft {
    /// The files, by path.
    pub files: Vec<ChangedFile>,
    /// What a person must decide.
    pub todos: Vec<Todo>,
    /// What was left out of the draft, and why; without files this is why there is none.
    pub left_out: Vec<String>,
    /// What is worth knowing about the draft.
    pub remarks: Vec<String>,
}

impl Draft {
    /// The draft as a unified diff with paths from the repository; empty without files.
    #[must_use]
    pub fn patch(&self) -> String {
        // What cannot be named in a diff is not drafted.
        patch::of(&self.files).unwrap_or_default()
    }

    fn refused(why: String) -> Self {
        Self { left_out: vec![why], ..Self::default() }
    }
}

/// Drafts a change in a repository. Nothing is written, and none of its code is run.
///
/// # Errors
/// As [`crate::link`]. That a change cannot be drafted is no error: the draft says why.
pub fn draft(repo: &Path, wanted: &Wanted, limits: &Limits, task: &Task) -> Result<Draft, LinkError> {
    on_deep_stack(|| {
        let reading = read(repo, wanted, limits)?;
        Ok(of(&reading, limits, task))
    })
}

fn of(reading: &Reading, limits: &Limits, task: &Task) -> Draft {
    let mut desk = Desk::new(reading, limits);
    let made = match task.kind {
        TaskKind::DropRefresh => refresh::draft(&mut desk, task),
        TaskKind::DropUseServer => stray::drop_directive(&mut desk, task),
        TaskKind::DeleteAction => stray::delete(&mut desk, task),
        TaskKind::ToRoute => to_route::draft(&mut desk, task),
        TaskKind::ToAction => to_action::draft(&mut desk, task),
        TaskKind::ToComponent => to_component::draft(&mut desk, task),
        TaskKind::SelfFetch => self_fetch::draft(&mut desk, task),
    };
    let finished = made.and_then(|()| desk.finish());
    match finished {
        Ok(files) if patch::of(&files).is_none() => {
            Draft::refused("a file's name cannot be written in a diff".to_owned())
        }
        Ok(files) => {
            let todos = files.iter().flat_map(todos).collect();
            Draft { files, todos, left_out: desk.left_out, remarks: desk.remarks }
        }
        Err(why) => {
            let mut draft = Draft::refused(why);
            draft.left_out.extend(desk.left_out);
            draft
        }
    }
}

/// The comments that a draft adds to a file.
fn todos(file: &ChangedFile) -> Vec<Todo> {
    let before: Vec<&str> = file.before.as_deref().unwrap_or_default().lines().collect();
    let mut found = Vec::new();
    for (line, text) in (1..).zip(file.after.as_deref().unwrap_or_default().lines()) {
        if let Some(todo) = is_todo(text)
            && !before.contains(&text)
        {
            found.push(Todo { file: file.path.clone(), line, text: todo.to_owned() });
        }
    }
    found
}
