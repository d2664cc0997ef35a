//! The judgement as a whole, on traffic that the tests make up: Calls in, verdicts out.

mod actions;
mod improvements;
mod rollups;
mod routes;
mod traffic;
