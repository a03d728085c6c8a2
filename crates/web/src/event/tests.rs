//! What `event` promises, case by case.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn parse(body: &Value) -> Result<NewEvent<'static>, BodyError> {
    let text: &'static str = Box::leak(body.to_string().into_boxed_str());
    NewEvent::from_json(text.as_bytes())
}

fn with(change: &Value) -> Result<NewEvent<'static>, BodyError> {
    let mut body = json!({"n": "pageview", "u": "https://a.example/x", "d": "a.example"});
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    parse(&body)
}

#[track_caller]
fn refused(change: &Value, field: Field, rule: Rule) {
    assert_eq!(with(change), Err(BodyError::Fields(vec![FieldError { field, rule }])), "{change}");
}

#[test]
fn long_and_short_keys_mean_the_same() {
    let short = parse(&json!({
        "n": "Purchase", "u": "https://www.a.example:8443/x?y#z", "d": "a.example", "r": "https://b.example/",
        "p": {"plan": "pro", "seats": 3, "trial": false, "none": null, "empty": ""},
        "$": {"currency": "eur", "amount": "12.50"}, "i": false, "h": 1, "v": 4, "w": 1280
    }))
    .unwrap();
    let long = parse(&json!({
        "name": "Purchase", "url": "https://www.a.example:8443/x?y#z", "domain": " www.A.example ",
        "referrer": "https://b.example/", "meta": r#"{"plan":"pro","seats":3,"trial":false}"#,
        "revenue": {"currency": "EUR", "amount": 12.5}, "interactive": false, "hashMode": true, "v": 4, "w": "1280",
        "somethingElse": [[{"deep": 1}]]
    }))
    .unwrap();
    let mallard = parse(&json!({
        "n": "Purchase", "u": "https://www.a.example:8443/x?y#z", "d": "a.example", "r": "https://b.example/",
        "p": r#"{"plan":"pro","seats":3,"trial":false}"#, "ra": 12.5, "rc": "EUR", "i": false, "h": true, "w": 1280
    }))
    .unwrap();
    assert_eq!(short, long);
    assert_eq!(short, mallard);
    assert_eq!(short.props.as_deref(), Some(r#"{"plan":"pro","seats":"3","trial":"false"}"#));
    assert_eq!(short.revenue.unwrap().thousandths, 12_500);
    assert_eq!(short.page.hostname(), "a.example");
    assert_eq!(short.page.pathname(), "/x#z");
    assert_eq!((short.interactive, short.width), (false, Some(1280)));
}

#[test]
fn a_pixel_reads_its_query() {
    let event = NewEvent::from_query(
        "d=a.example&u=https%3A%2F%2Fa.example%2Fx+y&r=https://b.example&w=320&sd=9",
    )
    .unwrap();
    assert_eq!(event.name, PAGEVIEW);
    assert_eq!(event.page.pathname(), "/x%20y");
    assert_eq!((event.width, event.scroll_depth), (Some(320), None));
    let missing = FieldError { field: Field::Url, rule: Rule::Missing };
    assert_eq!(NewEvent::from_query("d=a.example"), Err(BodyError::Fields(vec![missing])));
    assert!(NewEvent::from_query("").is_err());
}

#[test]
fn every_problem_is_reported_at_once_by_field() {
    let Err(BodyError::Fields(errors)) = parse(&json!({
        "n": "", "u": "data:text/html,x", "d": 7, "p": [1], "ra": 1e10, "i": "yes", "sd": 101, "e": -1, "w": 1.5, "h": 2, "r": {}
    })) else {
        panic!("refused");
    };
    let mut fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "domain",
            "e",
            "hashMode",
            "interactive",
            "name",
            "props",
            "referrer",
            "revenue.currency",
            "sd",
            "url",
            "w"
        ]
    );
}

#[test]
fn the_limits_are_exact() {
    assert!(with(&json!({"n": "ü".repeat(NAME_CHARS_MAX)})).is_ok());
    refused(
        &json!({"n": "ü".repeat(NAME_CHARS_MAX + 1)}),
        Field::Name,
        Rule::TooManyChars { chars_max: NAME_CHARS_MAX },
    );
    let url = |bytes: usize| json!({"u": format!("https://a.example/{}", "x".repeat(bytes - 18))});
    assert!(with(&url(2_000)).is_ok());
    refused(&url(2_001), Field::Url, Rule::TooManyBytes { bytes_max: 2_000 });
    assert!(with(&json!({"r": "x".repeat(REFERRER_BYTES_MAX)})).is_ok());
    refused(
        &json!({"r": "x".repeat(REFERRER_BYTES_MAX + 1)}),
        Field::Referrer,
        Rule::TooManyBytes { bytes_max: REFERRER_BYTES_MAX },
    );
    let props = |key: usize, value: usize| json!({"p": {"k".repeat(key): "v".repeat(value)}});
    assert!(with(&props(300, 2_000)).is_ok());
    refused(&props(301, 1), Field::Props, Rule::KeyLength { bytes_max: 300 });
    refused(&props(0, 1), Field::Props, Rule::KeyLength { bytes_max: 300 });
    refused(&props(1, 2_001), Field::Props, Rule::ValueLength { bytes_max: 2_000 });
    let sites = |count: usize| json!({"d": (0..count).map(|n| format!("s{n}.example")).collect::<Vec<_>>().join(", ")});
    assert_eq!(with(&sites(SITES_MAX)).unwrap().sites.len(), SITES_MAX);
    refused(&sites(SITES_MAX + 1), Field::Domain, Rule::TooMany { count_max: SITES_MAX });
    assert!(with(&json!({"w": WIDTH_MAX})).is_ok());
    refused(&json!({"w": WIDTH_MAX + 1}), Field::Width, Rule::NotWhole { max: WIDTH_MAX.into() });
}

#[test]
fn thirty_properties_are_kept() {
    let many: serde_json::Map<String, Value> =
        (10..50).map(|n| (format!("k{n}"), json!(n))).collect();
    let kept = with(&json!({"p": many})).unwrap().props.unwrap();
    let kept: serde_json::Map<String, Value> = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept.len(), 30);
    assert_eq!(with(&json!({"p": {}})).unwrap().props, None);
    assert_eq!(with(&json!({"p": ""})).unwrap().props, None);
    refused(&json!({"p": {"a": {"b": 1}}}), Field::Props, Rule::NotScalar);
    refused(&json!({"p": {"a": [1]}}), Field::Props, Rule::NotScalar);
    refused(&json!({"p": "{\"a\""}), Field::Props, Rule::NotAnObject);
    refused(&json!({"p": "[1]"}), Field::Props, Rule::NotAnObject);
    refused(&json!({"p": 1}), Field::Props, Rule::NotAnObject);
}

#[test]
fn control_characters_are_refused_in_names_and_removed_from_values() {
    refused(&json!({"n": "a\u{0}b"}), Field::Name, Rule::ControlCharacter);
    refused(&json!({"p": {"a\u{1b}": "x"}}), Field::Props, Rule::ControlCharacter);
    refused(&json!({"d": "a.example\u{0}"}), Field::Domain, Rule::NotADomain);
    let props = with(&json!({"p": {"a": "x\u{0}\u{85}y\n"}})).unwrap().props;
    assert_eq!(props.as_deref(), Some(r#"{"a":"xy"}"#));
}

#[test]
fn only_pages_are_pages() {
    for (url, rule) in [
        ("data:text/html,x", Rule::Scheme),
        ("javascript:alert(1)", Rule::Scheme),
        ("blob:https://a.example/1", Rule::Scheme),
        ("/relative", Rule::NotAnAddress),
        ("a.example/x", Rule::NotAnAddress),
        ("https://", Rule::NotAnAddress),
        ("https://./x", Rule::NotAnAddress),
        ("https://a b/", Rule::NotAnAddress),
        ("file:///etc/passwd", Rule::NotAnAddress),
        ("app:///x", Rule::NotAnAddress),
        ("https://a.example:99999/", Rule::NotAnAddress),
        ("", Rule::Missing),
    ] {
        refused(&json!({"u": url}), Field::Url, rule);
    }
}

#[test]
fn addresses_are_taken_apart_by_a_parser() {
    let check = |url: &str, hostname: &str, pathname: &str| {
        let page = with(&json!({"u": url})).unwrap().page;
        assert_eq!(
            (page.hostname().as_ref(), page.pathname().as_ref()),
            (hostname, pathname),
            "{url}"
        );
    };
    check("https://e.example?u=/a/b", "e.example", "/");
    check("https://user:secret@WWW.e.example:8443/a%20b/c%2Fd?x#y", "e.example", "/a%20b/c%2Fd");
    check("https://bücher.example/é", "xn--bcher-kva.example", "/%C3%A9");
    check("app://iOS/Home", "ios", "/Home");
    check("app://ios", "ios", "/");
    check("http://[::1]:8080/x", "[::1]", "/x");
    check("https://e.example./", "e.example", "/");
}

#[test]
fn the_host_of_the_page_stands_in_for_a_site() {
    let event = parse(&json!({"n": "pageview", "u": "https://www.a.example:81/"})).unwrap();
    assert_eq!(event.sites, ["a.example"]);
    assert_eq!(with(&json!({"d": " , "})).unwrap().sites, ["a.example"]);
    assert_eq!(
        with(&json!({"d": "a.example,WWW.a.example, b.example"})).unwrap().sites,
        ["a.example", "b.example"]
    );
    refused(&json!({"d": "a/../b"}), Field::Domain, Rule::NotADomain);
    refused(&json!({"d": "a.example,<script>"}), Field::Domain, Rule::NotADomain);
    // A page that is refused is one error, not two.
    let Err(BodyError::Fields(errors)) = parse(&json!({"n": "pageview", "u": "x"})) else {
        panic!()
    };
    assert_eq!(errors.len(), 1);
}

#[test]
fn engagement_has_something_measured_and_never_interacts() {
    let engagement = |change: Value| {
        let mut change = change;
        change["n"] = json!(ENGAGEMENT);
        with(&change)
    };
    let event = engagement(json!({"sd": 55, "e": 1200, "i": true})).unwrap();
    assert_eq!(
        (event.scroll_depth, event.engaged_ms, event.interactive),
        (Some(55), Some(1200), false)
    );
    let broken_clock = engagement(json!({"sd": 1, "e": ENGAGED_MS_END})).unwrap();
    assert_eq!((broken_clock.scroll_depth, broken_clock.engaged_ms), (Some(1), None));
    assert_eq!(
        engagement(json!({"e": ENGAGED_MS_END - 1})).unwrap().engaged_ms,
        Some(2_591_999_999)
    );
    let nothing = Err(BodyError::Fields(vec![FieldError {
        field: Field::EngagedMs,
        rule: Rule::NothingMeasured,
    }]));
    assert_eq!(engagement(json!({})), nothing);
    assert_eq!(engagement(json!({"e": ENGAGED_MS_END})), nothing);
    assert_eq!(with(&json!({"sd": 50, "e": 100})).unwrap().scroll_depth, None);
}

#[test]
fn money_of_any_shape_fits_the_table_or_is_refused() {
    let range = Rule::AmountRange { max: AMOUNT_MAX };
    // What stopped Mallard's ingest: an amount its column could not hold.
    refused(&json!({"ra": 1e13, "rc": "USD"}), Field::RevenueAmount, range);
    refused(&json!({"ra": 1e300, "rc": "USD"}), Field::RevenueAmount, range);
    refused(
        &json!({"$": {"amount": "9".repeat(1000), "currency": "USD"}}),
        Field::RevenueAmount,
        range,
    );
    refused(
        &json!({"$": {"amount": "NaN", "currency": "USD"}}),
        Field::RevenueAmount,
        Rule::NotAnAmount,
    );
    refused(
        &json!({"$": {"amount": 1, "currency": "US"}}),
        Field::RevenueCurrency,
        Rule::NotACurrency,
    );
    refused(
        &json!({"$": {"amount": 1, "currency": "Ü€"}}),
        Field::RevenueCurrency,
        Rule::NotACurrency,
    );
    refused(&json!({"$": {"amount": 1}}), Field::RevenueCurrency, Rule::Missing);
    refused(&json!({"rc": "USD"}), Field::RevenueAmount, Rule::Missing);
    refused(&json!({"$": {}}), Field::Revenue, Rule::Missing);
    refused(&json!({"$": "12 USD"}), Field::Revenue, Rule::NotAnObject);
    refused(&json!({"$": {"amount": 1, "currency": "USD"}, "ra": 2}), Field::Revenue, Rule::Twice);
    assert!(with(&json!({"ra": 1e10, "rc": "USD"})).is_ok());
    assert_eq!(with(&json!({"$": null})).unwrap().revenue, None);
}

#[test]
fn what_is_no_object_is_one_error() {
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"n\":}",
        "{} {}",
        "\u{feff}{}",
        &nested,
        "{\"n\":1e999}",
    ] {
        assert_eq!(
            NewEvent::from_json(body.as_bytes()),
            Err(BodyError::NotAnObject),
            "{:.40}",
            body
        );
    }
    assert_eq!(NewEvent::from_json(b"{\"n\":\"\xff\"}"), Err(BodyError::NotAnObject));
}

#[test]
fn depth_costs_nothing() {
    let nested = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let body = format!(r#"{{"n":"pageview","u":"https://a.example/","unknown":{nested}}}"#);
    assert!(NewEvent::from_json(body.as_bytes()).is_ok());
    let body = format!(r#"{{"n":"pageview","u":"https://a.example/","p":{{"a":{nested}}}}}"#);
    let not_scalar = FieldError { field: Field::Props, rule: Rule::NotScalar };
    assert_eq!(NewEvent::from_json(body.as_bytes()), Err(BodyError::Fields(vec![not_scalar])));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(1_000_000), "}".repeat(1_000_000));
    let body = format!(r#"{{"n":"pageview","u":"https://a.example/","p":{objects}}}"#);
    assert!(NewEvent::from_json(body.as_bytes()).is_err());
}

#[test]
fn a_field_given_twice_is_refused() {
    refused(&json!({"name": "Other"}), Field::Name, Rule::Twice);
    refused(&json!({"props": {"a": 1}, "m": {"a": 2}}), Field::Props, Rule::Twice);
    assert!(with(&json!({"name": null})).is_ok());
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("https://a.example/")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_accepted_keeps_every_bound(
        fields in prop::collection::hash_map(
            prop::sample::select(vec!["n", "u", "d", "r", "p", "$", "ra", "rc", "i", "h", "v", "sd", "e", "w", "zz"]),
            arbitrary_json(),
            0..8,
        ),
        usual: bool,
    ) {
        let mut body = json!(fields);
        if usual {
            body["n"] = json!("pageview");
            body["u"] = json!("https://a.example/x");
        }
        if let Ok(event) = parse(&body) {
            prop_assert!(!event.sites.is_empty() && event.sites.len() <= SITES_MAX);
            prop_assert!((1..=NAME_CHARS_MAX).contains(&event.name.chars().count()));
            prop_assert!(event.page.pathname().starts_with('/') || !event.page.is_web());
            prop_assert!(!event.page.hostname().is_empty());
            prop_assert!(event.scroll_depth.is_none_or(|depth| depth <= 100));
            prop_assert!(event.revenue.is_none_or(|revenue| revenue.thousandths.abs() < 10_i64.pow(18)));
            if let Some(props) = &event.props {
                prop_assert!(serde_json::from_str::<std::collections::HashMap<String, String>>(props).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_are_an_event_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), query in ".*") {
        let _ = NewEvent::from_json(&bytes);
        let _ = NewEvent::from_query(&query);
    }
}
