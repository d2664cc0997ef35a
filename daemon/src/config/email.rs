//! Reports as e-mail: `[[reports.email]]`. How they are sent is the business of `publish::email`.

use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Recipients of one target at most.
const MOST_RECIPIENTS: usize = 50;

/// A mail server and who gets reports from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Email {
    /// What it is called in logs and metrics, which never show addresses.
    pub name: String,
    /// The mail server.
    pub server: String,
    /// Its port; without it 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is encrypted: `starttls`, `tls` from the first byte, or `none`, which is allowed on this machine only.
    #[serde(default)]
    pub tls: Encryption,
    /// A file with the certificate authority of the server (PEM), if the system's own do not know it.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Who signs in; nobody without it.
    #[serde(default)]
    pub username: Option<String>,
    /// A file with the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The sender, as in `Pointsman <pointsman@example.com>`.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// How long it may take to send a message, s.
    #[serde(default = "thirty")]
    pub timeout_s: u64,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encryption {
    /// After STARTTLS; without it nothing is sent.
    #[default]
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

fn thirty() -> u64 {
    30
}

impl Email {
    /// The port that is meant.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Encryption::Starttls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        })
    }

    /// Values that parse and make no sense, but for its name.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.server.is_empty() || self.server.contains(['/', '@', ' ']) {
            faults.push("server: write the name of the mail server, as in smtp.example.com".to_owned());
        }
        if self.tls == Encryption::None && !self.is_on_this_machine() {
            faults.push(
                "tls = \"none\": reports would cross the network unencrypted; write \"starttls\" or \"tls\""
                    .to_owned(),
            );
        }
        if self.username.is_some() != self.password_file.is_some() {
            faults.push("username and password_file: write both or neither".to_owned());
        }
        if self.username.is_some() && self.tls == Encryption::None {
            faults.push("username: a password is never sent unencrypted; set tls".to_owned());
        }
        if !is_mailbox(&self.from) {
            faults.push("from: write a sender, as in Pointsman <pointsman@example.com>".to_owned());
        }
        if self.to.is_empty() || self.to.len() > MOST_RECIPIENTS {
            faults.push(format!("to: write 1 to {MOST_RECIPIENTS} recipients"));
        }
        for (number, _) in (1..).zip(&self.to).filter(|(_, to)| !is_mailbox(to)) {
            faults.push(format!(
                "to: recipient {number} is not a valid address; write it as in team@example.com"
            ));
        }
        if self.timeout_s == 0 || self.timeout_s > 300 {
            faults.push(format!("timeout_s = {}: write how many seconds, 1 to 300", self.timeout_s));
        }
        faults
    }

    fn is_on_this_machine(&self) -> bool {
        self.server == "localhost" || self.server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn is_mailbox(text: &str) -> bool {
    text.parse::<lettre::message::Mailbox>().is_ok()
}

/// No debug output shows who gets reports.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Email {{ name: {:?}, recipients: {} }}", self.name, self.to.len())
    }
}
