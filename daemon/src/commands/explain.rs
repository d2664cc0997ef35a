//! `pointsman explain`: everything measured about one handler.

use std::path::Path;
use std::process::ExitCode;

use pointsman_advisor::HandlerReport;

use super::{open_existing, print};
use crate::cli::ExplainOptions;
use crate::config::Config;
use crate::render::safe::terminal;
use crate::{advise, render};

/// Prints the evidence about the handler that the user named.
pub(crate) async fn run(db: &Path, options: ExplainOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let store = open_existing(db).await?;
    let reports = advise::reports(&store, &options.view, &config.advice).await;
    store.close().await;
    let reports = reports?;
    let handlers: Vec<&HandlerReport> = reports.iter().flat_map(|report| &report.handlers).collect();
    let handler = find(&handlers, &options.handler)?;
    print(&render::text::handler(handler, render::style()))?;
    Ok(ExitCode::SUCCESS)
}

/// By id, else by a part of its name that only it has; a name that is exactly its own wins.
fn find<'a>(handlers: &[&'a HandlerReport], wanted: &str) -> anyhow::Result<&'a HandlerReport> {
    let named = |exact: bool| -> Vec<&'a HandlerReport> {
        let fits = |name: &str| if exact { name == wanted } else { name.contains(wanted) };
        let all = handlers.iter().copied();
        all.filter(|h| {
            h.id == wanted
                || fits(&h.route)
                || h.action.as_deref().is_some_and(fits)
                || fits(&render::name(h))
        })
        .collect()
    };
    let found = [named(true), named(false)].into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found.as_slice() {
        [one] => Ok(one),
        [] => anyhow::bail!("no handler is called {wanted}; `pointsman report` lists them with their ids"),
        many => {
            let names: Vec<String> =
                many.iter().take(10).map(|h| format!("{} {}", h.id, terminal(&render::name(h)))).collect();
            anyhow::bail!("{wanted} fits several handlers; name one by its id:\n  {}", names.join("\n  "))
        }
    }
}
