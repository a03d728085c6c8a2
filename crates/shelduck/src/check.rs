//! `shelduck check`: every condition of safe operation, and the checklists of
//! the systems before us.

use anyhow::Result;
use api::{PostureItem, Source, Verdict};
use jiff::Timestamp;
use serde_json::json;

use crate::Refused;
use crate::config::{Loaded, checks};
use crate::output::{Format, note};

/// Looks at everything and prints it; refuses when the server would.
pub(crate) fn run(loaded: &Loaded, format: Format) -> Result<()> {
    let items = posture(loaded);
    let may_start = checks::may_start(&items);
    format.print(&json!({"may_start": may_start, "checks": items}), |_| for_people(&items))?;
    if may_start {
        Ok(())
    } else {
        Err(Refused("the server would refuse to start".to_owned()).into())
    }
}

/// Our own conditions, then both lists.
pub(crate) fn posture(loaded: &Loaded) -> Vec<PostureItem> {
    let mut items = checks::run(loaded, Timestamp::now());
    items.extend(checks::lists(loaded));
    items
}

/// Refuses a configuration that a check does not let pass; the warnings are said.
pub(crate) fn safe(loaded: &Loaded) -> Result<()> {
    let items = checks::run(loaded, Timestamp::now());
    let of = |verdict| items.iter().filter(move |item| item.verdict == verdict);
    for item in of(Verdict::Warn) {
        note(&format!("warning: {}", sentence(item)));
    }
    if checks::may_start(&items) {
        return Ok(());
    }
    let problems = refusals(&items);
    Err(Refused(format!(
        "the server does not start with this configuration:\n  {}",
        problems.join("\n  ")
    ))
    .into())
}

/// Why the server does not start, one sentence for each reason.
pub(crate) fn refusals(items: &[PostureItem]) -> Vec<String> {
    let failed = items.iter().filter(|item| item.verdict == Verdict::Fail);
    failed.map(|item| format!("{}: {}", item.id, sentence(item))).collect()
}

fn sentence(item: &PostureItem) -> String {
    match &item.remedy {
        Some(remedy) => format!("{}; {remedy}", item.detail),
        None => item.detail.clone(),
    }
}

/// One heading per list, one line per item, and under what does not pass what to do about it.
fn for_people(items: &[PostureItem]) -> String {
    let lists = [
        (Source::Startup, "What decides whether the server starts"),
        (Source::Duckling, "Duckling's checklist"),
        (Source::DracoMetric, "DRACO METRIC's checklist"),
    ];
    let mut text = String::new();
    for (source, heading) in lists {
        text.push_str(&format!("{heading}\n\n"));
        for item in items.iter().filter(|item| item.source == source) {
            text.push_str(&lines(item));
        }
        text.push('\n');
    }
    text + &summary(items)
}

fn lines(item: &PostureItem) -> String {
    let refuses = item.source == Source::Startup;
    let mark = match item.verdict {
        Verdict::Pass => "ok     ",
        Verdict::Warn => "WARNING",
        Verdict::Fail if refuses => "REFUSED",
        Verdict::Fail => "FAIL   ",
        Verdict::NotApplicable => "-      ",
    };
    let mut text = format!("{mark}  {}\n         {}\n", item.title, item.detail);
    if let Some(remedy) = &item.remedy {
        text.push_str(&format!("         -> {remedy}\n"));
    }
    text
}

fn summary(items: &[PostureItem]) -> String {
    let count = |verdict| items.iter().filter(|item| item.verdict == verdict).count();
    format!(
        "{} pass, {} warn, {} fail, {} do not apply here",
        count(Verdict::Pass),
        count(Verdict::Warn),
        count(Verdict::Fail),
        count(Verdict::NotApplicable)
    )
}
