//! Plays the scenarios and prints how well the advice agrees with their labels.

fn main() {}
