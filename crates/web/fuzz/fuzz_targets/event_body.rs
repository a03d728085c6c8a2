//! Any bytes as the body of an event, and as the query of a pixel.
//!
//! Whatever they are: no panic, and what is accepted keeps the bounds the tables rely on.

#![no_main]

use libfuzzer_sys::fuzz_target;
use web::event::{NewEvent, NAME_CHARS_MAX, SITES_MAX, WIDTH_MAX};
use web::sites::Site;
use web::source::origin_of;

fuzz_target!(|data: &[u8]| {
    if let Ok(event) = NewEvent::from_json(data) {
        check(&event);
    }
    if let Ok(query) = str::from_utf8(data)
        && let Ok(event) = NewEvent::from_query(query)
    {
        check(&event);
    }
});

fn check(event: &NewEvent<'_>) {
    assert!((1..=SITES_MAX).contains(&event.sites.len()));
    assert!((1..=NAME_CHARS_MAX).contains(&event.name.chars().count()));
    assert!(!event.name.chars().any(char::is_control));
    assert!(!event.page.hostname().is_empty() && !event.page.pathname().is_empty());
    assert!(event.width.is_none_or(|width| width <= WIDTH_MAX));
    assert!(event.scroll_depth.is_none_or(|depth| depth <= 100));
    assert!(event.revenue.is_none_or(|revenue| revenue.thousandths.abs() < 10_i64.pow(18)));
    for site in &event.sites {
        let site = Site::new(site, "UTC", &[]).expect("a normalised name is a name");
        let origin = origin_of(&event.page, event.referrer.as_deref(), &site);
        let texts = [&origin.source, &origin.utm_source, &origin.utm_medium, &origin.utm_campaign];
        assert!(texts.iter().all(|text| text.as_ref().is_none_or(|text| !text.is_empty())));
        site.allows(event.referrer.as_deref(), &event.page);
    }
}
