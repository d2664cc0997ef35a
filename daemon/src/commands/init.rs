//! `pointsman init`: puts the npm package into an app of Next.js, shows each change before it is made, and takes all of it back
//! with `--undo`. How an app is looked at, edited and installed into is the business of the files below.

mod app;
pub(super) mod change;
mod install;
mod instrumentation;
mod managers;
mod next_config;
mod packages;
mod plan;
mod source;
mod syntax;
mod undo;
mod wait;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use pointsman_store::Location;

use app::App;
pub(crate) use managers::Manager;
use packages::Origin;
use plan::Plan;
use undo::Record;

use super::print;
use crate::cli::InitOptions;
use crate::clock;
use crate::config::Config;

/// Sets an app up, or takes that back.
pub(crate) async fn run(db: &Location, options: InitOptions, config: &Config) -> anyhow::Result<ExitCode> {
    let app = App::find(&options.app)?;
    if options.undo {
        return undo(&app);
    }
    let plan = Plan::make(&app, options.package_manager, &Origin::of(options.package.as_deref())?)?;
    let since_ns = clock::now_ns();
    if plan.is_done() {
        print(&format!("{} is set up already: nothing to do.\n", app.folder.display()))?;
    } else {
        print(&plan.shown(&app))?;
        if options.dry_run {
            return Ok(ExitCode::SUCCESS);
        }
        install::assert_tools(&app, plan.manager)?;
        install::carry_out(&app, &plan)?;
        print(&format!("\nDone. `{} init --undo` takes it back.\n", own_command()))?;
    }
    print(&next_steps(&app, &plan))?;
    match options.wait {
        Some(seconds) => wait::wait(db, config, Duration::from_secs(seconds), since_ns).await,
        None => Ok(ExitCode::SUCCESS),
    }
}

fn undo(app: &App) -> anyhow::Result<ExitCode> {
    let left = Record::read(app)?.take_back(app)?;
    for what in &left {
        eprintln!("pointsman: {what}");
    }
    print(&format!("What init had done in {} is taken back.\n", app.folder.display()))?;
    Ok(if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a person types to run this program again: who came by `npx` has no `pointsman` on the PATH. Package managers name themselves
/// to what they run.
fn own_command() -> &'static str {
    let agent = std::env::var("npm_config_user_agent").unwrap_or_default();
    match agent.split('/').next() {
        Some("npm") => "npx pointsman",
        Some("pnpm") => "pnpm dlx pointsman",
        Some("yarn") => "yarn dlx pointsman",
        Some("bun") => "bunx pointsman",
        _ => "pointsman",
    }
}

/// How to start, and what a person should know.
fn next_steps(app: &App, plan: &Plan) -> String {
    let manager = plan.manager;
    let start = if app.standalone() {
        let inside = app.folder.strip_prefix(&app.root).unwrap_or(Path::new(""));
        format!("node {}", Path::new(".next/standalone").join(inside).join("server.js").display())
    } else {
        manager.script("start")
    };
    let (pointsman, build) = (own_command(), manager.script("build"));
    let mut text = format!(
        "\nNext:\n  1. {pointsman} serve          # in another terminal\n  2. {build} && {start}\n  3. Use the app, then look at \
         http://127.0.0.1:4400/. If nothing is there: {pointsman} doctor\n"
    );
    for note in &plan.notes {
        text += &format!("- {note}\n");
    }
    text
}
