//! The small language in which a scenario says what a visit does, a line a step:
//!
//! ```text
//! open /cart                 a document            go /cart      a navigation of the client router
//! think 8                    seconds, log-normal   pause 120     ms, nearly exactly
//! POST /api/cart             one call, awaited     addToCart     an action
//! GET /api/a & GET /api/b    side by side          getUsage x8   eight side by side, arguments differ
//! getUsage x8 in a row       one after the other   add twice     a double click
//! refresh                    router.refresh()      reload        the document anew
//! poll GET /api/s 5s x10     every 5 s, 10 times   type find 6   six keystrokes, each a call
//! type GET /api/find 6 abort the same, each aborting the one before
//! submit POST /api/login     a native form         submit save   an action's form without JavaScript
//! visit GET /api/callback    the browser navigates there       arrive GET /api/x   the same, from outside
//! fire POST /api/log         not awaited: what follows begins at the same moment
//! embed GET /api/image       as <img>              beacon POST /api/collect   as the page closes
//! download GET /api/export   a link with `download`
//! sw POST /api/sync          by the app's service worker       prefetch GET /api/x   a <Link> to a handler in view
//! GET /api/[...r] @a,b       operations of a route that stands for many
//! poll refresh 5s x20        a page that refreshes itself      offline-probe   the router looks for the network
//! speculate /b               a document fetched ahead by speculation rules
//! sign-in    sign-out        from here on with a session, or without
//! elsewhere /docs            a page of the same origin that this app does not answer
//! 30% refresh                any line, sometimes
//! ```

use serde::Deserialize;

/// One line: a step that is taken with some probability.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Line {
    /// How probable.
    pub chance: f64,
    /// What.
    pub step: Step,
}

/// What a visit does.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// Loads a document.
    Open(String),
    /// Navigates by the client router.
    Go(String),
    /// Waits about so many seconds.
    Think(f64),
    /// Waits nearly exactly so many ms.
    Pause(f64),
    /// Calls.
    Call(Vec<Target>, Manner),
    /// `router.refresh()`.
    Refresh,
    /// The same document anew.
    Reload,
    /// Calls every so many seconds, so often; the share of the interval by which it varies.
    Poll(Target, f64, u32, f64),
    /// So many keystrokes, each a call; whether each aborts the one before.
    Type(Target, u32, bool),
    /// A native form.
    Submit(Target),
    /// A navigation to a handler; whether from outside.
    Visit(Target, bool),
    /// Calls and does not wait for the answer.
    Fire(Target),
    /// A picture.
    Embed(Target),
    /// A beacon as the page is left.
    Beacon(Target),
    /// A call by the service worker.
    Worker(Target),
    /// A link to a handler comes into view.
    Prefetch(Target),
    /// A document fetched ahead.
    Speculate(String),
    /// The router asks for the page by HEAD.
    Probe,
    /// A session begins, or ends.
    Session(bool),
    /// A page of the same origin comes into view that another app answers.
    Elsewhere(String),
}

/// How several calls follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// All at once; actions wait for each other all the same.
    Together,
    /// Each waits for the one before.
    InARow,
    /// The second while the first is running, as a double click does.
    Twice,
}

/// What a step calls.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// `METHOD /route`.
    Route(String),
    /// An action's name.
    Action(String),
    /// `router.refresh()`, as far as it can be polled.
    Refresh,
}

impl Target {
    /// The name that it has in the scenario.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Route(name) | Self::Action(name) => name,
            Self::Refresh => "refresh",
        }
    }

    fn read(words: &[&str]) -> Result<Self, String> {
        match words {
            [method, path] if path.starts_with('/') => Ok(Self::Route(format!("{method} {path}"))),
            [method, path, operation] if path.starts_with('/') && operation.starts_with('@') => {
                Ok(Self::Route(format!("{method} {path} {operation}")))
            }
            ["refresh"] => Ok(Self::Refresh),
            [name] if !name.starts_with('/') => Ok(Self::Action((*name).to_owned())),
            _ => Err(format!("{:?} is neither `METHOD /route` nor an action's name", words.join(" "))),
        }
    }
}

impl TryFrom<String> for Line {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let percent = |word: &&str| word.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
        let (chance, words) = match words.split_first() {
            Some((first, rest)) if percent(first).is_some() => {
                (percent(first).unwrap_or(100.0) / 100.0, rest)
            }
            _ => (1.0, words.as_slice()),
        };
        Ok(Self { chance, step: step(words).map_err(|why| format!("step {text:?}: {why}"))? })
    }
}

fn step(words: &[&str]) -> Result<Step, String> {
    let number = |word: &str| word.parse::<f64>().map_err(|_| format!("{word:?} is no number"));
    let count = |word: &str| word.parse::<u32>().map_err(|_| format!("{word:?} is no whole number"));
    Ok(match words {
        ["open", path] => Step::Open((*path).to_owned()),
        ["go", path] => Step::Go((*path).to_owned()),
        ["think", seconds] => Step::Think(number(seconds)?),
        ["pause", ms] => Step::Pause(number(ms)?),
        ["refresh"] => Step::Refresh,
        ["reload"] => Step::Reload,
        ["poll", rest @ ..] => poll(rest)?,
        ["type", rest @ .., keys, "abort"] => Step::Type(Target::read(rest)?, count(keys)?, true),
        ["type", rest @ .., keys] => Step::Type(Target::read(rest)?, count(keys)?, false),
        ["submit", rest @ ..] => Step::Submit(Target::read(rest)?),
        ["visit" | "download", rest @ ..] => Step::Visit(Target::read(rest)?, false),
        ["arrive", rest @ ..] => Step::Visit(Target::read(rest)?, true),
        ["fire", rest @ ..] => Step::Fire(Target::read(rest)?),
        ["embed", rest @ ..] => Step::Embed(Target::read(rest)?),
        ["beacon", rest @ ..] => Step::Beacon(Target::read(rest)?),
        ["sw", rest @ ..] => Step::Worker(Target::read(rest)?),
        ["prefetch", rest @ ..] => Step::Prefetch(Target::read(rest)?),
        ["speculate", path] => Step::Speculate((*path).to_owned()),
        ["offline-probe"] => Step::Probe,
        ["sign-in"] => Step::Session(true),
        ["sign-out"] => Step::Session(false),
        ["elsewhere", path] => Step::Elsewhere((*path).to_owned()),
        ["stay" | "wait" | "fetch" | "call", ..] | [] => return Err("no such step".to_owned()),
        _ => calls(words)?,
    })
}

/// `X 5s x10`, `X 5s x10 jitter 0.5`.
fn poll(words: &[&str]) -> Result<Step, String> {
    let (words, jitter) = match words {
        [rest @ .., "jitter", jitter] => {
            (rest, jitter.parse().map_err(|_| format!("{jitter:?} is no share"))?)
        }
        _ => (words, 0.05),
    };
    let [target @ .., interval, times] = words else {
        return Err("say what, how often and how long".to_owned());
    };
    let interval = interval.strip_suffix('s').and_then(|seconds| seconds.parse().ok());
    let times = times.strip_prefix('x').and_then(|times| times.parse().ok());
    match (interval, times) {
        (Some(interval), Some(times)) => Ok(Step::Poll(Target::read(target)?, interval, times, jitter)),
        _ => Err("expected an interval like 5s and a number of times like x10".to_owned()),
    }
}

fn calls(words: &[&str]) -> Result<Step, String> {
    let (words, manner) = match words {
        [rest @ .., "in", "a", "row"] => (rest, Manner::InARow),
        [rest @ .., "twice"] => (rest, Manner::Twice),
        _ => (words, Manner::Together),
    };
    let mut targets = Vec::new();
    for part in words.split(|word| *word == "&") {
        let times = |word: &str| word.strip_prefix('x').and_then(|times| times.parse::<usize>().ok());
        let (part, times) = match part.split_last() {
            Some((last, rest)) if times(last).is_some() && !rest.is_empty() => {
                (rest, times(last).unwrap_or(1))
            }
            _ => (part, 1),
        };
        targets.extend(std::iter::repeat_n(Target::read(part)?, times));
    }
    if manner == Manner::Twice {
        targets = targets.iter().flat_map(|target| [target.clone(), target.clone()]).collect();
    }
    Ok(Step::Call(targets, manner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Line, String> {
        Line::try_from(text.to_owned())
    }

    #[test]
    fn lines_are_read() {
        let route = |name: &str| Target::Route(name.to_owned());
        let action = |name: &str| Target::Action(name.to_owned());
        for (text, chance, step) in [
            ("open /a", 1.0, Step::Open("/a".into())),
            ("30% refresh", 0.3, Step::Refresh),
            ("poll GET /api/s 5s x10", 1.0, Step::Poll(route("GET /api/s"), 5.0, 10, 0.05)),
            ("poll status 2.5s x3 jitter 0.5", 1.0, Step::Poll(action("status"), 2.5, 3, 0.5)),
            ("type find 6", 1.0, Step::Type(action("find"), 6, false)),
            ("type GET /api/f 6 abort", 1.0, Step::Type(route("GET /api/f"), 6, true)),
            ("use x2 in a row", 1.0, Step::Call(vec![action("use"), action("use")], Manner::InARow)),
            (
                "GET /api/a & b x2",
                1.0,
                Step::Call(vec![route("GET /api/a"), action("b"), action("b")], Manner::Together),
            ),
            ("fire track", 1.0, Step::Fire(action("track"))),
            ("elsewhere /docs", 1.0, Step::Elsewhere("/docs".into())),
            ("poll refresh 5s x2", 1.0, Step::Poll(Target::Refresh, 5.0, 2, 0.05)),
            (
                "GET /api/[trpc] @a,b & c",
                1.0,
                Step::Call(vec![route("GET /api/[trpc] @a,b"), action("c")], Manner::Together),
            ),
            ("save twice", 1.0, Step::Call(vec![action("save"), action("save")], Manner::Twice)),
        ] {
            assert_eq!(read(text), Ok(Line { chance, step }), "{text}");
        }
    }

    #[test]
    fn what_is_no_step_is_refused_with_its_text() {
        for text in ["", "stay 5", "poll x", "think long", "/cart", "GET api"] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(&format!("{text:?}")), "{refused}");
        }
    }
}
