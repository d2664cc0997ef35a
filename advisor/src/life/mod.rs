//! The life of a recommendation: verdicts that stand, states of moves, what users and policies decide, and the proof
//! afterwards. How a Handler is judged is not decided here, and nothing is stored: a history comes in, a new one goes out,
//! and the time is an argument.
//!
//! `settle` puts a look together; `standing` is the rule against flapping, `course` what happens to one recommendation,
//! `changes` which of them are one piece of work, `applied` how a
//! move is told that has been made, `proof` what it has changed, `told` how reports tell all that.

mod applied;
mod changes;
mod course;
mod decide;
mod history;
mod policy;
mod proof;
mod rows;
mod settle;
mod standing;
mod told;
mod traffic;

pub use decide::{Decided, Decision, DecisionError, Subject, decide};
pub use history::{Candidate, History, Promise, Recommendation, Standing, State, Transition, Who};
pub use policy::{Cost, HandlerPolicy, Keep, Policies, Policy, PolicyInForce, ReadsIn, WritesIn};
pub use proof::{Compared, Measured, Outcome, Pairing, Proof};
pub use settle::{Settling, deployed, settle};
pub use standing::Occasion;
pub use told::{Life, Record, Step};
pub use traffic::Traffic;
