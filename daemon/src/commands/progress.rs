//! How far long work is, on standard error: a bar on a terminal, elsewhere a line now and then. Short work says nothing there.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// How often a line comes where there is no terminal, and when the first one does.
const EVERY: Duration = Duration::from_secs(5);

/// One stretch of work.
pub(crate) struct Progress {
    /// What is done, as in `reading`.
    what: String,
    /// What is counted, as in `pages`.
    unit: &'static str,
    look: Look,
}

enum Look {
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Begins one.
    pub(crate) fn new(what: impl Into<String>, unit: &'static str) -> Self {
        let look = if std::io::stderr().is_terminal() {
            Look::Bar(ProgressBar::new(0))
        } else {
            Look::Lines { last: Instant::now() }
        };
        let progress = Self { what: what.into(), unit, look };
        if let Look::Bar(bar) = &progress.look {
            let template = "{msg} {bar:30} {percent:>3} % of {human_len} {prefix}, {eta} left";
            // The template is our own; a bar without it is a bar still.
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            bar.set_message(progress.what.clone());
            bar.set_prefix(progress.unit);
        }
        progress
    }

    /// So much is done of so much.
    pub(crate) fn show(&mut self, done: u64, all: u64) {
        let (what, unit) = (&self.what, self.unit);
        match &mut self.look {
            Look::Bar(bar) => {
                bar.set_length(all);
                bar.set_position(done.min(all));
            }
            Look::Lines { last } if last.elapsed() >= EVERY => {
                *last = Instant::now();
                let percent = done.min(all) * 100 / all.max(1);
                eprintln!("pointsman: {what}: {percent} % of {} {unit}", HumanCount(all));
            }
            Look::Lines { .. } => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Look::Bar(bar) = &self.look {
            bar.finish_and_clear();
        }
    }
}
