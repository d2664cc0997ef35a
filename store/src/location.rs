//! Where a database is: what `--db` takes. A password that is in it is never shown.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How addresses of PostgreSQL begin, as its own programs take them.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL database, which may hold a password, and how it is connected to.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: String,
    connection: Box<Connection>,
}

/// How a PostgreSQL server is connected to, as far as the address does not say it.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// The password, in place of one in the address.
    pub password: Option<String>,
    /// What is asked of TLS; `None` leaves it to the address.
    pub tls: Option<Tls>,
    /// Certificate authorities (PEM) that may have signed the server's certificate, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Connections at most; at least 4 are made use of.
    pub connections: u32,
    /// After so long the server gives up on a statement.
    pub statement_timeout: Duration,
    /// The schema with the tables, unless the address says `?schema=`.
    pub schema: String,
}

/// What is asked of TLS on the way to a server, in the words of PostgreSQL's own programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// None.
    Disable,
    /// Where the server offers it.
    Prefer,
    /// Always; who the server is does not matter.
    Require,
    /// Always, with a certificate of an authority that is known.
    VerifyCa,
    /// Always, with such a certificate for this very host.
    VerifyFull,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            password: None,
            tls: None,
            ca_file: None,
            connections: 10,
            statement_timeout: Duration::from_secs(30),
            schema: "pointsman".to_owned(),
        }
    }
}

impl PostgresUrl {
    /// How it is connected to.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The schema with the tables.
    #[cfg(feature = "postgres")]
    pub(crate) fn schema(&self) -> String {
        let named = self.pairs().find_map(|(name, value)| (name == "schema").then_some(value));
        named.filter(|name| !name.is_empty()).unwrap_or(&self.connection.schema).to_owned()
    }

    /// The names of its parameters.
    #[cfg(feature = "postgres")]
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.pairs().map(|(name, _)| name)
    }

    /// The address as a driver takes it, which knows nothing of schemas.
    #[cfg(feature = "postgres")]
    pub(crate) fn without_schema(&self) -> String {
        let Some((address, _)) = self.url.split_once('?') else { return self.url.clone() };
        let rest = self.pairs().filter(|(name, _)| *name != "schema");
        let rest: Vec<String> = rest.map(|(name, value)| format!("{name}={value}")).collect();
        if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) }
    }

    #[cfg(feature = "postgres")]
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.url.split_once('?').map_or("", |(_, parameters)| parameters);
        let pairs = parameters.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }
}

impl Location {
    /// What is wrong with an address, as far as it shows without asking the server.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::File(_) => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => crate::postgres::fault(url),
            #[cfg(not(feature = "postgres"))]
            Self::Postgres(_) => {
                Some(format!("cannot use {self}: this program was built without PostgreSQL"))
            }
        }
    }

    /// The same, connected to in this way if it is a server.
    #[must_use]
    pub fn connected_by(self, connection: Connection) -> Self {
        match self {
            Self::Postgres(PostgresUrl { url, .. }) => {
                Self::Postgres(PostgresUrl { url, connection: Box::new(connection) })
            }
            file @ Self::File(_) => file,
        }
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// As users write it: what does not begin like an address is the name of a file.
impl From<OsString> for Location {
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some(url) if POSTGRES.iter().any(|scheme| url.starts_with(scheme)) => {
                Self::Postgres(PostgresUrl { url: url.to_owned(), connection: Box::default() })
            }
            _ => Self::File(text.into()),
        }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<&PostgresUrl> for Location {
    fn from(url: &PostgresUrl) -> Self {
        Self::Postgres(url.clone())
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Self {
        location.clone()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PostgresUrl {
    /// User, host and database. What stands behind a question mark may be a password too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path.contains('@') {
            // Somebody has not escaped what is in the password: where it ends cannot be told.
            return write!(f, "{scheme}://...");
        }
        let path = path.split(['?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            None => write!(f, "{scheme}://{authority}{path}"),
            Some((user, host)) => {
                write!(f, "{scheme}://{}@{host}{path}", user.split(':').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("tls", &self.tls)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Location {
        Location::from(OsString::from(text))
    }

    #[test]
    fn what_does_not_begin_like_an_address_is_a_file() {
        for name in ["pointsman.db", "/var/lib/pointsman.db", "postgres.db", "postgres:/x", "C:postgres"] {
            assert_eq!(of(name).file(), Some(Path::new(name)));
            assert_eq!(of(name).to_string(), name);
        }
        assert_eq!(of("postgresql://db.example/pointsman").file(), None);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_schema_is_told_apart_from_what_a_driver_takes() {
        for (written, schema, rest) in [
            ("postgres://db/pm", "pointsman", "postgres://db/pm"),
            ("postgres://db/pm?schema=shop", "shop", "postgres://db/pm"),
            (
                "postgres://db/pm?sslmode=require&schema=shop&port=1",
                "shop",
                "postgres://db/pm?sslmode=require&port=1",
            ),
        ] {
            let Location::Postgres(url) = of(written) else { panic!("{written}") };
            assert_eq!((url.schema().as_str(), url.without_schema().as_str()), (schema, rest));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for (written, shown) in [
            ("postgres://pm:secret@db:5432/pointsman", "postgres://pm@db:5432/pointsman"),
            ("postgres://pm:se@cr:et@db/pointsman?sslmode=require", "postgres://pm@db/pointsman"),
            ("postgres://pm:secret?x@db/pointsman", "postgres://..."),
            ("postgres://pm:secret/x@db/pointsman", "postgres://..."),
            ("postgres://pm:x@secret/x@db/pointsman", "postgres://..."),
            ("postgresql://pm@db/pointsman?password=secret", "postgresql://pm@db/pointsman"),
            ("postgresql://db/pointsman?user=pm&password=secret", "postgresql://db/pointsman"),
            ("postgresql:///pointsman", "postgresql:///pointsman"),
        ] {
            assert_eq!(of(written).to_string(), shown);
            let with = Connection { password: Some("secret".to_owned()), ..Connection::default() };
            assert!(!format!("{:?}", of(written).connected_by(with.clone())).contains("secret"));
            assert!(!format!("{with:?}").contains("secret"));
        }
    }
}
