//! The verbs that manage: each is one request to the API.

mod emergency;
mod key;
mod site;
mod user;

pub(crate) use emergency::{panic, secret};
pub(crate) use key::run as key;
pub(crate) use site::run as site;
pub(crate) use user::run as user;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A value as one segment of a path.
fn segment(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC)
        .to_string()
        .replace("%2E", ".")
        .replace("%2D", "-")
        .replace("%5F", "_")
}
