//! What `sample` promises, case by case.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::*;
use crate::event::{ENGAGEMENT, NewEvent, PAGEVIEW};
use crate::sites::Site;
use crate::source::origin_of;

fn sample(zone: &str, days: u32) -> Sample {
    Sample::new(SampleConfig {
        seed: 7,
        first_day: date(2026, 10, 20),
        days,
        visitors_per_day: 300,
        zone: TimeZone::get(zone).unwrap(),
    })
}

/// The same sums by looking at every event; a visit ends with 30 minutes of nothing.
#[test]
fn the_truth_is_what_the_events_say() {
    for zone in ["UTC", "Europe/Berlin", "America/New_York"] {
        let sample = sample(zone, 9);
        for number in 0..9 {
            let mut visitors: BTreeMap<u64, Vec<SampleEvent>> = BTreeMap::new();
            let mut dropped = 0;
            for event in sample.day(number) {
                if event.dropped.is_some() {
                    dropped += 1;
                } else {
                    visitors.entry(event.visitor).or_default().push(event);
                }
            }
            let truth = sample.truth(number..number + 1);
            assert_eq!(dropped, truth.dropped);
            check_day(&truth.days[0], &visitors);
            check_visitors(&truth, &visitors);
        }
    }
}

fn check_day(truth: &DayTruth, visitors: &BTreeMap<u64, Vec<SampleEvent>>) {
    let mut found = DayTruth {
        visitors: 0,
        visits: 0,
        pageviews: 0,
        events: 0,
        bounces: 0,
        duration_ms: 0,
        ..*truth
    };
    for events in visitors.values() {
        found.visitors += 1;
        let far = |pair: &[SampleEvent]| pair[1].at_micros - pair[0].at_micros > 1_800_000_000;
        let cuts = (1..events.len()).filter(|at| far(&events[at - 1..=*at]));
        let edges: Vec<_> = std::iter::once(0).chain(cuts).chain([events.len()]).collect();
        for edge in edges.windows(2) {
            let visit = &events[edge[0]..edge[1]];
            let views = visit.iter().filter(|event| event.name == PAGEVIEW).count() as u64;
            let customs = |event: &&SampleEvent| event.name != PAGEVIEW && event.name != ENGAGEMENT;
            found.visits += 1;
            found.pageviews += views;
            found.events += views + visit.iter().filter(customs).count() as u64;
            let interacts = visit.iter().filter(customs).any(|event| event.interactive);
            found.bounces += u64::from(views < 2 && !interacts);
            let length = visit[visit.len() - 1].at_micros - visit[0].at_micros;
            found.duration_ms += length.unsigned_abs() / 1_000;
        }
    }
    assert_eq!(found, *truth);
}

fn check_visitors(truth: &Truth, visitors: &BTreeMap<u64, Vec<SampleEvent>>) {
    type Value = fn(&SampleEvent) -> Option<&'static str>;
    let values: [(&str, Value); 6] = [
        ("page", |event| Some(event.pathname)),
        ("country", |event| event.attributes().country),
        ("browser", |event| event.attributes().browser),
        ("source", |event| event.attributes().source),
        ("utm_campaign", |event| event.attributes().utm_campaign),
        ("channel", |event| event.attributes().channel),
    ];
    for (dimension, value) in values {
        let mut found: BTreeMap<Option<String>, u64> = BTreeMap::new();
        for events in visitors.values() {
            let distinct: BTreeSet<_> = events.iter().map(value).collect();
            for value in distinct {
                *found.entry(value.map(str::to_owned)).or_default() += 1;
            }
        }
        assert_eq!(found, truth.visitors[dimension], "{dimension}");
    }
}

#[test]
fn visitors_stay_within_one_day_here_and_in_utc() {
    for zone in ["UTC", "Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"] {
        let sample = sample(zone, 8);
        let zone = &sample.config().zone;
        let mut days: BTreeMap<u64, (i64, Date)> = BTreeMap::new();
        for event in sample.events().filter(|event| event.dropped.is_none()) {
            let day = event.at_micros.div_euclid(86_400_000_000);
            let here = (day, zone.to_datetime(event.at()).date());
            assert_eq!(*days.entry(event.visitor).or_insert(here), here, "{event:?}");
        }
    }
}

#[test]
fn events_come_in_order_and_as_many_as_announced() {
    let sample = sample("Europe/Berlin", 9);
    let events: Vec<_> = sample.events().collect();
    assert!(events.is_sorted_by_key(|event| event.at_micros));
    assert_eq!(events.len() as u64, sample.event_count());
}

#[test]
fn a_seed_gives_one_sample() {
    let first: Vec<_> = sample("UTC", 3).events().map(|event| format!("{event:?}")).collect();
    let again: Vec<_> = sample("UTC", 3).events().map(|event| format!("{event:?}")).collect();
    assert_eq!(first, again);
    let mut config = sample("UTC", 3).config().clone();
    config.seed += 1;
    let other: Vec<_> = Sample::new(config).events().map(|event| format!("{event:?}")).collect();
    assert_ne!(first, other);
}

#[test]
fn shares_are_whole() {
    let sum = |weights: &mut dyn Iterator<Item = u64>| weights.sum::<u64>();
    assert_eq!(sum(&mut catalogue::ORIGINS.iter().map(|origin| origin.weight)), 1_000);
    assert_eq!(sum(&mut catalogue::PLACES.iter().map(|place| place.weight)), 1_000);
    assert_eq!(sum(&mut catalogue::AGENTS.iter().map(|agent| agent.weight)), 1_000);
    assert_eq!(sum(&mut story::STORIES.iter().map(|story| story.weight)), 1_000);
    assert_eq!(sum(&mut story::NEWS_STORIES.iter().map(|story| story.weight)), 1_000);
    assert_eq!(sum(&mut catalogue::popularity(40).into_iter()), 1_000);
}

#[test]
fn origins_are_what_ingest_would_have_found() {
    let site = Site::new(SAMPLE_HOSTNAME, "UTC", &[]).unwrap();
    for origin in catalogue::ORIGINS.iter().copied().chain([&catalogue::NEWS]) {
        let tags = [
            ("utm_source", origin.utm_source),
            ("utm_medium", origin.utm_medium),
            ("utm_campaign", origin.utm_campaign),
        ];
        let query: Vec<_> =
            tags.iter().filter_map(|(name, tag)| Some(format!("{name}={}", (*tag)?))).collect();
        let body = serde_json::json!({
            "name": PAGEVIEW,
            "domain": SAMPLE_HOSTNAME,
            "url": format!("https://{SAMPLE_HOSTNAME}/?{}", query.join("&")),
        });
        let body = body.to_string();
        let event = NewEvent::from_json(body.as_bytes()).unwrap();
        let referrer = (!origin.url.is_empty()).then_some(origin.url);
        let found = origin_of(&event.page, referrer, &site);
        assert_eq!(found.source.as_deref(), origin.source, "{origin:?}");
        assert_eq!(found.channel, origin.channel, "{origin:?}");
        assert_eq!(found.referrer.as_deref(), origin.referrer, "{origin:?}");
        assert_eq!(found.utm_campaign.as_deref(), origin.utm_campaign, "{origin:?}");
    }
}
