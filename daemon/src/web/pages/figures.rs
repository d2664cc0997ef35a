//! The pictures of a handler's page, with what stands below each.

use pointsman_advisor::explanation::Example;
use pointsman_advisor::{Explanation, SequenceKind};

use crate::render::chart::{Picture, Unit, cache, calls, distribution, interaction, shares};

/// A picture and its caption.
pub(super) struct Figure {
    pub(super) svg: String,
    pub(super) caption: String,
}

impl Figure {
    /// The picture under a name that no other one of the page has.
    fn new(name: &str, picture: Picture) -> Self {
        Self { caption: picture.desc().to_owned(), svg: picture.with_id(name).into() }
    }
}

/// The interaction that stands for a change.
pub(super) fn one_user(example: &Example) -> Figure {
    sequence("sequence", example)
}

/// Real interactions, one of each kind, as they are and as they would be after the move.
pub(super) fn sequences(measured: &Explanation) -> Vec<Figure> {
    let mut shown: Vec<&Example> = Vec::new();
    for example in &measured.sequences.examples {
        if shown.iter().all(|other| other.kind != example.kind) {
            shown.push(example);
        }
    }
    // Those that a move would change come first.
    shown.sort_by_key(|example| example.after.is_none());
    let figure = |(number, example): (u32, &Example)| sequence(&format!("sequence-{number}"), example);
    (1..).zip(shown).map(figure).collect()
}

/// The picture says the numbers; its words for those who cannot see it are in it.
fn sequence(name: &str, example: &Example) -> Figure {
    let caption = format!("{}. One recorded example, as the server saw it.", kind(&example.kind));
    Figure { caption, ..Figure::new(name, interaction::now_and_after(example)) }
}

fn kind(kind: &SequenceKind) -> &str {
    match kind {
        SequenceKind::MutationThenRefresh => "A request that changes data, then a refresh of the page",
        SequenceKind::MutationThenDocument => "A request that changes data, then a full reload of the page",
        SequenceKind::ActionThenRefresh => "An action, then a refresh that its answer made unnecessary",
        SequenceKind::SerialActions => "Actions that waited for each other",
        SequenceKind::ActionOnLoad => "A page load, then what fetched the rest of the page",
        SequenceKind::Poll => "A poll",
        SequenceKind::ActionThenNavigation => "An action, then a navigation",
        SequenceKind::Later(word) => word,
    }
}

/// What was measured.
pub(super) fn numbers(measured: &Explanation) -> Vec<Figure> {
    let Explanation { frequency, time, payload, .. } = measured;
    let spread = |what: &str, unit, values: &Option<_>| distribution::histogram(what, unit, values.as_ref()?);
    let pictures = [
        ("calls", calls::over_time(frequency)),
        ("hours", calls::by_hour_of_day(frequency)),
        ("duration", spread("Duration", Unit::Ms, &time.duration_ms)),
        ("database", spread("Time in database calls", Unit::Ms, &time.database_ms)),
        ("outgoing", spread("Time in outgoing requests", Unit::Ms, &time.outgoing_ms)),
        ("request", spread("Size of requests", Unit::Bytes, &payload.request_bytes)),
        ("response", spread("Size of responses", Unit::Bytes, &payload.response_bytes)),
        ("callers", shares::callers(&measured.callers)),
        ("pages", shares::pages(&measured.pages)),
        ("cache", measured.cache.as_ref().and_then(cache::curve)),
    ];
    pictures.into_iter().filter_map(|(name, picture)| Some(Figure::new(name, picture?))).collect()
}
