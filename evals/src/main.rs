//! `make eval`: plays all scenarios and prints how well the advice agrees with their labels. Fails when a move is wrong, an
//! improvement dangerous, or fewer than 95 of 100 verdicts agree.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use pointsman_advisor::Settings;
use pointsman_evals::run::{SETS, Wanted, evaluate};

/// Robustness allocates and frees the telemetry of every scenario some sixty times.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut wanted = Wanted { folder: PathBuf::from("evals/scenarios"), ..Wanted::default() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => wanted.quick = true,
            "--explain" => wanted.explain = true,
            "--rule" => rule(&mut wanted.settings, &arguments.next().unwrap_or_default())?,
            // One set or one scenario: `cases`, `cases/cart`.
            name if SETS.iter().any(|set| name.split('/').next() == Some(set)) => wanted.only.push(argument),
            other => anyhow::bail!(
                "{other:?} is neither --quick, --explain nor --rule, nor a set ({}) nor a scenario of one",
                SETS.join(", ")
            ),
        }
    }
    wanted.progress = Some(|line| eprintln!("{line}"));
    let outcome = evaluate(&wanted)?;
    println!("{}", outcome.text);
    Ok(if outcome.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `ID.threshold=0.2`, `ID.weight=1`: a rule set otherwise than by default.
fn rule(settings: &mut Settings, text: &str) -> anyhow::Result<()> {
    let parts = text.split_once('=').and_then(|(name, value)| {
        let (id, knob) = name.split_once('.')?;
        Some((id, knob, value.parse::<f64>().ok()?))
    });
    let Some((id, knob, value)) = parts else {
        anyhow::bail!("--rule {text:?}: expected something like mutate-then-refresh.threshold=0.4")
    };
    let rule = settings.rules.entry(id.to_owned()).or_default();
    match knob {
        "threshold" => rule.threshold = Some(value),
        "weight" => rule.weight = Some(value),
        _ => anyhow::bail!("--rule {text:?}: a rule's knobs are threshold and weight"),
    }
    Ok(())
}
