//! Behaviours of the simulator, each on its own.
