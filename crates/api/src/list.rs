//! Lists, as every resource answers with them.

use schemars::JsonSchema;
use serde::Serialize;

/// Some of the items, and where to go on.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What to send as `cursor` for more; null when these were the last.
    pub(crate) next_cursor: Option<String>,
}

impl<T> List<T> {
    /// All there are.
    pub(crate) fn whole(items: impl IntoIterator<Item = T>) -> Self {
        Self { items: items.into_iter().collect(), next_cursor: None }
    }
}
