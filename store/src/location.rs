//! Where a database is: what `--db` takes. A password that is in it is never shown.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

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

/// The address of a PostgreSQL database, which may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl Location {
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
                Self::Postgres(PostgresUrl(url.to_owned()))
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
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", &self.0));
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
            assert!(!format!("{:?}", of(written)).contains("secret"));
        }
    }
}
