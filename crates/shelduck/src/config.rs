//! The configuration: one table of options, read from one file and the
//! environment.
//!
//! Every option is one line of the table in [`options`]; from it come the typed sections, the environment variable
//! (`SHELDUCK_SECTION__KEY`, and `…_FILE` for the content of a file), the checks for unknown keys and the reference page.
//! A problem never stops the reading: all of them are listed at once.
//!
//! # Not here
//! - Whether a valid configuration is also a safe one: [`checks`].

pub(crate) mod checks;
mod load;
mod options;
mod sample;
mod setting;

pub(crate) use load::{Loaded, Place, Problem, load};
pub(crate) use options::{
    AuditOrigin, Config, ForwardedFamily, LimitsMode, LimitsScope, LogFormat, MfaAlgorithm,
    MfaRequired,
};
pub(crate) use sample::{reference, sample};
