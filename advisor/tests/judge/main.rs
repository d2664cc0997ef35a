//! The judgement as a whole, on traffic that the tests make up: Calls in, verdicts out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's panic is its failure, in its helpers too")]

mod access;
mod actions;
mod agreement;
mod base_rate;
mod callers;
mod flips;
mod forms;
mod gains;
mod growth;
mod guards;
mod harmless;
mod house_rule;
mod improvements;
mod misread;
mod recorded_tests;
mod repeated;
mod rollups;
mod routes;
mod sampled;
mod skew;
mod slow;
mod standing;
mod traffic;
mod unmet;
mod unseen;
