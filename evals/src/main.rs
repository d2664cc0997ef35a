//! `make eval`: plays all scenarios and prints how well the advice agrees with their labels. Fails when a move is wrong or
//! fewer than 95 of 100 verdicts agree.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::path::PathBuf;
use std::process::ExitCode;

use pointsman_evals::run::{SETS, Wanted, evaluate};

fn main() -> anyhow::Result<ExitCode> {
    let mut wanted = Wanted { folder: PathBuf::from("evals/scenarios"), ..Wanted::default() };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => wanted.quick = true,
            "--explain" => wanted.explain = true,
            // One set or one scenario: `cases`, `cases/cart`.
            name if SETS.iter().any(|set| name.split('/').next() == Some(set)) => wanted.only.push(argument),
            other => anyhow::bail!(
                "{other:?} is neither --quick nor --explain nor a set ({}) nor a scenario of one",
                SETS.join(", ")
            ),
        }
    }
    let outcome = evaluate(&wanted)?;
    println!("{}", outcome.text);
    Ok(if outcome.passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
