//! What changed since the last kept report, in people's words: once for all formats. What has changed is the advisor's.

use jiff::tz::TimeZone;
use pointsman_advisor::life::{Outcome, State};
use pointsman_advisor::{Benefit, Differences, HandlerDifference, Situation};

use super::when::moment;
use super::{name_of, number, path, safe, verdict};

/// One change: the Handler, and what became of it. Both are harmless on a terminal; markup in them is not.
pub(crate) struct Line {
    /// The Handler's id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// One sentence without its end.
    pub(crate) text: String,
}

/// Lists of changes, each under its heading.
pub(crate) type Lists = Vec<(&'static str, Vec<Line>)>;

/// What changed, list by list under its heading; lists with nothing in them are left out.
pub(crate) fn told(differences: &Differences) -> Lists {
    let line = |word: &str, entry: &HandlerDifference| Line {
        id: entry.id.clone(),
        name: safe::terminal(&name(entry)),
        text: safe::sentence(&text(word, entry)),
    };
    let lists = differences.lists().into_iter().filter(|(_, entries)| !entries.is_empty());
    lists
        .map(|(word, entries)| (title(word), entries.iter().map(|entry| line(word, entry)).collect()))
        .collect()
}

/// How much has changed, and since when: `2 new, 1 applied since 25 Nov 2026, 06:00 UTC`.
pub(crate) fn in_short(differences: &Differences) -> String {
    in_short_at(differences, &TimeZone::UTC)
}

/// The same with its time in a zone.
pub(crate) fn in_short_at(differences: &Differences, zone: &TimeZone) -> String {
    let counts = differences.lists().into_iter().filter(|(_, entries)| !entries.is_empty());
    let mut counts: Vec<String> = counts.map(|(word, entries)| format!("{} {word}", entries.len())).collect();
    if differences.left_out > 0 {
        counts.push(format!("{} more that are not listed", differences.left_out));
    }
    let what = if counts.is_empty() { "nothing has changed".to_owned() } else { counts.join(", ") };
    format!("{what} since {}", safe::terminal(&moment(&differences.since, zone).text))
}

fn title(word: &str) -> &'static str {
    match word {
        "new" => "New",
        "changed" => "Changed",
        "gone" => "Gone",
        "applied" => "Applied",
        _ => "Verified",
    }
}

fn name(entry: &HandlerDifference) -> String {
    let HandlerDifference { kind, method, route, operation, action, file, .. } = entry;
    name_of(kind, (method, &path(route, operation.as_deref())), (action.as_deref(), file.as_deref()))
}

fn text(word: &str, entry: &HandlerDifference) -> String {
    match word {
        "new" => new(entry),
        "gone" => gone(entry),
        "applied" => applied(entry),
        "verified" => verified(entry),
        _ => changed(entry),
    }
}

fn new(entry: &HandlerDifference) -> String {
    let is_open = |it: &&Situation| it.verdict.is_move() && it.state.is_none_or(State::is_open);
    let was_move = entry.before.as_ref().is_some_and(|before| before.verdict.is_move());
    let advised = entry.after.as_ref().filter(is_open).filter(|_| !was_move);
    let mut parts = Vec::new();
    if let Some(after) = advised {
        let gain =
            gain(after.benefit.as_ref()).map_or_else(String::new, |gain| format!(", which saves {gain}"));
        parts.push(format!("{}{gain}", verdict(after.verdict)));
    }
    if !entry.improvements.is_empty() {
        parts.push(format!("can be improved where it is by {}", entry.improvements.join(", ")));
    }
    format!("{}{}", parts.join("; "), because(entry))
}

fn gone(entry: &HandlerDifference) -> String {
    let was = entry.before.as_ref().filter(|before| before.verdict.is_move());
    let stays = entry.after.as_ref().is_some_and(|after| after.verdict.is_move());
    let mut parts = Vec::new();
    if let Some(was) = was.filter(|_| !stays) {
        parts.push(format!("{} is no longer advised", verdict(was.verdict)));
    }
    if !entry.improvements.is_empty() {
        parts.push(format!("nothing left of {}", entry.improvements.join(", ")));
    }
    format!("{}{}", parts.join("; "), because(entry))
}

fn changed(entry: &HandlerDifference) -> String {
    let (Some(before), Some(after)) = (&entry.before, &entry.after) else { return entry.reason.clone() };
    let mut parts = Vec::new();
    if before.verdict != after.verdict {
        parts.push(format!("{} instead of {}", verdict(after.verdict), verdict(before.verdict)));
    }
    if before.state != after.state && after.verdict.is_move() {
        let word = |state: Option<State>| state.map_or("not advised", State::as_str);
        parts.push(format!("{} (was {})", word(after.state), word(before.state)));
    }
    if parts.is_empty() {
        let amount = |it: &Situation| gain(it.benefit.as_ref()).unwrap_or_else(|| "nothing".to_owned());
        return format!("{} saves {} instead of {}", verdict(after.verdict), amount(after), amount(before));
    }
    format!("{}{}", parts.join("; "), because(entry))
}

fn applied(entry: &HandlerDifference) -> String {
    let promise = gain(entry.promised.as_ref());
    let promise = promise.map_or_else(String::new, |gain| format!("; it promised {gain}"));
    let what = entry.after.as_ref().map_or("the move", |after| verdict(after.verdict));
    format!("{what} has been made{promise}; before and after are being compared")
}

fn verified(entry: &HandlerDifference) -> String {
    let what = entry.after.as_ref().map_or("the move", |after| verdict(after.verdict));
    let Some(proof) = &entry.proof else { return format!("{what} has been compared") };
    let kept = match proof.promise_kept {
        Some(true) => "; the promise held",
        Some(false) => "; the promise did not hold",
        None => "",
    };
    let numbers = [("round trips", proof.round_trips), ("ms of waiting", proof.waiting_ms_p50)];
    let numbers = numbers.into_iter().filter_map(|(what, compared)| {
        let compared = compared?;
        let promised = compared.promised.map(|promised| format!(" ({} promised)", super::amount(promised)));
        let saved = super::amount(compared.saved);
        Some(format!("{saved} {what} saved per interaction{}", promised.unwrap_or_default()))
    });
    let numbers: Vec<String> = numbers.collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(": {}", numbers.join(", ")) };
    let outcome = match proof.outcome {
        Outcome::Improved => "has improved it",
        Outcome::Flat => "has made no difference",
        Outcome::Worse => "has made it worse",
        Outcome::Unknown => "cannot be compared: too little was seen",
    };
    format!("{what} {outcome}{numbers}{kept}")
}

fn because(entry: &HandlerDifference) -> String {
    if entry.reason.is_empty() { String::new() } else { format!(" ({})", entry.reason) }
}

/// The largest part of a gain.
fn gain(benefit: Option<&Benefit>) -> Option<String> {
    let benefit = benefit?;
    let parts = [
        (benefit.round_trips_per_day, "round trips a day"),
        (benefit.origin_requests_per_day, "requests a day"),
        (benefit.ms_per_interaction_p50, "ms of waiting per interaction"),
    ];
    let part = parts.into_iter().find(|(amount, _)| *amount >= 0.5);
    part.map(|(amount, what)| format!("about {} {what}", number(amount)))
}

#[cfg(test)]
#[path = "differences_tests.rs"]
mod tests;
