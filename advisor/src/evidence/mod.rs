//! From Calls to Rollups: what is counted about each Call and about what one client did in a row.
//!
//! A pass (`pass`) takes the Calls of one hour with five minutes on each side, client by client, and returns one Rollup
//! per Handler. `call_facts` counts what one Call shows by itself, `sequences` what one client did in a row, `repeats`
//! what a cache could have answered. `rollup` and what it is made of merge, and know their bytes. Nothing is judged
//! here.

mod arguments;
mod base_rate;
mod call_facts;
mod clients;
mod dimension;
mod encoding;
mod exemplars;
mod fact;
mod hour;
mod interaction;
mod lifetime;
mod pass;
mod recorded;
mod repeats;
mod rhythm;
mod rollup;
mod sequences;
mod stratum;
mod tally;
mod timeline;

pub(crate) use base_rate::{BaseRate, PARTS};
pub use dimension::{Dimension, Measure};
pub use exemplars::Exemplars;
pub use fact::Fact;
pub use hour::{HourPass, roll_up};
pub use interaction::{Interaction, InteractionKind, Step};
pub use lifetime::Lifetime;
pub use pass::PassSettings;
pub use recorded::{Recorded, Stretch};
pub use rollup::{Rollup, RollupError};
pub use stratum::{Strata, Stratum, weight_of};
pub use tally::Tally;
