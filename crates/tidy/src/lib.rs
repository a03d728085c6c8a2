//! Reads the tree, so that the tests beside it can say what must hold of it.
//!
//! `cargo test -p tidy` is the reviewer who never tires: layers, licences, sizes, documentation, banned words. Each rule is one
//! file under `tests/it/`: the rule as a function over plain data, its test on the tree, and a test that it finds what is wrong.
//!
//! # Not here
//! What clippy, rustfmt or the compiler already say.

pub mod cargo;
pub mod tree;
