//! **action-read-on-load**: the action fetches data right after its page was loaded.
//!
//! Seen: most calls begin, with their burst, within 3 s of the load of the page they are called from, or what this client's
//! browser needs. As many as begin one window later are taken off: those come whenever they come.
//! Why: a server component has the data in the first response: no further round trip, no place in the action queue.
//! All versions.
//! Source: Next.js docs, Backend for Frontend "Server Actions", "Mutating Data"; react.dev `use server`.
//! Guard: only actions that read, in every call: a row that is made when it is missing, or a cookie that is renewed when it is old,
//! is enough to abstain. And whose arguments the server can know: where other loads of the same path had others, or some people's
//! the same and others' not, they come from the browser (its storage, clock or sensors), and it abstains. A page that was rendered
//! ahead would become dynamic by what depends on who asks, or differs each time as far as anybody knows: silent, unless Cache
//! Components are on. An action without a name is not moved into a page, whatever its work looks like. A refresh
//! of the page in view is no load; in a loop (see action-refresh-loop) the calls bring the loads.
//! Example: `useEffect(() => { getProfile().then(setProfile) }, [])`.

use super::super::improvements::action_refresh_loop::is_looping;
use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::gain::read_in_page;
use crate::profile::{Profile, Seen, Share};
use crate::stats::{as_f64, whole_number};
use crate::words::NeedCode;

pub(in super::super) static RULE: Rule = ON_LOAD;

const ON_LOAD: Rule = Rule {
    id: "action-read-on-load",
    words: "",
    effect: Effect::ForServerComponent,
    weight: 0.9,
    threshold: 0.6,
    min_samples: 30,
    theme: "action-read-on-load",
    pattern: Pattern::Usual,
    applies: is_action,
    look,
};

/// Pages of which the calls come with the load, while others call it otherwise: judged by use.
pub(in super::super) static PER_USE: Rule = Rule {
    words: "read the data in the server component",
    effect: Effect::Improves,
    weight: 0.0,
    look: look_by_page,
    ..ON_LOAD
};

fn look_by_page(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    let Some(whole) = profile.excess(Fact::SoonAfterLoad) else { return Finding::Silent };
    let prerendered = prerendered_for_all(profile);
    let as_a_whole = whole.share.interval.low >= knobs.threshold;
    if as_a_whole
        || unknown_arguments(profile).is_some()
        || profile.seen() == Seen::Writes
        || is_looping(profile)
        || unseen_sequences(profile).is_some()
        || !profile.has_a_name()
    {
        return Finding::Silent;
    }
    let with_load = profile.load_pages.iter().filter_map(|(page, loads)| {
        let (_, all) = profile.pages.iter().find(|(known, _)| known == page)?;
        // Of each page's calls the same part is coincidence.
        Some((page.clone(), Share::of(loads / all * whole.part(), *all, whole_number(*all))))
    });
    let mut pages: Vec<(String, Share)> = with_load
        .filter(|(_, share)| share.samples >= knobs.min_samples && share.interval.low >= knobs.threshold)
        .filter(|(page, _)| !prerendered.contains(&page.as_str()))
        .collect();
    pages.sort_by(|a, b| b.1.samples.cmp(&a.1.samples).then(a.0.cmp(&b.0)));
    let Some((page, share)) = pages.into_iter().next() else { return Finding::Silent };
    let text = format!(
        "on {page} {} of its calls come with the load: read it in the server component there, and keep the action for the \
         other pages",
        percent(share.observed)
    );
    let flips = format!("under {} of the calls of {page} belong to a load", percent(knobs.threshold));
    Finding::Holds(Statement::of_share(share, text, flips).with(profile.exemplars(Fact::SoonAfterLoad)))
}

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    if profile.seen() == Seen::Writes || is_looping(profile) {
        return Finding::Silent;
    }
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    // A SELECT may take the next number of a row, and a service that is asked may mark what it hands out: only the name says so.
    if !profile.has_a_name() {
        return Finding::Absent("code.function.name");
    }
    let prerendered = prerendered_for_all(profile);
    if profile.load_pages.first().is_some_and(|(page, _)| prerendered.contains(&page.as_str())) {
        return Finding::Silent;
    }
    let Some(excess) = profile.excess(Fact::SoonAfterLoad) else { return Finding::Silent };
    let share = excess.share;
    let gain = read_in_page(profile);
    let text = format!(
        "{} came with the load of their page, {:.0} ms after it (p50): a server component would have the data \
         in the first response",
        part_of(excess.seen.observed, "calls"),
        gain.measured_ms(),
    );
    let flips = format!("under {} of calls belong to a load", percent(knobs.threshold));
    let exemplars = profile.exemplars(Fact::SoonAfterLoad);
    let statement = Statement::of_share(share, text, flips).with(exemplars).gaining(gain);
    match statement.judged_by_excess(excess, knobs) {
        Finding::Holds(statement) => unknown_arguments(profile).unwrap_or(Finding::Holds(statement)),
        finding => finding,
    }
}

/// Pages that Next.js rendered ahead, where what the action reads depends on who asks or is another thing each time: read in the page's
/// render, it would make each of them dynamic, and every visit would wait for it. With Cache Components a part of a page may be dynamic
/// alone.
fn prerendered_for_all<'p>(profile: &'p Profile<'_>) -> Vec<&'p str> {
    /// Share of calls with credentials up to which nobody is asked for. [judgement]
    const RARE: f64 = 0.05;
    let personal =
        profile.share(Fact::WithCredentials, Fact::Calls).is_none_or(|share| share.observed > RARE);
    let surroundings = &profile.surroundings;
    // Where nobody has compared answers they may be another thing each time.
    let for_all = !personal && profile.answers_were_compared() && !profile.answers_differ();
    if for_all || surroundings.build.has_cache_components() == Some(true) {
        return Vec::new();
    }
    let ahead = |page: &&str| {
        surroundings.pages_prerendered.contains(*page)
            || surroundings.build.is_prerendered(page) == Some(true)
    };
    profile.load_pages.iter().map(|(page, _)| page.as_str()).filter(ahead).collect()
}

/// What is missing to say that a page's render can know the arguments; `None` where it can: other loads of the same page had the
/// same ones, or there was one call for each row that the page shows.
fn unknown_arguments(profile: &Profile) -> Option<Finding> {
    /// Loads that say nothing yet. [judgement]
    const FEW: u64 = 5;
    /// Share of loads with other arguments than before from which on they come from the browser: what the path and the session
    /// decide does not differ at all. [judgement]
    const OFTEN: f64 = 0.05;
    /// Share of loads with equal arguments, among those of people who are signed in, below which these are equal by chance.
    /// [judgement]
    const CHANCE: f64 = 0.25;
    let known = profile.share(Fact::RequestKeyKnown, Fact::Calls).is_some_and(|share| share.observed >= 0.5);
    if !known {
        return Some(Finding::Absent("pointsman.request.key"));
    }
    let rows = profile.observed(Fact::RowsOfLoad) * 2 >= profile.observed(Fact::SoonAfterLoad);
    let (equal, differ) =
        (profile.observed(Fact::LoadArgumentsEqual), profile.observed(Fact::LoadArgumentsDiffer));
    let compared = equal + differ;
    // Two people have the same now and then, of a few dozen that there are: a time zone, a device.
    let vary = profile.observed(Fact::LoadArgumentsVary);
    let by_chance = as_f64(equal) < CHANCE * as_f64(equal + vary);
    // Most people of a country have one time zone, and most browsers nothing in their storage: where many have the same and some
    // do not, it is not the page that decides.
    let (shared, not_shared) =
        (profile.observed(Fact::LoadArgumentsShared), profile.observed(Fact::LoadArgumentsNotShared));
    let among_others = as_f64(shared + not_shared);
    let some_share = among_others >= as_f64(FEW)
        && as_f64(shared) > OFTEN * among_others
        && as_f64(not_shared) > OFTEN * among_others;
    let theirs = compared < FEW || by_chance || some_share || as_f64(differ) >= OFTEN * as_f64(compared);
    (theirs && !rows).then_some(Finding::Lacking(NeedCode::Arguments))
}
