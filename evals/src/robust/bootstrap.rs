//! How much a verdict depends on who happened to come by: clients are drawn anew, with replacement, and judged again. A
//! client's key holds for a day, so that days are drawn with them.

use std::collections::BTreeMap;

use pointsman_advisor::Verdict;
use pointsman_store::{Call, ClientKey, InstanceKey, TraceId};

use super::Played;
use crate::judge::{Told, judge};
use crate::random::{Random, both, of_text};
use crate::score::{Case, cases, is_wrong_move};

/// From here on a confidence is high.
const HIGH: f64 = 0.9;

/// What became of one move of high confidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resampled {
    /// The scenario's id.
    pub scenario: String,
    /// The handler's name in it.
    pub handler: String,
    /// How often clients were drawn anew.
    pub resamples: usize,
    /// How often the verdict was another one.
    pub flips: usize,
    /// How often it was a wrong move.
    pub wrong: usize,
    /// What was said instead, the first time.
    pub instead: Option<String>,
}

/// How often clients are drawn at first. Where no verdict flips in 60 draws, fewer than 5 of 100 would, with a
/// confidence of 95 % (the rule of three: 3 / 60).
const FIRST: usize = 60;
/// How often where one does, so that the share of flips is known to within 5 of 100 or so.
const AT_MOST: usize = 200;

/// Draws the clients of a scenario anew; nothing where it has no move of high confidence.
///
/// # Errors
/// Never for Rollups that were just made: an error is a fault of the advisor's.
pub fn resample(played: &Played<'_>) -> anyhow::Result<Vec<Resampled>> {
    let Played { scenario, settings, told, before, .. } = played;
    let is_sure = |case: &&Case| case.is_asked() && case.confidence.is_some_and(|sure| sure >= HIGH);
    let sure: Vec<&Case> = before.iter().filter(is_sure).collect();
    let mut resampled: Vec<Resampled> = sure
        .iter()
        .map(|case| Resampled {
            scenario: case.scenario.clone(),
            handler: case.handler.clone(),
            resamples: 0,
            flips: 0,
            wrong: 0,
            instead: None,
        })
        .collect();
    if sure.is_empty() {
        return Ok(resampled);
    }
    let groups = by_person(&told.calls, scenario.people.iter().any(|people| people.rotating));
    let mut random = Random::new(both(of_text(&scenario.id), 0xb007));
    for drawn in 0..AT_MOST {
        if drawn == FIRST && resampled.iter().all(|one| one.flips == 0) {
            break;
        }
        let drawn = Told { calls: draw(&groups, &mut random), facts: told.facts.clone() };
        let now = cases(scenario, &judge(scenario, &drawn, settings)?);
        for (one, before) in resampled.iter_mut().zip(&sure) {
            one.resamples += 1;
            let found = now.iter().find(|case| case.handler == before.handler);
            let said = found.and_then(|case| case.said);
            if said != before.said {
                one.flips += 1;
                one.instead.get_or_insert_with(|| instead(found));
            }
            one.wrong += usize::from(said.is_some_and(|said| is_wrong_move(&before.label, said)));
        }
    }
    Ok(resampled)
}

/// What is said of a case, in words.
fn instead(case: Option<&Case>) -> String {
    let word = case.and_then(|case| case.said).map_or("nothing", Verdict::as_str);
    format!("{word} ({})", case.map_or("not in the report", |case| case.reason.as_str()))
}

/// The Calls of each person; each Call that tells none is a group of its own. A person whose key changes with each answer is known
/// by the network: drawn by their keys, what people do in a row would be torn apart.
fn by_person(calls: &[Call], keys_rotate: bool) -> Vec<Vec<&Call>> {
    let mut groups: BTreeMap<u64, Vec<&Call>> = BTreeMap::new();
    let mut alone = Vec::new();
    for call in calls {
        match call.network.filter(|_| keys_rotate).or(call.client) {
            Some(ClientKey(key)) => groups.entry(key).or_default().push(call),
            None => alone.push(vec![call]),
        }
    }
    groups.into_values().chain(alone).collect()
}

/// As many groups as there are, with replacement; one that is drawn again is another client with other traces.
fn draw(groups: &[Vec<&Call>], random: &mut Random) -> Vec<Call> {
    let mut times: BTreeMap<usize, u64> = BTreeMap::new();
    let mut drawn = Vec::new();
    for _ in groups {
        let at = usize::try_from(random.below(groups.len() as u64)).unwrap_or(0);
        let copy = times.entry(at).or_default();
        *copy += 1;
        let group = groups.get(at).into_iter().flatten();
        drawn.extend(group.map(|call| copied(call, *copy)));
    }
    drawn.sort_by_key(|call| (call.start_ns, call.trace, call.span));
    count_anew(&mut drawn);
    drawn
}

/// The processes count their requests anew: otherwise those that were not drawn would look like traces that were not
/// recorded.
fn count_anew(calls: &mut [Call]) {
    let mut seen: BTreeMap<Option<InstanceKey>, u64> = BTreeMap::new();
    for call in calls {
        let count = seen.entry(call.instance).or_default();
        *count += 1;
        call.requests_seen = call.requests_seen.map(|_| *count);
    }
}

fn copied(call: &Call, copy: u64) -> Call {
    let mut call = call.clone();
    if copy > 1 {
        let other = |ClientKey(key)| ClientKey(both(key, copy));
        call.client = call.client.map(other);
        call.network = call.network.map(other);
        let mut trace = call.trace.0;
        trace.iter_mut().zip(copy.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        call.trace = TraceId(trace);
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::collect;
    use crate::sim::{Play, play};
    use crate::telemetry::{Encoded, Sent};

    #[test]
    fn who_is_drawn_twice_is_two_clients() -> anyhow::Result<()> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let scenarios = crate::scenario::load(&folder, "cases")?;
        let how = Play::default();
        let exchanges = play(&scenarios[0], how);
        let told = collect(Encoded::new(&scenarios[0], how, &exchanges).requests(&Sent::default()))?;
        let groups = by_person(&told.calls, false);
        let drawn = draw(&groups, &mut Random::new(3));
        let clients: std::collections::BTreeSet<_> =
            drawn.iter().filter_map(|call| call.client).map(|key| key.0).collect();
        let with_key = told.calls.iter().filter_map(|call| call.client).map(|key| key.0);
        let before: std::collections::BTreeSet<_> = with_key.collect();
        let known = clients.intersection(&before).count();
        // Of n drawn out of n some 63 % are different ones; the others are copies.
        assert!(
            known * 100 > before.len() * 55 && known * 100 < before.len() * 71,
            "{known} of {}",
            before.len()
        );
        assert!(clients.len() > known);
        let traces: std::collections::BTreeSet<_> =
            drawn.iter().map(|call| (call.trace, call.span)).collect();
        assert_eq!(traces.len(), drawn.len());
        Ok(())
    }
}
