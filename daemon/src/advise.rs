//! Loads and saves around the advisor: dirty hours to Rollups, Rollups to reports, reports to what is remembered. All
//! judgement is the advisor's.

mod decision;
mod evidence;
mod gather;
mod left_out;
mod memory;
mod published;
mod roll_up;
mod runs;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use pointsman_advisor::explanation::Lookback;
use pointsman_advisor::life::{self, History, Occasion, Policies, Settling, Traffic};
use pointsman_advisor::source::attach_to_evidence;
use pointsman_advisor::{Coverage, Explanations, Proxied, Report, explanations, report_within};
use pointsman_store::{AdviceRun, AppFact, Hour, Store};
use tokio::sync::Mutex;
use tracing::{error, warn};

use crate::cli::{USUAL_WINDOW, View};
use crate::config::Config;
use crate::render::safe::terminal;
pub(crate) use decision::{End, Refused, Said};
pub(crate) use evidence::Evidence;
use gather::{Gathered, Looks, end_of_look, gather, hour_after};
pub(crate) use left_out::LeftOut;
use left_out::{MOST_APPS, MOST_HOURS};
use memory::{Memories, Memory};
pub(crate) use published::{note_changes, read};
pub(crate) use roll_up::roll_up_dirty_hours;
pub(crate) use sources::{read as read_source, read_configured as read_configured_source};

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
    /// Nothing, and nothing is counted: another process does that.
    Counted,
}

/// Judges what is in a store, and remembers what stands.
pub(crate) struct Advisor<'a> {
    store: &'a Store,
    config: &'a Config,
    policies: Policies,
    left_out: std::sync::Mutex<LeftOut>,
    /// How often the Rollups of a service were read.
    reads: AtomicU64,
}

/// Environments of services; `None` where none is declared.
type Environments = BTreeSet<Option<String>>;

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

impl<'a> Advisor<'a> {
    pub(crate) fn new(store: &'a Store, config: &'a Config) -> Self {
        let policies = Policies::new(config.policies.iter().cloned());
        Self { store, config, policies, left_out: std::sync::Mutex::default(), reads: AtomicU64::new(0) }
    }

    /// What was left out so far.
    pub(crate) fn left_out(&self) -> LeftOut {
        *self.left_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the Rollups of a service were read so far.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }

    fn leave_out(&self, more: LeftOut) {
        *self.left_out.lock().unwrap_or_else(PoisonError::into_inner) += more;
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
        let mut made = self.of_services(view, Keeping::Nothing, explain).await?;
        for (report, explanations) in &mut made {
            attach_to_evidence(explanations, report);
        }
        Ok(made)
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
        self.roll_up(Keeping::Nothing).await?;
        let mut checkups = Vec::new();
        for (service, environments) in self.apps(view.service.as_deref()).await? {
            let to = hour_after(end_of_look(self.store, &service, view.until).await?);
            let gathered =
                self.gather(&service, (view.window, to), &Memories::default(), Looks::Once).await?;
            checkups.extend(environments.iter().map(|one| gathered.checkup(one.as_deref())));
        }
        Ok(checkups)
    }

    /// The settled report of each service and environment, and what `make` makes of it beside. A service that fails costs itself,
    /// unless it is the one that was asked for, or all do.
    async fn of_services<T>(
        &self,
        view: &View,
        keeping: Keeping,
        make: impl Fn(&Gathered, Option<&str>) -> T,
    ) -> anyhow::Result<Vec<(Report, T)>> {
        let _turn = TURN.lock().await;
        self.roll_up(keeping).await?;
        // What was judged over another span of time says nothing about what stands.
        let keeping = if view.window == USUAL_WINDOW { keeping } else { Keeping::Nothing };
        let (mut made, mut failure) = (Vec::new(), None);
        let is_alone = self.store.services().await?.len() == 1;
        for (service, environments) in self.apps(view.service.as_deref()).await? {
            match self.of_service((&service, &environments, is_alone), view, keeping, &make).await {
                Ok(reports) => made.extend(reports),
                Err(fault) if view.service.is_some() => return Err(fault),
                Err(fault) => {
                    error!(service = terminal(&service), "the advisor failed on a service: {fault:#}");
                    self.leave_out(LeftOut { services_failed: 1, ..LeftOut::default() });
                    failure = Some(fault);
                }
            }
        }
        match failure {
            Some(fault) if made.is_empty() => Err(fault),
            _ => Ok(made),
        }
    }

    async fn of_service<T>(
        &self,
        (service, environments, is_alone): (&str, &Environments, bool),
        view: &View,
        keeping: Keeping,
        make: &impl Fn(&Gathered, Option<&str>) -> T,
    ) -> anyhow::Result<Vec<(Report, T)>> {
        let moment_ns = end_of_look(self.store, service, view.until).await?;
        let memories = self.caught_up(service, environments, moment_ns, keeping).await?;
        let over = (view.window, hour_after(moment_ns));
        let gathered = self.gather(service, over, &memories, Looks::Once).await?;
        let mut made = Vec::new();
        for (environment, memory) in &memories.0 {
            let environment = environment.as_deref();
            let settled = self.look(&gathered, environment, memory, Occasion::View, moment_ns);
            let mut report = settled.report;
            let from = (self.store, &self.config.source, is_alone);
            sources::attach_to(&mut report, &gathered.facts, from).await;
            made.push((report, make(&gathered, environment)));
        }
        Ok(made)
    }

    /// What is known of a service before an hour, over a window of hours.
    async fn gather(
        &self,
        service: &str,
        (window, to): (u32, Hour),
        memories: &Memories,
        looks: Looks,
    ) -> anyhow::Result<Gathered> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        gather(self.store, service, window, to, memories, looks).await
    }

    /// What is remembered of environments of a service once everything is made that is missing at a moment. Runs that are due at
    /// the same moment look at the same hours, which are read once for all of them.
    async fn caught_up(
        &self,
        service: &str,
        environments: &Environments,
        moment_ns: u64,
        keeping: Keeping,
    ) -> anyhow::Result<Memories> {
        let (mut overtaken, mut silent) = (0, BTreeSet::new());
        loop {
            let memories = Memories::load(self.store, service, environments).await?;
            let next = memories.0.iter().filter(|(environment, _)| !silent.contains(*environment));
            let next = next.filter_map(|(environment, memory)| {
                Some((self.next_run(memory, moment_ns, keeping)?, environment, memory))
            });
            let missing: Vec<_> = next.collect();
            let Some(run) = missing.iter().map(|(run, ..)| *run).min_by_key(|run| run.at_ns) else {
                return Ok(memories);
            };
            let gathered = self.gather(service, (USUAL_WINDOW, run.to), &memories, Looks::AlsoBack).await?;
            let mut all_made = true;
            for (_, environment, memory) in missing.iter().filter(|(due, ..)| *due == run) {
                match self.make_run(service, environment.as_deref(), (&gathered, memory), run).await? {
                    Made::Yes => {}
                    Made::Silent => {
                        silent.insert((*environment).clone());
                    }
                    Made::Overtaken => all_made = false,
                }
            }
            overtaken += u32::from(!all_made);
            anyhow::ensure!(
                overtaken < ATTEMPTS,
                "another process keeps changing the advice on {service}; try again"
            );
        }
    }

    /// The run that is missing first.
    fn next_run(&self, memory: &Memory, moment_ns: u64, keeping: Keeping) -> Option<Run> {
        if matches!(keeping, Keeping::Nothing | Keeping::Counted) {
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
        (gathered, memory): (&Gathered, &Memory),
        run: Run,
    ) -> anyhow::Result<Made> {
        let settled = self.look(gathered, environment, memory, run.occasion, run.at_ns);
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

    async fn roll_up(&self, keeping: Keeping) -> anyhow::Result<()> {
        if keeping == Keeping::Counted {
            return Ok(());
        }
        // The daemon comes again; a command answers once, for all there is.
        let most = (keeping == Keeping::Runs).then_some(MOST_HOURS);
        match roll_up_dirty_hours(self.store, &self.config.advice, most, &mut |_, _| {}).await {
            Ok(left_out) => self.leave_out(left_out),
            // What is only looked at is shown as it was counted last.
            Err(error) if keeping == Keeping::Nothing && roll_up::is_transient(&error) => {
                warn!("the newest calls are not counted: {error:#}");
            }
            Err(error) => return Err(error.context("cannot bring the hourly numbers up to date")),
        }
        Ok(())
    }

    /// The services to look at with their environments: those that were called last, in the order of their names.
    async fn apps(&self, wanted: Option<&str>) -> anyhow::Result<BTreeMap<String, Environments>> {
        let known = self.store.apps_called().await?;
        if let Some(name) = wanted.filter(|name| known.iter().all(|(service, ..)| service != name)) {
            anyhow::ensure!(
                !known.is_empty(),
                "there is no service {name} in {}: it holds no calls yet",
                self.store.location()
            );
            let known: BTreeSet<String> = known.iter().map(|(service, ..)| terminal(service)).collect();
            let known: Vec<String> = known.into_iter().take(MOST_APPS).collect();
            anyhow::bail!("there is no service {name}; there are: {}", known.join(", "));
        }
        let asked = known.into_iter().filter(|(service, ..)| wanted.is_none_or(|name| name == service));
        let mut apps = BTreeMap::<String, Environments>::new();
        for (at, (service, environment, _)) in asked.enumerate() {
            if at < MOST_APPS {
                apps.entry(service).or_default().insert(environment);
            } else {
                self.leave_out(LeftOut { apps: 1, ..LeftOut::default() });
            }
        }
        Ok(apps)
    }
}

/// A look that is to be remembered.
#[derive(Clone, Copy, PartialEq)]
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

#[cfg(test)]
#[path = "advise/growth_tests.rs"]
mod growth;
