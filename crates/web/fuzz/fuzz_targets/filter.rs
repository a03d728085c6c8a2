//! Reads arbitrary text as the filters of a report.
//!
//! What is read is bounded and names only dimensions there are; nothing of it can reach a statement but as a bound value, so
//! it is enough that reading ends and says yes or no.

#![no_main]

use libfuzzer_sys::fuzz_target;
use web::filter::{FILTERS_MAX, Filters, VALUE_BYTES_MAX, VALUES_MAX};

fuzz_target!(|text: &str| {
    let Ok(filters) = Filters::parse(text) else { return };
    assert!(filters.iter().count() <= FILTERS_MAX);
    for filter in filters.iter() {
        assert!(filter.values.len() <= VALUES_MAX);
        assert!(filter.values.iter().all(|value| (1..=VALUE_BYTES_MAX).contains(&value.len())));
    }
});
