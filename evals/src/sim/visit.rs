//! A visit: the script of a scenario, played in a tab by one person.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::rhythm::SECOND;
use super::tab::{Seen, Tab};
use crate::random::{both, of_text};
use crate::scenario::{Line, Manner, Step, Target};

/// A visit while it goes on.
pub(crate) struct Visit<'v, 'w, 's> {
    tab: &'v mut Tab<'w, 's>,
    /// What runs beside: polls with the moment that the next one is due.
    beside: Vec<Poll<'s>>,
    /// The last call, which a refresh may follow.
    last: Option<Seen>,
    /// Which argument a target is called with: the same all through a visit.
    arguments: BTreeMap<Target, u64>,
}

struct Poll<'s> {
    target: &'s Target,
    interval_ms: f64,
    jitter: f64,
    left: u32,
    due_ms: f64,
}

/// Between keystrokes, ms.
const KEYSTROKE_MS: f64 = 170.0;

/// Plays all of a visit.
pub(crate) fn play(tab: &mut Tab<'_, '_>) {
    let people = tab.people;
    let mut visit = Visit { tab, beside: Vec::new(), last: None, arguments: BTreeMap::new() };
    let loops = std::iter::repeat_n(&people.again, people.times.try_into().unwrap_or(usize::MAX));
    for line in people.first.iter().chain(loops.flatten()) {
        visit.take(line);
        visit.begin_beside();
    }
    visit.finish_beside();
}

impl<'s> Visit<'_, '_, 's> {
    fn take(&mut self, line: &'s Line) {
        if line.chance < 1.0 && !self.tab.random.chance(line.chance) {
            return;
        }
        let last = self.last.take();
        match &line.step {
            Step::Open(page) => self.tab.load(&Rc::from(page.as_str())),
            Step::Go(page) => self.tab.navigate(&Rc::from(page.as_str())),
            Step::Think(seconds) => {
                let pause = self.tab.random.log_normal(seconds * SECOND, 0.5).max(600.0);
                self.wait_until(self.tab.now_ms + pause);
            }
            Step::Pause(ms) => {
                let pause = ms * (0.9 + 0.2 * self.tab.random.unit());
                self.wait_until(self.tab.now_ms + pause);
                self.last = last;
            }
            Step::Call(targets, manner) => self.call(targets, *manner),
            Step::Refresh => self.refresh(last.as_ref()),
            Step::Reload => self.reload(last.as_ref()),
            Step::Poll(target, interval, times, jitter) => self.poll(target, *interval, *times, *jitter),
            Step::Type(target, keys, aborts) => self.keys(target, *keys, *aborts),
            Step::Submit(target) => self.tab.submit(target),
            Step::Visit(target, outside) => {
                let argument = self.argument(target);
                self.tab.visit(target.name(), argument, *outside);
            }
            Step::Fire(target) => {
                let (argument, now_ms) = (self.argument(target), self.tab.now_ms);
                self.tab.call(now_ms, target, argument);
                self.tab.now_ms = now_ms;
            }
            Step::Embed(target) => {
                let argument = self.tab.random.bits();
                self.tab.embed(target.name(), argument);
            }
            Step::Beacon(target) => self.tab.beacon(target.name()),
            Step::Worker(target) => {
                let argument = self.argument(target);
                self.tab.by_worker(target.name(), argument);
            }
            Step::Prefetch(target) => self.tab.prefetch_handler(target.name()),
            Step::Speculate(page) => self.tab.speculate(page),
            Step::Probe => self.tab.probe(),
            Step::Elsewhere(path) => self.tab.page = Some(Rc::from(path.as_str())),
            Step::Session(begins) => {
                self.tab.sign(*begins);
                // A reload or refresh that follows still answers the call before.
                self.last = last;
            }
        }
    }

    fn argument(&mut self, target: &Target) -> u64 {
        if let Some(argument) = self.arguments.get(target) {
            return *argument;
        }
        let argument = self.tab.random.bits();
        self.arguments.insert(target.clone(), argument);
        argument
    }

    fn call(&mut self, targets: &'s [Target], manner: Manner) {
        let several = targets.windows(2).any(|pair| pair[0] == pair[1]) && manner != Manner::Twice;
        let mut at_ms = self.tab.now_ms;
        let mut done_ms = at_ms;
        for (number, target) in (0_u64..).zip(targets) {
            // Of several calls of one handler each has an argument of its own.
            let argument = self.argument(target).wrapping_add(if several { number } else { 0 });
            let seen = self.tab.call(at_ms, target, argument);
            at_ms = match manner {
                Manner::Together => at_ms + 0.5,
                Manner::InARow => seen.done_ms + 3.0,
                Manner::Twice => at_ms + self.tab.random.log_normal(160.0, 0.2),
            };
            done_ms = done_ms.max(seen.done_ms);
            self.last = Some(seen);
        }
        self.tab.now_ms = done_ms;
    }

    /// A refresh right after a call acts on its headers, and only when it went well.
    fn refresh(&mut self, last: Option<&Seen>) {
        match last {
            Some(last) if last.went_well() => {
                let waited = (self.tab.now_ms - last.done_ms).max(0.0);
                self.tab.refresh(last.headers_ms + 3.0 + waited);
            }
            Some(_) => {}
            None => self.tab.refresh(self.tab.now_ms),
        }
    }

    fn reload(&mut self, last: Option<&Seen>) {
        if last.is_none_or(Seen::went_well) {
            self.tab.now_ms += 20.0;
            self.tab.reload();
        }
    }

    fn poll(&mut self, target: &'s Target, interval: f64, times: u32, jitter: f64) {
        let argument = self.argument(target);
        for _ in 0..times {
            let pause = interval * SECOND * (1.0 + jitter * (2.0 * self.tab.random.unit() - 1.0));
            self.wait_until(self.tab.now_ms + pause);
            self.tab.now_ms = self.tab.call(self.tab.now_ms, target, argument).done_ms;
        }
    }

    fn keys(&mut self, target: &'s Target, keys: u32, aborts: bool) {
        let word = self.tab.random.bits();
        let mut at_ms = self.tab.now_ms;
        let mut before: Option<Seen> = None;
        let mut done_ms = at_ms;
        for key in 0..keys {
            if let Some(before) = before.filter(|before| aborts && before.done_ms > at_ms) {
                self.tab.give_up(&before, at_ms);
            }
            self.tab.keystroke = Some(key);
            let seen = self.tab.call(at_ms, target, both(word, key.into()));
            done_ms = done_ms.max(seen.done_ms);
            before = Some(seen);
            at_ms += self.tab.random.log_normal(KEYSTROKE_MS, 0.25);
        }
        self.tab.keystroke = None;
        self.tab.now_ms = done_ms;
    }

    /// Begins what runs beside, once there is a page.
    fn begin_beside(&mut self) {
        if !self.beside.is_empty() || self.tab.page.is_none() {
            return;
        }
        let people = self.tab.people;
        for line in &people.beside {
            if let Step::Poll(target, interval, times, jitter) = &line.step {
                let interval_ms = interval * SECOND;
                let due_ms = self.tab.now_ms + interval_ms * self.tab.random.unit();
                self.beside.push(Poll { target, interval_ms, jitter: *jitter, left: *times, due_ms });
            }
        }
    }

    fn wait_until(&mut self, until_ms: f64) {
        self.run_beside(until_ms);
        self.tab.now_ms = self.tab.now_ms.max(until_ms);
    }

    /// Lets the polls that are due until then happen, in their order.
    fn run_beside(&mut self, until_ms: f64) {
        loop {
            let due = self.beside.iter_mut().filter(|poll| poll.left > 0 && poll.due_ms < until_ms);
            let Some(poll) = due.min_by(|one, other| one.due_ms.total_cmp(&other.due_ms)) else { return };
            let argument = both(self.tab.client, of_text(poll.target.name()));
            let done_ms = self.tab.call(poll.due_ms, poll.target, argument).done_ms;
            poll.left -= 1;
            let varies = 1.0 + poll.jitter * (2.0 * self.tab.random.unit() - 1.0);
            poll.due_ms = done_ms + poll.interval_ms * varies;
        }
    }

    fn finish_beside(&mut self) {
        self.run_beside(f64::INFINITY);
    }
}
