//! What a server and its driver say, in the words of the store: by SQLSTATE.

use sqlx::postgres::PgDatabaseError;

use super::connect::distrust;
use crate::error::{StoreError, Trouble};
use crate::location::PostgresUrl;

/// The server takes no writes now: it is a standby, or has become one.
const READ_ONLY: &str = "25006";

/// What kind of trouble it is; `None` when it is not a server that said it.
pub(crate) fn trouble(source: &sqlx::Error) -> Option<Trouble> {
    let sqlx::Error::Database(error) = source else { return None };
    let code = error.try_downcast_ref::<PgDatabaseError>()?.code();
    if code == READ_ONLY || code.starts_with("57P") {
        distrust();
    }
    Some(of_code(code))
}

fn of_code(code: &str) -> Trouble {
    match code {
        // The disk is full.
        "53100" => Trouble::Full,
        // Too many connections, out of memory, a limit of the configuration; the disk fails; a lock that is not given; two that
        // wait for each other; cancelled, as after the statement timeout; a transaction that a pooler or a restart has cut.
        "53000" | "53200" | "53300" | "53400" | "58000" | "58030" | "55P03" | "40001" | "40P01" | "57014"
        | "25P02" | "25P03" | READ_ONLY => Trouble::Held,
        // The connection, a server that starts or ends, a pooler that has none.
        code if code.starts_with("08") || code.starts_with("57P") => Trouble::Held,
        _ => Trouble::Lasting,
    }
}

/// Why a database cannot be opened, with the remedy.
pub(super) fn refusal(url: &PostgresUrl, source: &sqlx::Error) -> StoreError {
    let code = match source {
        sqlx::Error::Database(error) => {
            error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code)
        }
        _ => None,
    };
    let reason = match source {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    };
    let remedy = match (code, source) {
        (Some("28P01" | "28000"), _) => {
            "check the user, and the password in the file that store.password_file names; pg_hba.conf says who may connect"
        }
        (Some("3D000"), _) => "create the database, or name another one with --db",
        (Some("42501"), _) => {
            "give the user the right to create a schema in the database, or create the schema for it"
        }
        (Some("53300"), _) => "raise max_connections of the server, or lower store.connections",
        (Some("53100"), _) => "make room on the disk of the server",
        (None, sqlx::Error::Io(_)) => "check that the server runs, and host and port of the address",
        (None, sqlx::Error::Tls(_)) => "check store.tls and store.ca_file, and what the server offers",
        _ => "see the log of the server",
    };
    let trouble = match (code, source) {
        (Some(code), _) => of_code(code),
        (None, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => Trouble::Held,
        _ => Trouble::Lasting,
    };
    StoreError::Server { location: url.into(), reason, remedy, trouble }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_lasts() {
        for code in ["08006", "57P01", "57P03", "53300", "53100", "25006", "40P01", "57014"] {
            assert_ne!(of_code(code), Trouble::Lasting, "{code}");
        }
        for code in ["42P01", "23505", "22021", "42501", "28P01"] {
            assert_eq!(of_code(code), Trouble::Lasting, "{code}");
        }
    }
}
