//! What clients do in a row, as it is told.

use std::collections::{BTreeMap, HashMap};

use pointsman_store::{Action, Fingerprint, Handler, HandlerKind};

use super::quantiles;
use super::types::{After, AfterStep, BaseRateRow, Example, ExampleStep, SequenceCounts, Sequences};
use crate::evidence::{Fact, Interaction, InteractionKind, Measure, Step};
use crate::gain::{Played, PlayedStep, played};
use crate::profile::Profile;
use crate::report::Verdict;
use crate::verdict::Judgement;

/// Examples shown of each kind.
const EXAMPLES: usize = 3;

/// A kept Interaction, and how it would be after a move that shortens it.
type Shown<'a> = (&'a Interaction, Option<Played<'a>>);

pub(super) fn of(
    profile: &Profile<'_>,
    handlers: &HashMap<Fingerprint, Handler>,
    judgement: &Judgement,
) -> Sequences {
    let absent = if !profile.is_unsampled() {
        Some("only some traces are recorded: what lies between two calls of a client is not known")
    } else if profile.surroundings.habits.keys_change {
        Some("the keys of clients change while people use the app (see `pointsman doctor`)")
    } else if profile.observed(Fact::ClientKnown) == 0 {
        Some("no call carries a client key (pointsman.client.key)")
    } else {
        None
    };
    let counts = absent.is_none().then(|| counts(profile));
    let examples = if absent.is_none() { examples(profile, handlers, judgement) } else { Vec::new() };
    Sequences { absent: absent.map(str::to_owned), counts, examples }
}

fn counts(profile: &Profile<'_>) -> SequenceCounts {
    let observed = |fact| profile.observed(fact);
    let ms = |measure| quantiles(&profile.distribution(measure), 1_000.0);
    let told_apart = observed(Fact::RequestKeyKnown) > 0;
    SequenceCounts {
        client_known: observed(Fact::ClientKnown),
        followable: observed(Fact::Followable),
        followed_by_refresh: observed(Fact::FollowedByRefresh),
        followed_by_document: observed(Fact::FollowedByDocument),
        followed_by_refetch: observed(Fact::FollowedByRefetch),
        followed_by_ambiguous: observed(Fact::FollowedByAmbiguous),
        refresh_gap_ms: ms(Measure::RefreshGap),
        sequenced: observed(Fact::Sequenced),
        in_burst: observed(Fact::InBurst),
        bursts: observed(Fact::Bursts),
        queue_wait_ms: ms(Measure::QueueWait),
        soon_after_load: observed(Fact::SoonAfterLoad),
        reads_sequenced: observed(Fact::ReadsSequenced),
        reads_soon_after_load: observed(Fact::ReadsSoonAfterLoad),
        parallel_reads: observed(Fact::ParallelReads),
        duplicates: told_apart.then(|| observed(Fact::Duplicates)),
        retries: told_apart.then(|| observed(Fact::Retries)),
        polled: observed(Fact::Polled),
        polls: observed(Fact::Polls),
        poll_interval_ms: ms(Measure::PollInterval),
        poll_variation: profile
            .quantile(Measure::PollVariation, 0.5)
            .map(|thousandths| thousandths / 1_000.0),
        typed: (profile.handler.kind == HandlerKind::ServerAction).then(|| observed(Fact::Typed)),
        unordered: observed(Fact::UnorderedPairs),
        base_rates: base_rates(profile),
    }
}

/// The base rates of what was seen, by the names of the counts.
fn base_rates(profile: &Profile<'_>) -> BTreeMap<String, BaseRateRow> {
    const COUNTS: [(&str, Fact); 8] = [
        ("followed_by_refresh", Fact::FollowedByRefresh),
        ("followed_by_document", Fact::FollowedByDocument),
        ("followed_by_refetch", Fact::FollowedByRefetch),
        ("in_burst", Fact::InBurst),
        ("soon_after_load", Fact::SoonAfterLoad),
        ("reads_soon_after_load", Fact::ReadsSoonAfterLoad),
        ("typed", Fact::Typed),
        ("retries", Fact::Retries),
    ];
    let row = |(name, fact): (&str, Fact)| {
        let excess = profile.excess(fact).filter(|_| profile.observed(fact) > 0)?;
        let base = excess.base?;
        let row = BaseRateRow {
            share: base.observed,
            windows: base.samples,
            excess: excess.share.observed,
            interval: [excess.share.interval.low, excess.share.interval.high],
        };
        Some((name.to_owned(), row))
    };
    COUNTS.into_iter().filter_map(row).collect()
}

fn examples(
    profile: &Profile<'_>,
    handlers: &HashMap<Fingerprint, Handler>,
    judgement: &Judgement,
) -> Vec<Example> {
    let of_kind = |kind: &InteractionKind| {
        let shortened = is_shortened(*kind, judgement);
        let play = |seen| (seen, shortened.then(|| played(seen, profile.id)).flatten());
        let mut shown: Vec<Shown<'_>> = profile.interactions(*kind).map(play).collect();
        typical_first(&mut shown);
        shown.truncate(EXAMPLES);
        shown
    };
    let all = InteractionKind::ALL.iter().flat_map(of_kind);
    all.map(|(seen, after)| example(seen, after.as_ref(), handlers)).collect()
}

/// Those first that gain what most of them gain: an example is taken for the rule.
fn typical_first(shown: &mut [Shown<'_>]) {
    let saved = |(_, after): &Shown<'_>| after.as_ref().map(|after| after.saved_ms);
    let mut all: Vec<f64> = shown.iter().filter_map(saved).collect();
    all.sort_by(f64::total_cmp);
    let Some(median) = all.get(all.len() / 2).copied() else { return };
    let distance = |one: &Shown<'_>| saved(one).map_or(f64::INFINITY, |saved| (saved - median).abs());
    shown.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
}

/// Whether what the verdict asks for is what shortens such a sequence.
fn is_shortened(kind: InteractionKind, judgement: &Judgement) -> bool {
    let verdict = judgement.verdict;
    match kind {
        InteractionKind::MutationThenRefresh | InteractionKind::MutationThenDocument => {
            verdict == Verdict::MoveToServerAction
        }
        InteractionKind::ActionThenRefresh => judgement.findings.holds("refresh-after-action"),
        InteractionKind::ActionThenNavigation => judgement.findings.holds("navigate-after-action"),
        // What becomes part of its page is no request any more, and none of several at once.
        InteractionKind::SerialActions => verdict == Verdict::MoveToRouteHandler,
        InteractionKind::ActionOnLoad => verdict == Verdict::MoveToServerComponent,
        InteractionKind::Poll => false,
    }
}

fn example(
    interaction: &Interaction,
    after: Option<&Played<'_>>,
    handlers: &HashMap<Fingerprint, Handler>,
) -> Example {
    let ms = |us: u64| crate::stats::as_f64(us) / 1_000.0;
    let name = |step: &Step| {
        handlers.get(&step.handler).map_or_else(|| "a handler that is not known any more".to_owned(), name)
    };
    let step = |step: &Step| ExampleStep {
        handler: step.handler.to_string(),
        name: name(step),
        trace: step.trace.to_string(),
        start_ms: ms(step.start_us),
        duration_ms: ms(step.duration_us),
    };
    let after_step = |played: &PlayedStep<'_>| AfterStep {
        handler: played.seen.handler.to_string(),
        name: name(played.seen),
        start_ms: ms(played.start_us),
        duration_ms: ms(played.seen.duration_us),
        within_first: played.within,
    };
    Example {
        kind: interaction.kind.into(),
        steps: interaction.steps.iter().map(step).collect(),
        prefetches: interaction.prefetches,
        after: after.map(|after| After {
            steps: after.steps.iter().map(after_step).collect(),
            saved_ms: after.saved_ms,
            saved_round_trips: after.saved_round_trips,
        }),
    }
}

fn name(handler: &Handler) -> String {
    match &handler.action {
        Some(Action::Export { file, name }) => Action::short_title(name, file),
        Some(Action::Id(id)) => id.clone(),
        _ => format!("{} {}", handler.method, handler.path()),
    }
}
