//! Finding the Change or the handler that a user means: by its id or the beginning of a Change's, else by a part of a handler's
//! name that only it has.

use pointsman_advisor::life::Life;
use pointsman_advisor::{Change, HandlerReport};

use crate::render::{self, safe::terminal};

/// A handler under the names by which it may be meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Named {
    pub(crate) id: String,
    /// The name in one line.
    pub(crate) title: String,
    names: Vec<String>,
}

impl Named {
    pub(crate) fn of(handler: &HandlerReport) -> Self {
        let title = render::name(handler);
        let names = [Some(handler.route.clone()), handler.action.clone(), Some(title.clone())];
        Self { id: handler.id.clone(), title, names: names.into_iter().flatten().collect() }
    }

    /// A Change goes by its id only: its title names its handlers, and those have names of their own.
    pub(crate) fn of_change(change: &Change) -> Self {
        Self { id: change.id.clone(), title: change.title.clone(), names: Vec::new() }
    }

    /// Every name by which it may be meant.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.names.iter().map(String::as_str))
    }

    /// Whether an id was shortened to this; so short as to be a word it is none.
    fn begins_with(&self, wanted: &str) -> bool {
        const SHORTEST: usize = 4;
        self.names.is_empty() && wanted.len() >= SHORTEST && self.id.starts_with(wanted)
    }

    /// Whether an id, or the beginning of a Change's, is its own.
    pub(super) fn is_meant_by(&self, wanted: &str) -> bool {
        self.id == wanted || self.begins_with(wanted)
    }

    /// A handler that may be gone: only its recommendation is left.
    pub(super) fn of_life(life: &Life) -> Self {
        let title = render::life::name(life);
        let names = [Some(life.route.clone()), life.action.clone(), Some(title.clone())];
        Self { id: life.id.clone(), title, names: names.into_iter().flatten().collect() }
    }
}

/// The places of all that may be meant; a name that is exactly one's own wins.
pub(crate) fn matching(known: &[Named], wanted: &str) -> Vec<usize> {
    let named = |exact: bool| -> Vec<usize> {
        let fits = |name: &String| if exact { name == wanted } else { name.contains(wanted) };
        let all = known.iter().enumerate();
        all.filter(|(_, one)| {
            one.id == wanted || (!exact && one.begins_with(wanted)) || one.names.iter().any(fits)
        })
        .map(|(place, _)| place)
        .collect()
    };
    [named(true), named(false)].into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// The place of the one that is meant.
pub(super) fn find(known: &[Named], wanted: &str) -> anyhow::Result<usize> {
    match matching(known, wanted).as_slice() {
        [one] => Ok(*one),
        [] => anyhow::bail!(
            "no change or handler is called {wanted}; `pointsman report --full` lists them with their ids"
        ),
        many => {
            let all = many.iter().filter_map(|place| known.get(*place)).take(10);
            let names: Vec<String> = all.map(|one| format!("{} {}", one.id, terminal(&one.title))).collect();
            anyhow::bail!("{wanted} fits several handlers; name one by its id:\n  {}", names.join("\n  "))
        }
    }
}
