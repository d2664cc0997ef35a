//! A sequence as it would be after a Change of several Handlers: an Example knows only the move of its own.

use super::types::{After, AfterStep, Example, ExampleStep};
use crate::words::SequenceKind;

impl Example {
    /// The same with all moves of a Change, by the ids of its Handlers; as it is where one move already says it all.
    #[must_use]
    pub fn after_all_of(&self, handlers: &[String]) -> Self {
        let mut whole = self.clone();
        // Each of the others has a request of its own, which its move spares.
        if self.kind == SequenceKind::ActionOnLoad && self.after.is_some() {
            whole.after = self.steps.split_first().map(|(page, others)| brought_by(page, others, handlers));
        }
        whole
    }
}

/// What the page brings along begins with it at the latest when it is done; what stays a request stays where it is.
fn brought_by(page: &ExampleStep, others: &[ExampleStep], handlers: &[String]) -> After {
    let step = |seen: &ExampleStep, start_ms: f64, within_first: bool| AfterStep {
        handler: seen.handler.clone(),
        name: seen.name.clone(),
        start_ms,
        duration_ms: seen.duration_ms,
        within_first,
    };
    let page_end = page.start_ms + page.duration_ms;
    let is_brought = |seen: &&ExampleStep| handlers.contains(&seen.handler);
    let (brought, stay): (Vec<_>, Vec<_>) = others.iter().partition(is_brought);
    let mut steps = vec![step(page, page.start_ms, false)];
    steps.extend(brought.iter().map(|seen| step(seen, seen.start_ms.min(page_end), true)));
    steps.extend(stay.iter().map(|seen| step(seen, seen.start_ms, false)));
    let end = |start: f64, duration: f64| start + duration;
    let now = others.iter().map(|seen| end(seen.start_ms, seen.duration_ms)).fold(page_end, f64::max);
    let then = steps.iter().map(|seen| end(seen.start_ms, seen.duration_ms)).fold(0.0, f64::max);
    let trips = u32::try_from(brought.len()).unwrap_or(u32::MAX);
    After { steps, saved_ms: now - then, saved_round_trips: f64::from(trips) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(handler: &str, start_ms: f64, duration_ms: f64) -> ExampleStep {
        let [handler, name, trace] = [handler, handler, "1"].map(str::to_owned);
        ExampleStep { handler, name, trace, start_ms, duration_ms }
    }

    #[test]
    fn what_several_actions_fetch_after_a_load_comes_with_the_page() {
        let steps = vec![
            seen("page", 0.0, 36.0),
            seen("a", 28.0, 48.0),
            seen("b", 76.0, 48.0),
            seen("c", 124.0, 40.0),
        ];
        let own = After { steps: Vec::new(), saved_ms: 88.0, saved_round_trips: 1.0 };
        let example = Example { kind: SequenceKind::ActionOnLoad, steps, prefetches: 0, after: Some(own) };
        let after = example.after_all_of(&["a", "b", "c"].map(str::to_owned)).after.unwrap();
        let starts: Vec<(f64, bool)> =
            after.steps.iter().map(|step| (step.start_ms, step.within_first)).collect();
        assert_eq!(starts, [(0.0, false), (28.0, true), (36.0, true), (36.0, true)]);
        assert_eq!((after.saved_ms, after.saved_round_trips), (80.0, 3.0));
        let of_others = example.after_all_of(&["c".to_owned()]).after.unwrap();
        assert_eq!((of_others.saved_ms, of_others.saved_round_trips), (40.0, 1.0));
        let unknown = Example { after: None, ..example };
        assert_eq!(unknown.after_all_of(&["a".to_owned()]), unknown);
    }
}
