//! The simulator: plays a scenario as requests of browsers and machines and gives what the server saw. Pure: the same seed,
//! the same requests.
//!
//! `visit` takes the steps of a script in a `tab`, which knows how browsers and the client router behave; `machines` are
//! everybody else; `rhythm` says when; the `server` answers, `action` as Next.js answers actions.

mod action;
mod ask;
pub mod exchange;
mod machines;
mod rhythm;
mod server;
mod tab;
mod visit;

#[cfg(test)]
mod tests;

pub use exchange::Exchange;

use crate::random::{Random, both, of_text};
use crate::scenario::Scenario;
use server::Server;
use tab::Tab;

/// How a scenario is played.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Play {
    /// Which of the many ways it could go.
    pub seed: u64,
    /// How much noise, in units of what is usual; above 1 there are also more errors and retries, and a second instance with
    /// another clock.
    pub noise: f64,
    /// How many times longer everything takes on the server.
    pub server_slow: f64,
    /// How many times longer it takes on the way.
    pub network_slow: f64,
}

impl Default for Play {
    fn default() -> Self {
        Self { seed: 1, noise: 1.0, server_slow: 1.0, network_slow: 1.0 }
    }
}

/// By how much clocks differ at least when there is more noise than usual, ms.
const NOISY_SKEW_MS: f64 = 40.0;

/// Everything that the server saw, by start time.
#[must_use]
pub fn play(scenario: &Scenario, how: Play) -> Vec<Exchange> {
    let noisy = how.noise > 1.0;
    let instances = if noisy { scenario.instances.max(2) } else { scenario.instances };
    let mut server = Server::new(scenario, how, instances);
    for (group, people) in (0_u64..).zip(&scenario.people) {
        let mut number = 0;
        for day in 0..scenario.days {
            for moment in rhythm::visits(day, people.visits, scenario.weekend, &mut server.random) {
                number += 1;
                let who = people.clients.map_or(number, |clients| server.random.below(clients));
                let client = both(of_text("people"), both(group, who)) | 1;
                let random = Random::new(server.random.bits());
                visit::play(&mut Tab::open(&mut server, people, moment, client, random));
            }
        }
    }
    machines::play(&mut server);
    if scenario.noise {
        machines::noise(&mut server, how.noise);
    }
    let mut exchanges = server.exchanges;
    exchanges.sort_by(|one, other| one.start_ms.total_cmp(&other.start_ms));
    exchanges
}

/// By how much the clock of an instance is wrong, ms: the first and the last differ by the scenario's skew.
#[must_use]
pub fn clock_error_ms(scenario: &Scenario, how: Play, instance: u32) -> f64 {
    let noisy = how.noise > 1.0;
    let instances = if noisy { scenario.instances.max(2) } else { scenario.instances };
    let skew = if noisy { scenario.skew_ms.max(NOISY_SKEW_MS) } else { scenario.skew_ms };
    f64::from(instance) * skew / f64::from(instances.saturating_sub(1).max(1))
}
