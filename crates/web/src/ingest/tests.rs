//! What `ingest` promises, case by case.

use std::path::Path;

use journal::{Config, Offset};
use serde_json::json;

use super::*;
use crate::event::{Field, FieldError, Rule};

const NOW: i64 = 20_000 * 86_400_000_000 + 12 * 3_600_000_000;
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

fn browser() -> RequestFacts<'static> {
    RequestFacts {
        at_micros: NOW,
        address: ClientAddress::new("193.0.6.139".parse().unwrap()),
        origin: Some("https://a.example"),
        user_agent: Some(CHROME),
        accept_language: Some("nl-NL,nl;q=0.9"),
        client_hint_brands: None,
        client_hint_platform: None,
        client_hint_mobile: None,
        fetch_mode: Some("cors"),
    }
}

fn open(dir: &Path, bots: BotFilter) -> (Ingest, Journal) {
    open_with(dir, bots, Config::new(dir.join("journal")))
}

fn open_with(dir: &Path, bots: BotFilter, journal: Config) -> (Ingest, Journal) {
    let (journal, _) = Journal::open(journal).unwrap();
    let sites =
        SiteDirectory::new(Site::new("a.example", "UTC", &[]).into_iter().chain(Site::new(
            "all.example",
            "UTC",
            &["a.example"],
        )));
    let secret = VisitorSecret::new(vec![3; 32]).unwrap();
    let config = IngestConfig { bots, ..IngestConfig::for_test(dir) };
    (Ingest::open(&config, secret, sites, journal.clone(), NOW).unwrap(), journal)
}

fn records(journal: &Journal) -> Vec<Vec<u8>> {
    journal.read(Offset(0), 1 << 20).unwrap().into_iter().map(|entry| entry.bytes).collect()
}

fn events(record: &[u8]) -> Vec<EventRecord<'_>> {
    let Record::Events(events) = Record::decode(record).unwrap();
    events
}

#[tokio::test]
async fn an_accepted_event_is_in_the_journal_with_all_that_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let body = json!({
        "n": "Purchase", "u": "https://www.a.example/thanks?utm_source=news&utm_medium=email", "d": "a.example",
        "r": "https://mail.google.com/", "p": {"plan": "pro"}, "$": {"amount": "12.5", "currency": "eur"}, "w": 1280
    });
    let outcome = ingest.accept(body.to_string().as_bytes(), &browser()).await.unwrap();
    assert_eq!(outcome, Outcome::Accepted);
    let records = records(&journal);
    let [event] = events(&records[0]).try_into().unwrap();
    assert_eq!((event.at_micros, event.site, event.name), (NOW, "a.example", "Purchase"));
    assert_eq!((event.hostname, event.pathname), ("a.example", "/thanks"));
    assert_eq!(event.props, Some(r#"{"plan":"pro"}"#));
    assert_eq!(event.revenue.unwrap().currency.as_str(), "EUR");
    assert_eq!(event.dropped, None);
    let expected = Attributes {
        referrer: Some("mail.google.com"),
        source: Some("news"),
        channel: Some("Email"),
        utm_source: Some("news"),
        utm_medium: Some("email"),
        country: Some("NL"),
        browser: Some("Chrome"),
        browser_version: Some("131.0"),
        os: Some("Windows"),
        os_version: Some("10"),
        device: Some("Desktop"),
        screen: Some("992-1439"),
        language: Some("nl"),
        ..Attributes::default()
    };
    assert_eq!(event.attributes, expected);
}

#[tokio::test]
async fn the_address_and_the_user_agent_are_not_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let mut request = browser();
    request.address = ClientAddress::new("203.0.113.77".parse().unwrap());
    ingest.accept(br#"{"n":"pageview","u":"https://a.example/"}"#, &request).await.unwrap();
    journal.close();
    let needles: [&[u8]; 4] =
        [b"203.0.113.77", &[203, 0, 113, 77], &[77, 113, 0, 203], b"AppleWebKit"];
    let mut files = vec![dir.path().to_owned()];
    let mut read = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        read += bytes.len();
        for needle in needles {
            let is_there = bytes.windows(needle.len()).any(|window| window == needle);
            assert!(!is_there, "{needle:?} in {}", path.display());
        }
    }
    assert!(read > 100);
}

#[tokio::test]
async fn one_request_for_several_sites_is_one_record() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let body = br#"{"n":"pageview","u":"https://a.example/","d":"a.example, all.example"}"#;
    ingest.accept(body, &browser()).await.unwrap();
    let records = records(&journal);
    assert_eq!(records.len(), 1);
    let [one, all] = events(&records[0]).try_into().unwrap();
    assert_eq!((one.site, all.site), ("a.example", "all.example"));
    assert_ne!(
        one.visitor.today, all.visitor.today,
        "numbers of two sites say nothing of each other"
    );
}

#[tokio::test]
async fn robots_are_journaled_with_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let body = br#"{"n":"pageview","u":"https://a.example/","d":"a.example"}"#;
    let reason = |outcome| match outcome {
        Outcome::Dropped(reason) => reason.into_owned(),
        Outcome::Accepted => String::new(),
    };
    let cases = [
        (RequestFacts { user_agent: Some("Googlebot/2.1"), ..browser() }, "crawler:Googlebot"),
        (RequestFacts { user_agent: None, ..browser() }, "empty_user_agent"),
        (RequestFacts { accept_language: None, ..browser() }, "no_accept_language"),
    ];
    for (request, expected) in cases {
        let outcome = ingest.accept(body, &request).await.unwrap();
        assert_eq!(reason(outcome), expected);
        let records = records(&journal);
        assert_eq!(events(records.last().unwrap())[0].dropped, Some(expected));
    }
    let other = tempfile::tempdir().unwrap();
    let (lenient, _journal) = open(other.path(), BotFilter::Off);
    let (googlebot, _) = cases[0];
    assert_eq!(lenient.accept(body, &googlebot).await.unwrap(), Outcome::Accepted);
}

#[tokio::test]
async fn a_refused_event_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let foreign = RequestFacts { origin: Some("https://a.example.evil.com"), ..browser() };
    let nowhere = RequestFacts { origin: None, ..browser() };
    let refused = async |body: &str, request: &RequestFacts<'_>| {
        ingest.accept(body.as_bytes(), request).await.unwrap_err()
    };
    let unknown = r#"{"n":"pageview","u":"https://a.example/","d":"b.example"}"#;
    assert!(matches!(refused(unknown, &browser()).await, Refusal::UnknownSite));
    let half_known = r#"{"n":"pageview","u":"https://a.example/","d":"a.example,b.example"}"#;
    assert!(matches!(refused(half_known, &browser()).await, Refusal::UnknownSite));
    let own = r#"{"n":"pageview","u":"https://a.example/","d":"a.example"}"#;
    assert!(matches!(refused(own, &foreign).await, Refusal::ForeignOrigin));
    let elsewhere = r#"{"n":"pageview","u":"https://b.example/","d":"a.example"}"#;
    assert!(matches!(refused(elsewhere, &nowhere).await, Refusal::ForeignOrigin));
    assert!(matches!(refused("{", &browser()).await, Refusal::Body(BodyError::NotAnObject)));
    let missing = FieldError { field: Field::Url, rule: Rule::Missing };
    assert!(matches!(
        refused(r#"{"n":"x"}"#, &browser()).await,
        Refusal::Body(BodyError::Fields(errors)) if errors == [missing]
    ));
    assert_eq!(records(&journal), Vec::<Vec<u8>>::new());
    assert_eq!(ingest.accept(own.as_bytes(), &nowhere).await.unwrap(), Outcome::Accepted);
}

#[tokio::test]
async fn a_pixel_counts_too() {
    let dir = tempfile::tempdir().unwrap();
    let (ingest, journal) = open(dir.path(), BotFilter::On);
    let request = RequestFacts { origin: None, fetch_mode: Some("no-cors"), ..browser() };
    let query = "d=a.example&u=https%3A%2F%2Fa.example%2Fmail";
    assert_eq!(ingest.accept_pixel(query, &request).await.unwrap(), Outcome::Accepted);
    assert_eq!(events(&records(&journal)[0])[0].pathname, "/mail");
}

#[tokio::test]
async fn what_the_journal_refuses_is_told_apart() {
    let body = |value: usize| {
        let props: serde_json::Map<_, _> =
            (0..30).map(|n| (format!("k{n}"), json!("v".repeat(value)))).collect();
        json!({"n": "pageview", "u": "https://a.example/", "d": "a.example,all.example", "p": props}).to_string()
    };
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::new(dir.path().join("journal"));
    (config.record_bytes_max, config.queue_bytes_max) = (10_000, 10_100);
    let (ingest, journal) = open_with(dir.path(), BotFilter::On, config);
    let (large, fits) = (body(2_000), body(20));
    let refused = ingest.accept(large.as_bytes(), &browser()).await;
    assert!(matches!(refused, Err(Refusal::TooLarge)));
    // More at once than may wait: some are refused, the others are on disk.
    let many = (0..200).map(|_| {
        let (ingest, fits) = (ingest.clone(), fits.clone());
        tokio::spawn(async move { ingest.accept(fits.as_bytes(), &browser()).await })
    });
    let (mut accepted, mut busy) = (0, 0);
    for one in many.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(Refusal::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((accepted + busy, records(&journal).len()), (200, accepted));
    assert!(busy > 0);
    journal.close();
    assert!(matches!(ingest.accept(fits.as_bytes(), &browser()).await, Err(Refusal::Closed)));
}
