//! How a PostgreSQL server is connected to: the section `[store]` of the configuration. Which database it is says `--db`.

use std::path::PathBuf;
use std::time::Duration;

use pointsman_store::{Connection, Tls};
use serde::{Deserialize, Serialize};

use super::secrets;

/// Connections that are needed at least: some only write, one reads.
const FEWEST: u32 = 4;

/// The connection to a PostgreSQL server that `--db postgres://USER@HOST/DATABASE` names. An SQLite file needs none of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoreSettings {
    /// File with the user's password; the variable `PGPASSWORD` is used where there is none.
    pub password_file: Option<PathBuf>,
    /// TLS, in the words of PostgreSQL's `sslmode`: `disable`, `prefer`, `require`, `verify-ca` or `verify-full`; otherwise the
    /// address says it, and if it does not, `prefer` is used.
    pub tls: Option<TlsWord>,
    /// File with the certificate authorities (PEM) that may have signed the server's certificate, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Connections of this process at most, at least 4.
    pub connections: u32,
    /// After so long a statement that writes is given up, s; one that reads has ten times as long.
    pub statement_timeout_s: u64,
    /// Schema with the tables; created when absent.
    pub schema: String,
}

/// What is asked of TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsWord {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Default for StoreSettings {
    fn default() -> Self {
        let Connection { connections, statement_timeout, schema, .. } = Connection::default();
        Self {
            password_file: None,
            tls: None,
            ca_file: None,
            connections,
            statement_timeout_s: statement_timeout.as_secs(),
            schema,
        }
    }
}

impl StoreSettings {
    /// The same in the words of the store, with the password.
    pub(crate) fn connection(&self) -> anyhow::Result<Connection> {
        let password = self.password_file.as_deref();
        let password = password.map(|file| secrets::password(file, "store.password_file")).transpose()?;
        Ok(Connection {
            password,
            tls: self.tls.map(|word| match word {
                TlsWord::Disable => Tls::Disable,
                TlsWord::Prefer => Tls::Prefer,
                TlsWord::Require => Tls::Require,
                TlsWord::VerifyCa => Tls::VerifyCa,
                TlsWord::VerifyFull => Tls::VerifyFull,
            }),
            ca_file: self.ca_file.clone(),
            connections: self.connections,
            statement_timeout: Duration::from_secs(self.statement_timeout_s),
            schema: self.schema.clone(),
        })
    }

    /// Values that parse and make no sense.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.connections < FEWEST {
            faults.push(format!("store.connections = {}: write at least {FEWEST}", self.connections));
        }
        if self.statement_timeout_s == 0 || self.statement_timeout_s > 24 * 3_600 {
            let given = self.statement_timeout_s;
            faults.push(format!(
                "store.statement_timeout_s = {given}: write how many seconds, at least 1 and at most a day"
            ));
        }
        if self.schema.is_empty() || self.schema.len() > 63 {
            let given = &self.schema;
            faults.push(format!("store.schema = {given}: a name has 1 to 63 characters"));
        }
        if self.ca_file.is_some() && self.tls.is_some_and(|tls| tls == TlsWord::Disable) {
            faults.push("store.ca_file is set, and store.tls = disable: choose one of the two".to_owned());
        }
        faults
    }

    /// What is wrong with the files that are named.
    pub(super) fn faults_of_files(&self) -> Vec<String> {
        let mut faults: Vec<String> =
            self.connection().err().map(|error| format!("{error:#}")).into_iter().collect();
        if let Some(file) = &self.ca_file {
            let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
            let is_pem = |text: String| {
                let has = text.contains("-----BEGIN CERTIFICATE-----");
                if has { Ok(()) } else { Err("it holds no certificate in PEM".to_owned()) }
            };
            if let Err(fault) = read.and_then(is_pem) {
                faults.push(format!(
                    "the authorities {} that store.ca_file names cannot be used: {fault}",
                    file.display()
                ));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> StoreSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_remedy() {
        let faults = read(
            "connections = 3\nstatement_timeout_s = 0\nschema = \"\"\nca_file = \"ca.pem\"\ntls = \"disable\"",
        )
        .faults();
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert_eq!(read("tls = \"verify-full\"").faults(), Vec::<String>::new());
        assert!(toml::from_str::<StoreSettings>("tls = \"on\"").is_err());
    }

    #[test]
    fn files_that_cannot_be_used_are_told_and_the_password_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (password, ca) = (folder.path().join("password"), folder.path().join("ca.pem"));
        std::fs::write(&password, "hunter2-and-more\n").unwrap();
        std::fs::write(&ca, "no certificate").unwrap();
        let settings =
            StoreSettings { password_file: Some(password), ca_file: Some(ca), ..StoreSettings::default() };
        let faults = settings.faults_of_files();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("holds no certificate"), "{faults:?}");
        assert_eq!(settings.connection().unwrap().password.as_deref(), Some("hunter2-and-more"));
        assert!(!format!("{:?} {settings:?}", settings.connection().unwrap()).contains("hunter2"));
        let missing =
            StoreSettings { password_file: Some("no/such/file".into()), ..StoreSettings::default() };
        assert!(missing.faults_of_files()[0].contains("store.password_file"));
    }
}
