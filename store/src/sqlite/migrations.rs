//! The history of the schema: every file of `migrations/sqlite`, compiled in. What a file does is said in itself.

use std::borrow::Cow;
use std::sync::LazyLock;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Version, description and SQL; `build.rs` makes the list.
const FILES: &[(i64, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

pub(super) static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |&(version, description, sql): &(i64, &'static str, &'static str)| {
        let description = Cow::Borrowed(description);
        Migration::new(version, description, MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
});

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of earlier releases hold the digests of what was run on them, and are refused when one differs.
    #[test]
    fn versions_and_digests_are_those_that_earlier_files_hold() {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        let numbered: Vec<i64> = (1..).take(versions.len()).collect();
        assert_eq!(versions, numbered);
        let first = MIGRATIONS.iter().next().unwrap();
        assert_eq!(first.description, "blocks");
        let digest: String = first.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            digest,
            "a7a1c0398d78ee91db8130c3e04c318f519b650cb8a2f2837e28b535400420d0bb7cea3e2fc1d17b5c9cf0e59231215b"
        );
    }
}
