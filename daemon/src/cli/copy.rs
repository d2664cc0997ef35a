//! Options of `pointsman copy`.

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use pointsman_store::Location;

#[derive(Args, Debug)]
pub(crate) struct CopyOptions {
    /// The database to copy: a file, or postgres://USER@HOST/DATABASE.
    #[arg(long, value_name = "DATABASE", value_parser = OsStringValueParser::new().map(Location::from))]
    pub from: Location,
    /// Where to: the other kind of database, empty or with a copy that broke off.
    #[arg(long, value_name = "DATABASE", value_parser = OsStringValueParser::new().map(Location::from))]
    pub to: Location,
}
