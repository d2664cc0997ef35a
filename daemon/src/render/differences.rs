//! What changed since the last kept report, in people's words: once for all formats. What has changed is the advisor's; of a
//! Change with several handlers there is one line.

use jiff::tz::TimeZone;
use pointsman_advisor::life::{Outcome, Proof, State};
use pointsman_advisor::{Benefit, Differences, HandlerDifference, Situation};

use super::rounded::{duration, rounded};
use super::when::moment;
use super::{name_of, path, phrases, safe, verdict};

/// One difference: the Change or the handler, and what became of it. Both are harmless on a terminal; markup in them is not.
pub(crate) struct Line {
    /// The handler's id.
    pub(crate) id: String,
    /// Id of the Change that it is about, if it is about one.
    pub(crate) change: Option<String>,
    /// Its title, or the handler's name.
    pub(crate) name: String,
    /// One sentence without its end.
    pub(crate) text: String,
}

impl Line {
    /// What it is about, within a page.
    pub(crate) fn anchor(&self) -> String {
        self.change.clone().unwrap_or_else(|| format!("h-{}", self.id))
    }
}

/// Lists of differences, each under its heading.
pub(crate) type Lists = Vec<(&'static str, Vec<Line>)>;

/// What changed, list by list under its heading; lists with nothing in them are left out.
pub(crate) fn told(differences: &Differences) -> Lists {
    let lists = differences.lists().into_iter().map(|(word, entries)| {
        let mut lines: Vec<Line> = Vec::new();
        for line in entries.iter().flat_map(|entry| of_entry(word, entry)) {
            // Of one Change the same is said of all its handlers.
            let same = |other: &Line| other.change.is_some() && other.change == line.change;
            if !lines.iter().any(same) {
                lines.push(line);
            }
        }
        (title(word), lines)
    });
    lists.filter(|(_, lines)| !lines.is_empty()).collect()
}

/// How much has changed, and since when: `2 new, 1 applied since 25 Nov 2026, 06:00 UTC`.
pub(crate) fn in_short_at(differences: &Differences, zone: &TimeZone) -> String {
    let lists = told(differences);
    let mut counts: Vec<String> =
        lists.iter().map(|(title, lines)| format!("{} {}", lines.len(), title.to_lowercase())).collect();
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

/// What is said of an entry: about its move, and about improvements.
fn of_entry(word: &str, entry: &HandlerDifference) -> Vec<Line> {
    let of_move = match word {
        "new" => new(entry),
        "gone" => gone(entry),
        "applied" => Some(applied(entry)),
        "verified" => Some(verified(entry)),
        _ => Some(changed(entry)),
    };
    let of_move = of_move.map(|text| Line {
        id: entry.id.clone(),
        change: entry.change.as_ref().map(|change| change.id.clone()),
        name: safe::terminal(
            &entry.change.as_ref().map_or_else(|| name(entry), |change| change.title.clone()),
        ),
        text: safe::sentence(&text),
    });
    let of_improvements = (!entry.improvements.is_empty()).then(|| Line {
        id: entry.id.clone(),
        change: None,
        name: safe::terminal(&name(entry)),
        text: safe::sentence(&improvements(word, entry)),
    });
    of_move.into_iter().chain(of_improvements).collect()
}

fn name(entry: &HandlerDifference) -> String {
    let HandlerDifference { kind, method, route, operation, action, file, .. } = entry;
    name_of(kind, (method, &path(route, operation.as_deref())), (action.as_deref(), file.as_deref()))
}

fn improvements(word: &str, entry: &HandlerDifference) -> String {
    let remedies: Vec<&str> = entry.improvements.iter().map(|rule| phrases::remedy(rule)).collect();
    match word {
        "gone" => format!("no longer needed: {}", remedies.join("; ")),
        _ => remedies.join("; "),
    }
}

fn new(entry: &HandlerDifference) -> Option<String> {
    let is_open = |it: &&Situation| it.verdict.is_move() && it.state.is_none_or(State::is_open);
    let was_move = entry.before.as_ref().is_some_and(|before| before.verdict.is_move());
    let after = entry.after.as_ref().filter(is_open).filter(|_| !was_move)?;
    let benefit = entry.change.as_ref().map_or(after.benefit.as_ref(), |change| change.benefit.as_ref());
    let gain = gain(benefit).map(|gain| format!("saves {gain}"));
    // The title of a Change says where it goes.
    let what = match (&entry.change, gain) {
        (Some(_), Some(gain)) => gain,
        (Some(_), None) => "advised".to_owned(),
        (None, Some(gain)) => format!("{}, which {gain}", verdict(after.verdict)),
        (None, None) => verdict(after.verdict).to_owned(),
    };
    Some(what + &because(entry))
}

fn gone(entry: &HandlerDifference) -> Option<String> {
    let was = entry.before.as_ref().filter(|before| before.verdict.is_move())?;
    let stays = entry.after.as_ref().is_some_and(|after| after.verdict.is_move());
    if stays {
        return None;
    }
    let what = if entry.change.is_some() { "this" } else { verdict(was.verdict) };
    Some(format!("{what} is no longer advised{}", because(entry)))
}

fn changed(entry: &HandlerDifference) -> String {
    let (Some(before), Some(after)) = (&entry.before, &entry.after) else { return entry.reason.clone() };
    let mut parts = Vec::new();
    if before.verdict != after.verdict {
        parts.push(format!(
            "now \u{201c}{}\u{201d}, was \u{201c}{}\u{201d}",
            verdict(after.verdict),
            verdict(before.verdict)
        ));
    }
    if before.state != after.state && after.verdict.is_move() {
        let word = |state: Option<State>| state.map_or("not advised", State::as_str);
        parts.push(format!("{}, was {}", word(after.state), word(before.state)));
    }
    if parts.is_empty() {
        let amount = |it: &Situation| gain(it.benefit.as_ref()).unwrap_or_else(|| "nothing".to_owned());
        return format!("saves {}, was {}", amount(after), amount(before));
    }
    format!("{}{}", parts.join("; "), because(entry))
}

fn applied(entry: &HandlerDifference) -> String {
    let promised = entry.change.as_ref().map_or(entry.promised.as_ref(), |change| change.promised.as_ref());
    let promise = gain(promised).map_or_else(String::new, |gain| format!(", promised to save {gain}"));
    format!("done{promise}; before and after are being compared")
}

fn verified(entry: &HandlerDifference) -> String {
    let whole = entry.change.as_ref().and_then(|change| change.proof.as_ref());
    let Some(proof) = whole.or(entry.proof.as_ref()) else { return "compared".to_owned() };
    let kept = match proof.promise_kept {
        Some(true) => "; the promise held",
        Some(false) => "; the promise did not hold",
        None => "",
    };
    let outcome = match proof.outcome {
        Outcome::Improved => "improved",
        Outcome::Flat => "made no difference",
        Outcome::Worse => "made it worse",
        Outcome::Unknown => "cannot be compared: too little was seen",
    };
    format!("{outcome}{}{kept}", found(proof))
}

/// What a comparison found: `: saved 1 round trip per interaction (1.2 promised)`.
fn found(proof: &Proof) -> String {
    let trips = proof.round_trips.map(|compared| {
        let saved = super::amount(compared.saved);
        let what = if saved == "1" { "round trip" } else { "round trips" };
        (saved, compared.promised.map(super::amount), what)
    });
    let waiting = proof
        .waiting_ms_p50
        .map(|compared| (duration(compared.saved), compared.promised.map(duration), "of waiting"));
    let parts: Vec<String> = [trips, waiting]
        .into_iter()
        .flatten()
        .map(|(saved, promised, what)| {
            let promised = promised.map_or_else(String::new, |promised| format!(" ({promised} promised)"));
            format!("{saved} {what}{promised}")
        })
        .collect();
    if parts.is_empty() { String::new() } else { format!(": saved {} per interaction", parts.join(" and ")) }
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
    ];
    let part = parts.into_iter().find(|(amount, _)| *amount >= 0.5);
    let counted = part.map(|(amount, what)| format!("about {} {what}", rounded(amount)));
    let ms = benefit.ms_per_interaction_p50;
    counted.or_else(|| (ms >= 0.5).then(|| format!("about {} of waiting per interaction", duration(ms))))
}

#[cfg(test)]
#[path = "differences_tests.rs"]
mod tests;
