//! Which moves are one piece of work: those that have the same destination and the same main reason, and were seen in the same
//! Interactions.

use std::collections::BTreeMap;

use pointsman_store::Fingerprint;

use crate::gain::overlaps;
use crate::profile::Profile;
use crate::report::Verdict;

/// A move with the rule that gives its reason.
pub(crate) type Moving<'a> = (&'a Profile<'a>, Verdict, &'static str);

/// The moves, group by group. A Handler that moves by itself is a group of its own.
pub(crate) fn groups<'a>(moves: &[Moving<'a>]) -> Vec<Vec<Fingerprint>> {
    let mut alike: BTreeMap<(Verdict, &str), Vec<&'a Profile<'a>>> = BTreeMap::new();
    for (profile, verdict, rule) in moves {
        alike.entry((*verdict, rule)).or_default().push(profile);
    }
    let mut groups = Vec::new();
    for profiles in alike.into_values() {
        let together = overlaps(profiles.iter().copied());
        let alone = profiles.iter().filter(|one| !together.iter().any(|group| group.contains(&one.id)));
        groups.extend(alone.map(|one| vec![one.id]));
        groups.extend(together.into_iter().map(|group| group.into_iter().collect()));
    }
    groups
}
