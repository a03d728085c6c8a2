//! Reports against what is known: a planned sample, a naive recomputation, and tables without marks.

mod breakdown;
mod filters;
mod marks;
mod oracle;
mod ranges;
mod realtime;
mod status;
mod support;
mod timeseries;
mod truth;
