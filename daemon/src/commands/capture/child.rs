//! The command that `capture` runs: what it finds in its environment, signals, and how it ended.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, Signal as Sent, kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::render::safe;

/// How often apps are told to send their spans, ms: end-to-end tests stop the app soon after its last answer.
const SEND_EVERY: &str = "200";
/// Codes that shells give a command that cannot be started.
const NOT_FOUND: u8 = 127;
const NOT_EXECUTABLE: u8 = 126;
/// What shells add to the number of the signal that ended a command.
const BY_SIGNAL: i32 = 128;

/// A running command.
pub(super) struct Child {
    process: std::process::Child,
    signals: Signals,
}

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    code: u8,
    by_signal: Option<i32>,
    /// A second signal came: whoever waits is in a hurry.
    pub(super) hurried: bool,
}

/// A command that cannot be started.
pub(super) struct Cannot {
    pub(super) text: String,
    pub(super) code: u8,
}

impl Child {
    /// Starts it, with this receiver in its environment.
    pub(super) fn start(program: &OsStr, arguments: &[OsString], endpoint: &str) -> Result<Self, Cannot> {
        let name = safe::terminal(&program.to_string_lossy());
        let signals = Signals::expected()
            .map_err(|error| Cannot { text: format!("cannot wait for signals: {error}"), code: 1 })?;
        let mut command = Command::new(program);
        command.args(arguments).envs(settings(endpoint));
        for name in overridden() {
            command.env_remove(name);
        }
        if std::env::var_os("OTEL_BSP_SCHEDULE_DELAY").is_none() {
            command.env("OTEL_BSP_SCHEDULE_DELAY", SEND_EVERY);
        }
        let process = command.spawn().map_err(|error| Cannot {
            text: format!("cannot start {name}: {error}"),
            code: if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE },
        })?;
        Ok(Self { process, signals })
    }

    /// Waits for its end. Signals are passed on, except Ctrl-C on a terminal, which the command gets from there; the second one
    /// ends it at once.
    pub(super) async fn wait(&mut self, pulse: Duration) -> anyhow::Result<Ended> {
        let mut signals = 0;
        loop {
            if let Some(status) = self.process.try_wait().context("cannot wait for the command")? {
                return Ok(Ended::of(status, signals > 1));
            }
            let came = tokio::select! {
                came = self.signals.next() => came,
                () = tokio::time::sleep(pulse) => continue,
            };
            signals += 1;
            let from_terminal = came == Sent::INT && std::io::stdin().is_terminal();
            if signals > 1 {
                self.send(Sent::KILL);
            } else if !from_terminal {
                self.send(came);
            }
        }
    }

    /// Ends with the next signal.
    pub(super) async fn hurried(&mut self) {
        self.signals.next().await;
    }

    /// It has not been waited for yet, so that its number is still its own.
    fn send(&self, signal: Sent) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        // A command that has ended in this moment needs none.
        let _ = pid.map(|pid| kill_process(pid, signal));
    }
}

/// What sends its traces to the receiver. `POINTSMAN_OTLP_ENDPOINT` is the package's own variable and wins over the others there.
fn settings(endpoint: &str) -> [(&'static str, String); 5] {
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned()),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
        // What lies between two requests is seen only where every trace is recorded.
        ("OTEL_TRACES_SAMPLER", "always_on".to_owned()),
        ("POINTSMAN_OTLP_ENDPOINT", endpoint.to_owned()),
    ]
}

/// Variables of the caller that would send the traces elsewhere, or nowhere.
fn overridden() -> [&'static str; 7] {
    [
        "OTEL_SDK_DISABLED",
        "OTEL_TRACES_SAMPLER_ARG",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "POINTSMAN_OTLP_HEADERS",
    ]
}

impl Ended {
    fn of(status: ExitStatus, hurried: bool) -> Self {
        let by_signal = status.signal();
        let code = status.code().or(by_signal.map(|number| BY_SIGNAL + number)).unwrap_or(1);
        Self { code: u8::try_from(code).unwrap_or(1), by_signal, hurried }
    }

    #[cfg(test)]
    pub(super) fn of_code(code: u8) -> Self {
        Self { code, by_signal: None, hurried: false }
    }

    pub(super) fn is_success(&self) -> bool {
        self.code == 0
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    /// What is worth saying of it: exit codes speak for themselves.
    pub(super) fn said(&self) -> Option<String> {
        self.by_signal.map(|number| format!("the command was ended by signal {number}"))
    }
}

/// The signals that ask for the end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn expected() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Sent {
        tokio::select! {
            _ = self.interrupt.recv() => Sent::INT,
            _ = self.terminate.recv() => Sent::TERM,
            _ = self.hangup.recv() => Sent::HUP,
        }
    }
}
