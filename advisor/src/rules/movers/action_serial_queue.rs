//! **action-serial-queue**: actions of one client wait for each other.
//!
//! Seen: two or more actions of one client on one page, each starting when the one before ends (at most 150 ms
//! later, or what this client's browser needs; not in its first quarter), no navigation between. Those that begin one window
//! later are clicks, and as many are taken off.
//! Why: Next.js' client sends one action at a time; `Promise.all` over actions runs in series. Reads belong in GET
//! routes or server components; mutations stay and are sent as one. Still so in 16.4.
//! Source: next `app-router-instance.js`; docs, `server-actions`; react.dev `use server`; [measured] 3 x 300 ms take
//! 943-1,032 ms as actions, 331-396 ms as GETs.
//! Guard: a call that follows another action's write may need what it wrote: it does not count. A person clicking fast queues too: hence the short gap and the same page. Whether a slow client waited or a person
//! clicked is not always known: then it abstains. Where actions of one client are seen to run side by side, as they may in
//! versions to come, it says so and no gain is counted.
//! Example: `Promise.all([getPrice(id), getStock(id), getShipping(id)])`.

use super::super::improvements::action_refresh_loop::is_looping;
use super::super::{Effect, Finding, Knobs, Pattern, Rule, Statement, is_action, part_of, percent};
use super::unseen_sequences;
use crate::evidence::Fact;
use crate::gain::parallel_reads;
use crate::profile::Profile;

pub(in super::super) static RULE: Rule = Rule {
    id: "action-serial-queue",
    words: "",
    effect: Effect::ForRoute,
    weight: 1.0,
    threshold: 0.3,
    min_samples: 20,
    theme: "action-serial-queue",
    pattern: Pattern::Queue,
    applies: is_action,
    look,
};

fn look(profile: &Profile, knobs: &Knobs<'_>) -> Finding {
    // What a loop does in a row nobody waits for, and nobody polls.
    if is_looping(profile) {
        return Finding::Silent;
    }
    if let Some(absent) = unseen_sequences(profile) {
        return absent;
    }
    let Some(excess) = profile.excess(Fact::InBurst) else { return Finding::Silent };
    let share = excess.share;
    let flips = format!("under {} of calls are in bursts", percent(knobs.threshold));
    if let Some(overlapping) = profile.surroundings.habits.side_by_side {
        let text = format!(
            "{overlapping} actions of this app ran while another one of the same client was still being answered: its clients \
             do not send them one at a time, so a move gains nothing"
        );
        return Finding::Below(Statement::of_share(share, text, flips));
    }
    let bursts = profile.observed(Fact::Bursts);
    let gain = parallel_reads(profile);
    let ms_p50 = gain.measured_ms();
    let sooner = if ms_p50 > 0.0 {
        format!(". In parallel, the median burst would finish {ms_p50:.0} ms sooner")
    } else {
        String::new()
    };
    let text = match bursts {
        0 => "none of its calls began as another action of the same client ended".to_owned(),
        _ => format!(
            "{} were in {bursts} bursts, in which each action of a client began as the one before ended",
            part_of(excess.seen.observed, "calls"),
        ),
    };
    let statement =
        Statement::of_share(share, text, flips).with(profile.exemplars(Fact::InBurst)).gaining(gain);
    match statement.judged_by_excess(excess, knobs) {
        Finding::Holds(statement) if bursts < knobs.min_samples => Finding::Below(statement),
        // Why they do, where it is the usual case.
        Finding::Holds(mut statement) => {
            statement.text += &format!(": Next.js' client sends one action at a time{sooner}");
            Finding::Holds(statement)
        }
        finding => finding,
    }
}
