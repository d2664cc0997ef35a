//! Which server it is, and whether it can be used: refused are one that is too old, a standby, and a schema that is not ours. Each
//! refusal is one line with the remedy, and never has the password in it.

use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::error::refusal;
use super::migrations;
use super::statement::scalar;
use crate::error::{StoreError, Trouble};
use crate::location::{PostgresUrl, Tls};

/// The oldest server that is supported: 15, as it tells its version.
const OLDEST: i32 = 150_000;

/// Parameters of an address that are understood, beside `schema`.
const PARAMETERS: [&str; 8] =
    ["sslmode", "sslrootcert", "host", "port", "user", "password", "dbname", "application_name"];

/// How long it may take to connect for the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections that are older than this, ms since [`BEGIN`], are closed and not used again: their server has refused to write.
static DISTRUSTED_MS: AtomicU64 = AtomicU64::new(0);
static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Says that connections of before now may lead to a server that is the primary no more.
pub(super) fn distrust() {
    let now = u64::try_from(BEGIN.elapsed().as_millis()).unwrap_or(u64::MAX);
    DISTRUSTED_MS.fetch_max(now, Ordering::Relaxed);
}

/// Whether a connection of this age may be used.
pub(super) fn is_trusted(age: Duration) -> bool {
    let made = BEGIN.elapsed().saturating_sub(age);
    made >= Duration::from_millis(DISTRUSTED_MS.load(Ordering::Relaxed))
        || DISTRUSTED_MS.load(Ordering::Relaxed) == 0
}

/// How to connect.
pub(super) fn options(url: &PostgresUrl) -> Result<PgConnectOptions, StoreError> {
    let unusable = |reason: String| StoreError::Server {
        location: url.into(),
        reason,
        remedy: "write postgres://USER@HOST:PORT/DATABASE",
        trouble: Trouble::Lasting,
    };
    let text = url.without_schema();
    for name in url.parameters() {
        if name != "schema" && !PARAMETERS.contains(&name) {
            return Err(unusable(format!("its address has the parameter {name}, which is not supported")));
        }
    }
    let mut options = PgConnectOptions::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    let connection = url.connection();
    if let Some(password) = &connection.password {
        options = options.password(password);
    }
    if let Some(tls) = connection.tls {
        options = options.ssl_mode(match tls {
            Tls::Disable => PgSslMode::Disable,
            Tls::Prefer => PgSslMode::Prefer,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyCa => PgSslMode::VerifyCa,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        });
    }
    if let Some(file) = &connection.ca_file {
        options = options.ssl_root_cert(file);
    }
    Ok(options
        .application_name("pointsman")
        // Poolers refuse settings at the start of a session that they do not know.
        .extra_float_digits(None)
        .statement_cache_capacity(0)
        .disable_statement_logging())
}

/// What is wrong with an address.
pub(crate) fn fault_of(url: &PostgresUrl) -> Option<String> {
    options(url).err().map(|error| error.to_string())
}

/// Connects once, looks whether the server can be used, and brings the schema up to date.
pub(super) async fn prepare(url: &PostgresUrl, options: &PgConnectOptions) -> Result<(), StoreError> {
    let refused = |error: sqlx::Error| refusal(url, &error);
    let connected = tokio::time::timeout(PATIENCE, PgConnection::connect_with(options)).await;
    let mut connection = match connected {
        Ok(connected) => connected.map_err(refused)?,
        Err(_) => return Err(refused(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
    };
    let mut tx = connection.begin().await.map_err(refused)?;
    let version: i32 = scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut *tx)
        .await
        .map_err(refused)?;
    let standby: bool = scalar("SELECT pg_is_in_recovery()").fetch_one(&mut *tx).await.map_err(refused)?;
    let read_only: bool = scalar("SELECT current_setting('transaction_read_only')::bool")
        .fetch_one(&mut *tx)
        .await
        .map_err(refused)?;
    let encoding: String =
        scalar("SELECT current_setting('server_encoding')").fetch_one(&mut *tx).await.map_err(refused)?;
    tx.rollback().await.map_err(refused)?;
    if let Some((reason, remedy)) = fault(version, standby, read_only, &encoding) {
        return Err(StoreError::Server { location: url.into(), reason, remedy, trouble: Trouble::Lasting });
    }
    migrations::run(&mut connection, url).await?;
    // What was wanted is done; a server that goes away now is met by the next statement.
    let _ = connection.close().await;
    Ok(())
}

/// Why a server cannot be used, and what to do.
fn fault(version: i32, standby: bool, read_only: bool, encoding: &str) -> Option<(String, &'static str)> {
    if version < OLDEST {
        let told = format!("its server has version {}, and 15 is the oldest that works", version / 10_000);
        return Some((told, "update the server, or name another one with --db"));
    }
    if standby {
        return Some((
            "its server is a standby, which takes no writes".to_owned(),
            "name the primary with --db, or promote this one",
        ));
    }
    if read_only {
        return Some((
            "it is read-only".to_owned(),
            "set default_transaction_read_only to off for this user and database",
        ));
    }
    (encoding != "UTF8").then(|| {
        (
            format!("its encoding is {encoding}"),
            "create a database with the encoding UTF8, and name that one with --db",
        )
    })
}

/// A name as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_cannot_be_used_is_told_with_the_remedy() {
        assert_eq!(fault(150_018, false, false, "UTF8"), None);
        for (version, standby, read_only, encoding, says) in [
            (140_011, false, false, "UTF8", "version 14"),
            (160_001, true, true, "UTF8", "standby"),
            (160_001, false, true, "UTF8", "read-only"),
            (160_001, false, false, "SQL_ASCII", "SQL_ASCII"),
        ] {
            let (reason, _) = fault(version, standby, read_only, encoding).unwrap();
            assert!(reason.contains(says), "{reason}");
        }
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(quoted("po\"int"), "\"po\"\"int\"");
    }
}
