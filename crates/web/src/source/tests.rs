//! What `source` promises, case by case.

use super::*;
use crate::event::NewEvent;

fn site() -> Site {
    Site::new("shop.example", "UTC", &["checkout.shop.example"]).unwrap()
}

fn page(url: &str) -> Page {
    let body = serde_json::json!({"n": "pageview", "u": url, "d": "shop.example"}).to_string();
    NewEvent::from_json(body.as_bytes()).unwrap().page
}

#[track_caller]
fn check(query: &str, referrer: &str, expected: [&str; 3]) {
    let page = page(&format!("https://shop.example/a{query}"));
    let origin = origin_of(&page, Some(referrer), &site());
    let found = [
        origin.referrer.as_deref().unwrap_or_default(),
        origin.source.as_deref().unwrap_or_default(),
        origin.channel,
    ];
    assert_eq!(found, expected, "{query} from {referrer}");
}

#[test]
fn referrers_are_cleaned_and_named() {
    check("", "https://www.google.com/", ["google.com", "Google", "Organic Search"]);
    check(
        "",
        "https://www.Example.org:8443/a/b/?q=1#top",
        ["example.org/a/b", "example.org", "Referral"],
    );
    check("", "http://user:secret@example.org/", ["example.org", "example.org", "Referral"]);
    check("", "https://t.co/abc", ["t.co/abc", "Twitter", "Organic Social"]);
    check(
        "",
        "https://m.youtube.com/watch?v=1",
        ["m.youtube.com/watch", "YouTube", "Organic Video"],
    );
    check("", "https://chatgpt.com/", ["chatgpt.com", "ChatGPT", "AI Assistants"]);
    check("", "https://mail.google.com/mail/u/0", ["mail.google.com/mail/u/0", "Gmail", "Email"]);
    check(
        "",
        "android-app://com.google.android.gm/",
        ["android-app://com.google.android.gm", "Gmail", "Email"],
    );
    check(
        "",
        "android-app://org.unknown.app",
        ["android-app://org.unknown.app", "org.unknown.app", "Referral"],
    );
    check("", "https://www.amazon.de/dp/1", ["amazon.de/dp/1", "Amazon", "Organic Shopping"]);
    check("", "https://203.0.113.9/x", ["203.0.113.9/x", "203.0.113.9", "Referral"]);
    check(
        "",
        &format!("https://example.org/{}", "a".repeat(3000)),
        ["example.org", "example.org", "Referral"],
    );
}

#[test]
fn the_sites_own_pages_and_local_ones_are_no_referrers() {
    for referrer in [
        "https://shop.example/b",
        "https://www.shop.example/b",
        "https://checkout.shop.example/",
        "http://localhost:3000/",
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "http://dev.localhost/",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        "http://.",
        "not an address",
        "about:blank",
    ] {
        check("", referrer, ["", "", "Direct"]);
    }
}

#[test]
fn the_link_speaks_before_the_referrer() {
    check(
        "?utm_source=newsletter&utm_medium=email",
        "https://mail.google.com/",
        ["mail.google.com", "newsletter", "Email"],
    );
    check("?ref=producthunt", "", ["", "Product Hunt", "Organic Social"]);
    check("?source=partner", "https://www.google.com/", ["google.com", "partner", "Referral"]);
    check("?utm_source=fb&utm_medium=paid_social", "", ["", "Facebook", "Paid Social"]);
    check("?utm_source=GOOGLE&utm_medium=cpc", "", ["", "Google", "Paid Search"]);
    check("?utm_source=chatgpt.com", "", ["", "ChatGPT", "AI Assistants"]);
    check("?utm_source=&ref=%20%00", "https://t.co/", ["t.co", "Twitter", "Organic Social"]);
}

#[test]
fn click_ids_mean_that_the_click_was_paid_for() {
    check("?gclid=x", "https://www.google.com/", ["google.com", "Google", "Paid Search"]);
    check("?gclid=x", "", ["", "Google", "Paid Search"]);
    check("?msclkid=x", "https://www.bing.com/", ["bing.com", "Bing", "Paid Search"]);
    check("?gclid=", "https://www.google.com/", ["google.com", "Google", "Organic Search"]);
    // Somebody passed on a link from an advertisement.
    check("?gclid=x", "https://example.org/", ["example.org", "example.org", "Referral"]);
    check("?fbclid=x", "https://l.facebook.com/", ["l.facebook.com", "Facebook", "Organic Social"]);
}

#[test]
fn parameters_are_decoded_and_bounded() {
    let page = page(
        "https://shop.example/?utm_source=a%20b+c&utm_campaign=Gr%C3%BC%C3%9Fe%0A&utm_source=second&utm_term=%FF",
    );
    let origin = origin_of(&page, None, &site());
    assert_eq!(origin.utm_source.as_deref(), Some("a b c"));
    assert_eq!(origin.utm_campaign.as_deref(), Some("Grüße"));
    assert_eq!(origin.utm_term.as_deref(), Some("\u{fffd}"));
    let long = format!("https://shop.example/?utm_source={}", "%C3%BC".repeat(200));
    let page = self::page(&long);
    let source = origin_of(&page, None, &site()).utm_source.unwrap().into_owned();
    assert_eq!(source, "ü".repeat(128));
}

proptest::proptest! {
    #[test]
    fn any_query_and_referrer_give_bounded_texts(query in ".{0,80}", referrer in "(https?://|android-app://|)[^ ]{0,60}") {
        let Ok(url) = Url::parse_with_params("https://shop.example/x", [("utm_source", &query), ("q", &referrer)]) else {
            return Ok(());
        };
        let page = page(url.as_str());
        let origin = origin_of(&page, Some(&referrer), &site());
        let texts = [origin.source.as_deref(), origin.utm_source.as_deref(), origin.referrer.as_deref()];
        for text in texts.into_iter().flatten() {
            proptest::prop_assert!(!text.is_empty() && text.len() <= REFERRER_KEPT_BYTES_MAX + 100);
            proptest::prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        proptest::prop_assert!(!origin.channel.is_empty());
    }
}
