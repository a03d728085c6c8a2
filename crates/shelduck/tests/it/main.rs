//! The real binary, as its users and its enemies meet it.

mod crash;
mod disk;
mod privacy;
mod sites;
mod verbs;
