//! The machine: its clock, and whom we run as.

use api::PostureItem;
use jiff::Timestamp;

use super::Subject;

const CLOCK: Subject = Subject::new("clock", "The clock is right");

/// A clock that runs behind would make expired things valid again.
pub(super) fn clock(now: Timestamp) -> PostureItem {
    match env!("SHELDUCK_BUILT_AT").parse::<i64>().map(Timestamp::from_second) {
        Ok(Ok(built)) if now < built => CLOCK.refused(
            format!("the clock says {now}, before this program was built ({built})"),
            "set the clock",
        ),
        _ => CLOCK.passed("it runs after the time this program was built"),
    }
}
