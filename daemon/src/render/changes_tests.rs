//! How changes read.
