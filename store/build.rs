//! Lists the migrations of each backend for its `migrations.rs`. sqlx's own macro would do it too, but brings a second SQLite and a
//! second async runtime into the compiler: minutes of every build.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    list("sqlite", "migrations.rs")?;
    list("postgres", "postgres.rs")
}

fn list(backend: &str, to: &str) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../migrations").join(backend);
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();

    let mut list = String::from("[\n");
    for file in files {
        let name = file.file_stem().and_then(|name| name.to_str()).ok_or("a migration without a name")?;
        let (version, description) =
            name.split_once('_').ok_or_else(|| format!("{name}.sql is not NUMBER_DESCRIPTION.sql"))?;
        let version: i64 = version.parse().map_err(|_| format!("{name}.sql does not begin with a number"))?;
        let path = file.canonicalize()?;
        writeln!(list, "    ({version}, {:?}, include_str!({path:?})),", description.replace('_', " "))?;
    }
    list.push(']');
    Ok(std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join(to), list)?)
}
