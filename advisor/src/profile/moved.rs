//! A Profile as it would be after a move: the same calls, counted as those of the new kind. So rules about the new state
//! can be asked before anybody is advised to go there.

use pointsman_store::{Action, Handler, HandlerKind};

use super::{Profile, Spans};
use crate::evidence::Rollup;

impl Profile<'_> {
    /// Looks at this route as if it were already an action of that name.
    pub(crate) fn as_action<T>(&self, name: &str, look: impl FnOnce(&Profile<'_>) -> T) -> T {
        let window: Rollup = self.window.as_of_action();
        let action = Action::Export { file: "actions.ts".to_owned(), name: name.to_owned() };
        let handler =
            Handler { kind: HandlerKind::ServerAction, action: Some(action), ..self.handler.clone() };
        let spans = Spans { window: &window, retained: &window, recent: None, fortnight: None };
        let moved = Profile { handler, spans, window: &window, ..self.clone() };
        look(&moved)
    }
}
