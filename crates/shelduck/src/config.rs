//! The configuration: one table of options, read from one file and the
//! environment.
//!
//! Every option is one line of the table in [`options`]; from it come the typed sections, the environment variable
//! (`SHELDUCK_SECTION__KEY`, `…_FILE` for the content of a file, `…_COMMAND` for a secret that a command prints), the name of
//! a credential ([`mod@external`]), the checks for unknown keys and the reference page.
//! A problem never stops the reading: all of them are listed at once.
//!
//! # Not here
//! - Whether a valid configuration is also a safe one: [`checks`].

pub(crate) mod checks;
pub(crate) mod external;
mod load;
mod options;
mod printed;
mod sample;
mod setting;

pub(crate) use load::{Loaded, Place, Problem, load};
pub(crate) use options::{
    AuditOrigin, Config, ForwardedFamily, LimitsMode, LimitsScope, LogFormat, MfaAlgorithm,
    MfaRequired, Restrict, secrets,
};
pub(crate) use sample::{reference, sample};
