//! What has been read of user agents, so that each is read once: there are few of them, and reading one costs more than the
//! rest of a request. It decides nothing.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::{Agent, parse};

/// How many are remembered; one more, and all are forgotten: whoever makes up names must not make this grow.
const MOST: usize = 1_024;

type Remembered = HashMap<Box<str>, Agent, RandomState>;

/// What a user agent says.
pub(in super::super) fn read(agent: &str) -> Agent {
    static REMEMBERED: LazyLock<Mutex<Remembered>> = LazyLock::new(Mutex::default);
    let known = |remembered: &Remembered| remembered.get(agent).cloned();
    if let Some(known) = known(&REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner)) {
        return known;
    }
    let read = parse(agent);
    if agent.len() <= super::LONGEST {
        let mut remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
        remember(&mut remembered, agent, read.clone());
    }
    read
}

fn remember(remembered: &mut Remembered, agent: &str, read: Agent) {
    if remembered.len() >= MOST {
        remembered.clear();
    }
    remembered.insert(agent.into(), read);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_do_not_make_it_grow() {
        let mut remembered = Remembered::default();
        for number in 0..3 * MOST {
            let agent = format!("made-up/{number}");
            remember(&mut remembered, &agent, parse(&agent));
            assert!(remembered.len() <= MOST);
            assert!(remembered.contains_key(&*agent));
        }
    }
}
