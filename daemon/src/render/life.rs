//! The life of recommendations in people's words: states, what was promised and what was found, the record.

pub(crate) use pointsman_advisor::life::Life;
use pointsman_advisor::life::{Compared, Outcome, Pairing, PolicyInForce, Proof, Record, State, Step};
use pointsman_advisor::{Change, Effort, HandlerReport, Report};

use super::{Audience, number, verdict};

/// A handler's name in one line, also of one that is gone.
pub(crate) fn name(life: &Life) -> String {
    let Life { kind, method, route, operation, action, file, .. } = life;
    super::name_of(
        kind,
        (method, &super::path(route, operation.as_deref())),
        (action.as_deref(), file.as_deref()),
    )
}

/// The life of a handler's move.
pub(crate) fn of<'a>(report: &'a Report, handler: &HandlerReport) -> Option<&'a Life> {
    report.recommendations.iter().find(|life| life.id == handler.id && life.verdict == handler.verdict)
}

/// Every life of one handler's moves.
pub(crate) fn all_of<'a>(report: &'a Report, id: &str) -> Vec<&'a Life> {
    report.recommendations.iter().filter(|life| life.id == id).collect()
}

/// Moves that were made, and what is known of them so far.
pub(crate) fn made(report: &Report) -> Vec<&Life> {
    let made = |life: &&Life| matches!(life.state, State::Applied | State::Verified);
    report.recommendations.iter().filter(made).collect()
}

/// `dismissed since 22 Nov 2026, 06:00 UTC: not worth it`.
pub(crate) fn state(life: &Life, audience: &Audience) -> String {
    let until =
        life.until.as_ref().map_or_else(String::new, |until| format!(" until {}", audience.when(until)));
    let reason = if life.reason.is_empty() { String::new() } else { format!(": {}", life.reason) };
    format!("{} since {}{until}{reason}", life.state.as_str(), audience.when(&life.since))
}

/// One change in one line.
pub(crate) fn step(step: &Step, audience: &Audience) -> String {
    let reason = if step.reason.is_empty() { String::new() } else { format!(": {}", step.reason) };
    format!("{} {} by the {}{reason}", audience.when(&step.at), step.to.as_str(), step.who.as_str())
}

/// What was promised and what was found, one line a number; empty as long as nothing is decided.
pub(crate) fn proof(life: &Life) -> Vec<String> {
    life.proof.as_ref().map(found_by).unwrap_or_default()
}

/// What a comparison of before and after has found, one line a number.
pub(crate) fn found_by(proof: &Proof) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", outcome(proof.outcome), proof.reason)];
    lines.extend(numbers_of(proof));
    lines
}

/// The numbers before and after, one line each, and by what they were compared.
pub(crate) fn numbers_of(proof: &Proof) -> Vec<String> {
    let mut lines = Vec::new();
    let measures = [
        ("round trips per interaction", proof.round_trips, ""),
        ("waiting (p50)", proof.waiting_ms_p50, " ms"),
        ("waiting (p95)", proof.waiting_ms_p95, " ms"),
    ];
    for (what, compared, unit) in measures {
        lines.extend(compared.map(|compared| found(what, compared, unit)));
    }
    if let Some(errors) = proof.error_share {
        let share = |share: f64| format!("{:.1} %", share * 100.0);
        lines.push(format!("failed calls: {} before, {} after", share(errors.before), share(errors.after)));
    }
    lines.extend(paired(proof));
    lines
}

fn found(what: &str, compared: Compared, unit: &str) -> String {
    let Compared { before, after, saved, interval, promised } = compared;
    let range = interval
        .map_or_else(String::new, |[low, high]| format!(" (95 %: {} to {})", amount(low), amount(high)));
    let promised =
        promised.map_or_else(String::new, |promised| format!(", promised {}{unit}", amount(promised)));
    format!(
        "{what}: {}{unit} before, {}{unit} after; saved {}{unit}{range}{promised}",
        amount(before),
        amount(after),
        amount(saved)
    )
}

/// Round trips are small numbers: two digits after the point tell them apart.
fn amount(value: f64) -> String {
    if value.abs() < 10.0 { format!("{value:.2}") } else { number(value) }
}

fn paired(proof: &Proof) -> Option<String> {
    let by = match proof.pairing? {
        Pairing::WeekdayAndHour => "each with the same weekday and hour before",
        Pairing::HourOfDay => "each with the same hour of other days before, because a week is not there yet",
        Pairing::Mixed => {
            "each with the same weekday and hour before, or where there is none with the same hour"
        }
    };
    Some(format!("compared: {} interactions in {} hours, {by}", number(proof.interactions), proof.hours))
}

pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Improved => "improved",
        Outcome::Flat => "no difference",
        Outcome::Worse => "worse",
        Outcome::Unknown => "unknown",
    }
}

/// How often promises held; nothing before the first move was compared.
pub(crate) fn record(record: &Record) -> Option<String> {
    let Record { verified, improved, flat, worse, unknown, promises, promises_kept, .. } = *record;
    (verified > 0).then(|| {
        format!(
            "{verified} done and compared so far: {improved} improved, {flat} made no difference, {worse} got worse, {unknown} \
             unknown; {promises_kept} of {promises} promises held"
        )
    })
}

/// A policy and what it keeps out of this report.
pub(crate) fn policy(policy: &PolicyInForce) -> String {
    use pointsman_advisor::life::{Keep, ReadsIn, WritesIn};
    let reads = policy.reads.map(|reads| match reads {
        ReadsIn::Route => "reads in route handlers",
        ReadsIn::Component => "reads in server components",
        ReadsIn::Any => "reads anywhere",
    });
    let writes = policy.writes.map(|writes| match writes {
        WritesIn::Action => "writes in server actions",
        WritesIn::Route => "writes in route handlers",
        WritesIn::Any => "writes anywhere",
    });
    let places: Vec<&str> = reads.into_iter().chain(writes).collect();
    let what = match (policy.keep, policy.rules.is_empty()) {
        _ if !places.is_empty() => places.join(", "),
        (Some(Keep::Route), _) => "routes stay routes".to_owned(),
        (Some(Keep::Action), _) => "actions stay actions".to_owned(),
        (None, true) => "no moves".to_owned(),
        (None, false) => format!("nothing of {}", policy.rules.join(", ")),
    };
    let until = policy.until.as_ref().map_or_else(String::new, |until| format!(" until {until}"));
    let counts = [(policy.dismissed_moves, "move"), (policy.dismissed_improvements, "improvement")];
    let dismissed: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let dismissed = if dismissed.is_empty() {
        String::new()
    } else {
        format!(" (dismisses {})", dismissed.join(" and "))
    };
    format!("{}: {what}{until}: {}{dismissed}{}", policy.handlers.join(", "), policy.reason, cost(policy))
}

/// What a policy costs a day: the moves that it keeps from being advised would gain that.
fn cost(policy: &PolicyInForce) -> String {
    let moves = policy.changed_verdicts + policy.dismissed_moves;
    if !policy.rules.is_empty() {
        // It is about improvements: no move is kept from anybody.
        return String::new();
    }
    if moves == 0 {
        return "; it costs nothing: without it, no other move would be advised".to_owned();
    }
    let costs = &policy.costs;
    let parts = [
        (costs.round_trips_per_day >= 0.5)
            .then(|| format!("{} round trips", number(costs.round_trips_per_day))),
        (costs.waiting_s_per_day >= 0.5).then(|| format!("{} s of waiting", number(costs.waiting_s_per_day))),
        (costs.origin_requests_per_day >= 0.5)
            .then(|| format!("{} requests", number(costs.origin_requests_per_day))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let handlers = if moves == 1 { "1 handler".to_owned() } else { format!("{moves} handlers") };
    if parts.is_empty() {
        return format!("; {handlers} would be advised to move otherwise, without a measured gain");
    }
    format!("; it costs {} a day ({handlers} would be advised to move otherwise)", parts.join(", "))
}

/// What a house rule changed about one handler.
pub(crate) fn house_rule(handler: &HandlerReport) -> Option<String> {
    let ruled = handler.policy.as_ref()?;
    let gain = ruled.costs.as_ref().and_then(super::benefit::benefit);
    let gain = gain.map_or_else(String::new, |gain| format!("; that would gain {gain}"));
    Some(format!(
        "without your team's policy: {}{gain} (policy: {})",
        verdict(ruled.verdict_without),
        ruled.reason
    ))
}

/// An effort in people's words.
pub(crate) fn effort(effort: &Effort) -> &'static str {
    match effort {
        Effort::Small => "small",
        Effort::Medium => "medium",
        Effort::Large => "large",
        Effort::Later(_) => "unknown",
    }
}

/// A Change that was made, in one line.
pub(crate) fn change_title(change: &Change) -> String {
    let found = change.proof.as_ref().map_or_else(
        || "applied; before and after are being compared".to_owned(),
        |proof| format!("verified, {}", outcome(proof.outcome)),
    );
    format!("{} ({found})", change.title)
}

/// A move that was made, in one line.
pub(crate) fn title(life: &Life) -> String {
    let confidence = life.proof.as_ref().map(|proof| outcome(proof.outcome));
    let found = confidence.map_or_else(
        || "applied; before and after are being compared".to_owned(),
        |outcome| format!("verified, {outcome}"),
    );
    format!("{}: {} ({found})", name(life), verdict(life.verdict))
}
