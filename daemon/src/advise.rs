//! Loads and saves around the advisor: dirty hours to Rollups, Rollups to reports, reports to what is remembered. All
//! judgement is the advisor's.

mod decision;
mod evidence;
mod gather;
mod memory;
mod published;
mod runs;

use std::collections::BTreeSet;

use anyhow::Context;
use pointsman_advisor::evidence::HourPass;
use pointsman_advisor::explanation::Lookback;
use pointsman_advisor::life::{self, History, Occasion, Policies, Settling, Traffic};
use pointsman_advisor::{Coverage, Explanations, Proxied, Report, Settings, explanations, report_within};
use pointsman_store::{AdviceRun, AppFact, Call, Hour, Store};
use tokio::sync::{Mutex, mpsc};

use crate::cli::{USUAL_WINDOW, View};
use crate::config::Config;
use crate::render::safe::terminal;
pub(crate) use decision::{End, Refused, Said};
pub(crate) use evidence::Evidence;
use gather::{Gathered, Looks, end_of_look, environments, gather, hour_after};
use memory::{Memories, Memory};
pub(crate) use published::{note_changes, read};

/// How often a change is tried again that somebody else has overtaken.
const ATTEMPTS: u32 = 5;
/// Verdicts on Handlers that were not judged for so long are forgotten, ns: nothing of them is retained any more.
const FORGET_NS: u64 = 35 * 24 * Hour::NANOS;
/// Verdicts from less telemetry than that are provisional, hours.
const WHOLE_DAY: u32 = 24;

/// Looks take turns in a process: each holds the Rollups of a service in memory, and no hour is to be counted twice at the
/// same time.
static TURN: Mutex<()> = Mutex::const_new(());

/// What a look leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keeping {
    /// The regular runs that are missing, and, before there is any, the look itself.
    RunsAndFirstLook,
    /// The regular runs that are missing.
    Runs,
    /// Nothing.
    Nothing,
}

/// Judges what is in a store, and remembers what stands.
pub(crate) struct Advisor<'a> {
    store: &'a Store,
    config: &'a Config,
    policies: Policies,
}

/// What telemetry of a service arrives in one environment.
pub(crate) struct Checkup {
    pub(crate) service: String,
    pub(crate) environment: Option<String>,
    pub(crate) coverage: Vec<Coverage>,
    /// What keeps its clients from being told apart.
    pub(crate) proxied: Proxied,
    /// What is known about the app there.
    pub(crate) facts: Vec<AppFact>,
}

/// Everything that is to be shown of one service and environment.
pub(crate) struct Outlook {
    pub(crate) report: Report,
    pub(crate) evidence: Evidence,
    pub(crate) checkup: Checkup,
    /// For the numbers of one handler over another window.
    pub(crate) lookback: Lookback,
}

/// Brings the Rollups up to date with the Calls. `progress` is told the hours that are done and all that were dirty.
pub(crate) async fn roll_up_dirty_hours(
    store: &Store,
    settings: &Settings,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> anyhow::Result<()> {
    let hours = store.dirty_hours().await?;
    let all = hours.len() as u64;
    for (done, dirty) in (1..).zip(hours) {
        let from = dirty.hour.start_ns().saturating_sub(Hour::OVERLAP_NS);
        let to = dirty.hour.end_ns() + Hour::OVERLAP_NS;
        let mut pass = HourPass::new(dirty.hour, settings.of_pass());
        let (pieces, mut taken) = mpsc::channel::<Vec<Call>>(1);
        // Beside the reading, and off the threads that serve senders.
        let counting = tokio::task::spawn_blocking(move || {
            while let Some(calls) = taken.blocking_recv() {
                pass.add(&calls);
            }
            pass.finish()
        });
        store.calls_by_client(&dirty.service, from, to, pieces).await?;
        let rollups = counting.await?;
        store.replace_rollups(&dirty, &rollups).await?;
        progress(done, all);
    }
    Ok(())
}

impl<'a> Advisor<'a> {
    pub(crate) fn new(store: &'a Store, config: &'a Config) -> Self {
        Self { store, config, policies: Policies::new(config.policies.iter().cloned()) }
    }

    /// The reports that a view asks for, one per service and environment, as they stand.
    pub(crate) async fn reports(&self, view: &View, keeping: Keeping) -> anyhow::Result<Vec<Report>> {
        self.of_services(view, keeping, |_, _| ())
            .await
            .map(|both| both.into_iter().map(|(it, ())| it).collect())
    }

    /// The reports with all the evidence behind them, one pair per service and environment. Nothing is remembered of it.
    pub(crate) async fn evidence(&self, view: &View) -> anyhow::Result<Vec<(Report, Explanations)>> {
        let settings = &self.config.advice;
        let explain = |gathered: &Gathered, environment: Option<&str>| {
            explanations(&gathered.input(environment), settings)
        };
        self.of_services(view, Keeping::Nothing, explain).await
    }

    /// The same, and what telemetry arrives.
    pub(crate) async fn outlooks(&self, view: &View, keeping: Keeping) -> anyhow::Result<Vec<Outlook>> {
        let settings = &self.config.advice;
        let look = |gathered: &Gathered, environment: Option<&str>| {
            let input = gathered.input(environment);
            let evidence = Evidence::of(&input, settings);
            (evidence, gathered.checkup(environment), Lookback::of(&input, settings))
        };
        let made = self.of_services(view, keeping, look).await?;
        let outlooks = made.into_iter().map(|(report, (evidence, checkup, lookback))| {
            anyhow::Ok(Outlook { report, evidence: evidence?, checkup, lookback })
        });
        outlooks.collect()
    }

    /// What telemetry arrived in the window, per service and environment.
    pub(crate) async fn checkups(&self, view: &View) -> anyhow::Result<Vec<Checkup>> {
        let _turn = TURN.lock().await;
        self.roll_up().await?;
        let mut checkups = Vec::new();
        for service in self.services(view.service.as_deref()).await? {
            let to = hour_after(end_of_look(self.store, &service, view.until).await?);
            let nothing = Memories::default();
            let gathered = gather(self.store, &service, view.window, to, &nothing, Looks::Once).await?;
            let environments = environments(&gathered.handlers);
            checkups.extend(environments.iter().map(|one| gathered.checkup(one.as_deref())));
        }
        Ok(checkups)
    }

    /// The settled report of each service and environment, and what `make` makes of it beside.
    async fn of_services<T>(
        &self,
        view: &View,
        keeping: Keeping,
        make: impl Fn(&Gathered, Option<&str>) -> T,
    ) -> anyhow::Result<Vec<(Report, T)>> {
        let _turn = TURN.lock().await;
        self.roll_up().await?;
        // What was judged over another span of time says nothing about what stands.
        let keeping = if view.window == USUAL_WINDOW { keeping } else { Keeping::Nothing };
        let mut made = Vec::new();
        for service in self.services(view.service.as_deref()).await? {
            let moment_ns = end_of_look(self.store, &service, view.until).await?;
            let memories = self.caught_up(&service, moment_ns, keeping).await?;
            let to = hour_after(moment_ns);
            let gathered = gather(self.store, &service, view.window, to, &memories, Looks::Once).await?;
            for (environment, memory) in &memories.0 {
                let environment = environment.as_deref();
                let settled = self.look(&gathered, environment, memory, Occasion::View, moment_ns);
                made.push((settled.report, make(&gathered, environment)));
            }
        }
        Ok(made)
    }

    /// What is remembered of a service once everything is made that is missing at a moment.
    async fn caught_up(&self, service: &str, moment_ns: u64, keeping: Keeping) -> anyhow::Result<Memories> {
        let (mut overtaken, mut silent) = (0, BTreeSet::new());
        loop {
            let handlers = self.store.handlers(service).await?;
            let memories = Memories::load(self.store, service, environments(&handlers)).await?;
            let next = memories.0.iter().filter(|(environment, _)| !silent.contains(*environment));
            let next = next.filter_map(|(environment, memory)| {
                let run = self.next_run(memory, moment_ns, keeping)?;
                Some((environment.clone(), run))
            });
            let Some((environment, run)) = next.min_by_key(|(_, run)| run.at_ns) else {
                return Ok(memories);
            };
            match self.make_run(service, environment.as_deref(), &memories, run).await? {
                Made::Yes => {}
                Made::Silent => {
                    silent.insert(environment);
                }
                Made::Overtaken => {
                    overtaken += 1;
                    anyhow::ensure!(
                        overtaken < ATTEMPTS,
                        "another process keeps changing the advice on {service}; try again"
                    );
                }
            }
        }
    }

    /// The run that is missing first.
    fn next_run(&self, memory: &Memory, moment_ns: u64, keeping: Keeping) -> Option<Run> {
        if keeping == Keeping::Nothing {
            return None;
        }
        if keeping == Keeping::RunsAndFirstLook && memory.last_run_ns.is_none() {
            let to = hour_after(moment_ns);
            return Some(Run { occasion: Occasion::First, at_ns: moment_ns, to });
        }
        let run_hour = self.config.recommendations.run_at.0;
        let to = runs::missing(memory.last_run_ns, moment_ns, run_hour).first().copied()?;
        Some(Run { occasion: Occasion::Run, at_ns: to.start_ns(), to })
    }

    /// Makes a run and remembers it.
    async fn make_run(
        &self,
        service: &str,
        environment: Option<&str>,
        memories: &Memories,
        run: Run,
    ) -> anyhow::Result<Made> {
        let Some(memory) = memories.0.get(&environment.map(str::to_owned)) else { return Ok(Made::Silent) };
        let gathered = gather(self.store, service, USUAL_WINDOW, run.to, memories, Looks::AlsoBack).await?;
        let settled = self.look(&gathered, environment, memory, run.occasion, run.at_ns);
        if memory.last_run_ns.is_none() && settled.report.handlers.is_empty() {
            // The app had not been heard of yet.
            return Ok(Made::Silent);
        }
        let handlers = u64::try_from(settled.report.handlers.len()).unwrap_or(u64::MAX);
        let forget_before_ns = run.at_ns.saturating_sub(FORGET_NS);
        let done = AdviceRun { at_ns: run.at_ns, handlers, forget_before_ns };
        let of = (service, environment);
        let is_made = memory.replace(self.store, of, &settled.history, Some(done)).await?;
        Ok(if is_made { Made::Yes } else { Made::Overtaken })
    }

    /// Looks at one environment: judges it, and settles the judgement with what is remembered.
    fn look(
        &self,
        gathered: &Gathered,
        environment: Option<&str>,
        memory: &Memory,
        occasion: Occasion,
        now_ns: u64,
    ) -> Settled {
        let input = gathered.input(environment);
        let traffic = Traffic::of(&input, &self.config.advice);
        let is_whole = traffic.hours() >= WHOLE_DAY;
        let with = Settling {
            occasion: if occasion == Occasion::Run && !is_whole { Occasion::First } else { occasion },
            now_ns,
            pause_ns: self.config.recommendations.pause_ns(),
            facts: &gathered.facts,
            policies: &self.policies,
            handlers: &gathered.handlers,
            traffic: &traffic,
            measured: &gathered.measured,
        };
        let judged = report_within(&input, &self.config.advice, &self.policies);
        let (report, history) = life::settle(judged, memory.history.clone(), &with);
        Settled { report, history, traffic }
    }

    async fn roll_up(&self) -> anyhow::Result<()> {
        let rolled = roll_up_dirty_hours(self.store, &self.config.advice, &mut |_, _| {}).await;
        rolled.context("cannot bring the hourly numbers up to date")
    }

    /// The services to look at.
    async fn services(&self, wanted: Option<&str>) -> anyhow::Result<Vec<String>> {
        let known = self.store.services().await?;
        match wanted {
            None => Ok(known),
            Some(name) if known.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
            Some(name) if known.is_empty() => anyhow::bail!(
                "there is no service {name} in {}: it holds no calls yet",
                self.store.path().display()
            ),
            Some(name) => {
                let known: Vec<String> = known.iter().map(|name| terminal(name)).collect();
                anyhow::bail!("there is no service {name}; there are: {}", known.join(", "))
            }
        }
    }
}

/// A look that is to be remembered.
#[derive(Clone, Copy)]
struct Run {
    occasion: Occasion,
    at_ns: u64,
    /// The hour after all that it looks at.
    to: Hour,
}

/// What became of a run.
enum Made {
    Yes,
    /// Nothing was heard of the app before it.
    Silent,
    /// Somebody else has written meanwhile.
    Overtaken,
}

/// What a look at one environment gives.
struct Settled {
    report: Report,
    history: History,
    traffic: Traffic,
}
