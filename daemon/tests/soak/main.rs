//! What takes long: the memory of the daemon under the largest load and after it, and a long time with all attacks mixed.
//! `make test-memory` and `make soak` run it with the binary that users run. How the attacks look is in `hostile/attacks.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a test says what it expects in the shortest way: a panic is its failure"
)]

mod attackers;
#[path = "../hostile/attacks.rs"]
#[allow(dead_code, reason = "the sizes are those of another test")]
mod attacks;
mod load;
mod mixed;
#[path = "../support/mod.rs"]
mod support;
