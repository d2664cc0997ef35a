//! What clients do in a row, as it is told.

use std::collections::HashMap;

use pointsman_store::{Action, Fingerprint, Handler, HandlerKind};

use super::quantiles;
use super::types::{Example, ExampleStep, SequenceCounts, Sequences};
use crate::evidence::{Fact, Interaction, InteractionKind, Measure, Step};
use crate::profile::Profile;

/// Examples told of each kind.
const EXAMPLES: usize = 3;

pub(super) fn of(profile: &Profile<'_>, handlers: &HashMap<Fingerprint, Handler>) -> Sequences {
    let absent = if !profile.is_unsampled() {
        Some("only some traces are recorded: what lies between two calls of a client is not known")
    } else if profile.observed(Fact::ClientKnown) == 0 {
        Some("no call tells its client (pointsman.client.key)")
    } else {
        None
    };
    let counts = absent.is_none().then(|| counts(profile));
    let examples = if absent.is_none() { examples(profile, handlers) } else { Vec::new() };
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
    }
}

fn examples(profile: &Profile<'_>, handlers: &HashMap<Fingerprint, Handler>) -> Vec<Example> {
    let of_kind = |kind: &InteractionKind| profile.interactions(*kind).take(EXAMPLES);
    InteractionKind::ALL.iter().flat_map(of_kind).map(|one| example(one, handlers)).collect()
}

fn example(interaction: &Interaction, handlers: &HashMap<Fingerprint, Handler>) -> Example {
    let kind = match interaction.kind {
        InteractionKind::MutationThenRefresh => "mutation_then_refresh",
        InteractionKind::ActionThenRefresh => "action_then_refresh",
        InteractionKind::SerialActions => "serial_actions",
        InteractionKind::ActionOnLoad => "action_on_load",
        InteractionKind::Poll => "poll",
        InteractionKind::MutationThenDocument => "mutation_then_document",
    };
    let ms = |us: u64| crate::stats::as_f64(us) / 1_000.0;
    let step = |step: &Step| ExampleStep {
        handler: step.handler.to_string(),
        name: handlers
            .get(&step.handler)
            .map_or_else(|| "a handler that is not known any more".to_owned(), name),
        trace: step.trace.to_string(),
        start_ms: ms(step.start_us),
        duration_ms: ms(step.duration_us),
    };
    Example {
        kind: kind.to_owned(),
        steps: interaction.steps.iter().map(step).collect(),
        prefetches: interaction.prefetches,
    }
}

fn name(handler: &Handler) -> String {
    match &handler.action {
        Some(Action::Export { name, .. }) => name.clone(),
        Some(Action::Id(id)) => id.clone(),
        _ => format!("{} {}", handler.method, handler.route),
    }
}
