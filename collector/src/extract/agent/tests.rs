//! What user agents say, from real ones: those of the vendored list, and those of apps, libraries, senders and tools.

use super::*;

const EXAMPLES: &str = include_str!("../../../data/crawler-user-agents/examples.txt");

#[test]
fn every_example_of_the_list_is_known() {
    let mut others = Vec::new();
    let mut known = 0;
    for example in EXAMPLES.lines() {
        match parse(example).program {
            Program::Bot | Program::Driven => known += 1,
            program => others.push(format!("{program:?} {example}")),
        }
    }
    // What remains is read differently on purpose: senders of webhooks, apps, browsers with a person before them.
    assert!(known > 1_350, "{known} known, others:\n{}", others.join("\n"));
    assert!(others.len() < 60, "{} others:\n{}", others.len(), others.join("\n"));
}
