//! What a handler can ask of a request, each with its place in the OpenAPI
//! document.

pub use json::Json;
pub use parts::{Headers, Path, UserAgent};
pub use query::Query;
pub use raw::RawRequest;

pub(super) use json::says_json;
use raw::collect;

use super::openapi::Operation;
use super::problem::{Problem, kind};

mod json;
mod parts;
mod query;
mod raw;

/// A part of a request that knows how to describe itself.
pub trait Described {
    /// Adds itself to the operation.
    fn describe(operation: &mut Operation<'_>);
}

/// What was wrong with a value that serde could not read, in our own words.
///
/// Serde's texts quote the input and whatever a type's own reader says, so only the beginning of the text is looked at
/// to tell the few cases apart.
fn unreadable(path: &str, text: &str) -> Problem {
    let problem = Problem::new(kind::BAD_REQUEST);
    let quoted = || text.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| {
        if path.is_empty() || path == "." { name.to_owned() } else { format!("{path}.{name}") }
    };
    if text.starts_with("missing field") {
        problem.input_field(&inside(quoted()), "is missing")
    } else if text.starts_with("unknown field") {
        let name = if path.rsplit('.').next() == Some(quoted()) {
            path.to_owned()
        } else {
            inside(quoted())
        };
        problem.input_field(&name, "is not a field here")
    } else if text.starts_with("duplicate field") {
        problem.input_field(&inside(quoted()), "is there twice")
    } else if text.starts_with("invalid type") {
        problem.input_field(path, "has the wrong type")
    } else {
        problem.input_field(path, "has a value that cannot be read")
    }
}
