//! What only a look at the machine tells about a configuration: whether the files that it names can be used. Nothing is
//! bound, sent or written for it.

use super::{Config, Faults, address, secrets};

/// Every fault of the files that the configuration names. What the configuration itself gets wrong was told by reading it.
pub(crate) fn check(config: &Config) -> Faults {
    let mut faults = Faults::new();
    faults.extend(config.otlp.receivers().err().map(|error| format!("{error:#}")));
    let pages = address(&config.serve.listen).ok().flatten();
    faults.extend(config.pages.keys(pages).err().map(|error| format!("{error:#}")));
    faults.extend(secrets::faults(config));
    faults.extend(config.store.faults_of_files());
    faults
}
