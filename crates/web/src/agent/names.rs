//! Names people know, for those of `uap-core`.
//!
//! One browser has one name on every device, as in Plausible's reports: `Chrome Mobile iOS` is Chrome. What is not listed keeps its
//! name. In-app browsers keep the name of the app, and a page shown inside another app is a web view.

use std::borrow::Cow;

/// The longest name kept, in bytes: some rules take it from the user agent as it is.
const NAME_BYTES_MAX: usize = 60;

const BROWSERS: &[(&str, &str)] = &[
    ("Chrome Mobile", "Chrome"),
    ("Chrome Mobile iOS", "Chrome"),
    ("Chrome Mobile WebView", "Chrome WebView"),
    ("Mobile Safari", "Safari"),
    ("Mobile Safari UI/WKWebView", "Safari WebView"),
    ("Safari UI/WKWebView", "Safari WebView"),
    ("Firefox Mobile", "Firefox"),
    ("Firefox iOS", "Firefox"),
    ("Focus", "Firefox Focus"),
    ("Klar", "Firefox Klar"),
    ("Edge", "Microsoft Edge"),
    ("Edge Mobile", "Microsoft Edge"),
    ("IE", "Internet Explorer"),
    ("IE Mobile", "Internet Explorer"),
    ("Samsung Internet", "Samsung Browser"),
    ("Opera Mobile", "Opera"),
    ("Opera Mini", "Opera"),
    ("Opera Tablet", "Opera"),
    ("Opera Touch", "Opera"),
    ("Opera Coast", "Opera"),
    ("Opera GX iOS", "Opera GX"),
    ("Android", "Android Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("QQ Browser Mobile", "QQ Browser"),
    ("Baidu Explorer", "Baidu Browser"),
    ("Google", "Google Search App"),
    ("Amazon Silk", "Silk"),
    ("YandexSearch", "Yandex Browser"),
    ("Whale", "Naver Whale"),
    ("NAVER", "Naver"),
    ("FacebookMessenger", "Facebook Messenger"),
];

const SYSTEMS: &[(&str, &str)] = &[
    ("Mac OS X", "Mac"),
    ("Mac OS", "Mac"),
    ("Linux", "GNU/Linux"),
    ("ATV OS X", "tvOS"),
    ("WatchOS", "watchOS"),
    ("Other", ""),
];

pub(super) fn browser(family: &str) -> Option<Cow<'static, str>> {
    translate(BROWSERS, family)
}

pub(super) fn system(name: &str) -> Option<Cow<'static, str>> {
    translate(SYSTEMS, name)
}

fn translate(names: &[(&str, &'static str)], name: &str) -> Option<Cow<'static, str>> {
    let name = match names.iter().find(|(theirs, _)| *theirs == name) {
        Some((_, ours)) => Cow::Borrowed(*ours),
        None => Cow::Owned(cleaned(name)),
    };
    (!name.is_empty()).then_some(name)
}

fn cleaned(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    name.get(..end).unwrap_or_default().trim().to_owned()
}
