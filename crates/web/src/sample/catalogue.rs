//! The shop's pages, where its visitors come from, and what they use.

/// Where a visit comes from. `url` is the page a browser would have named as its referrer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) weight: u64,
    pub(super) url: &'static str,
    pub(super) referrer: Option<&'static str>,
    pub(super) source: Option<&'static str>,
    pub(super) channel: &'static str,
    pub(super) utm_source: Option<&'static str>,
    pub(super) utm_medium: Option<&'static str>,
    pub(super) utm_campaign: Option<&'static str>,
}

/// Where a visitor is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) weight: u64,
    pub(super) country: &'static str,
    pub(super) region: &'static str,
    pub(super) city: &'static str,
    pub(super) language: &'static str,
}

/// What a visitor uses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Agent {
    pub(super) weight: u64,
    pub(super) browser: &'static str,
    pub(super) browser_version: &'static str,
    pub(super) os: &'static str,
    pub(super) os_version: Option<&'static str>,
    pub(super) device: &'static str,
    pub(super) screen: &'static str,
}

/// Nothing known.
pub(super) static DIRECT: Origin = referral(330, "", "", "", "Direct");

/// The origins of usual visitors; [`DIRECT`] is the first.
pub(super) static ORIGINS: [&Origin; 12] = [
    &DIRECT,
    &referral(290, "https://www.google.com/", "google.com", "Google", "Organic Search"),
    &campaign(40, "google", "Google", "cpc", "spring-glaze", "Paid Search"),
    &referral(30, "https://www.bing.com/", "bing.com", "Bing", "Organic Search"),
    &referral(35, "https://duckduckgo.com/", "duckduckgo.com", "DuckDuckGo", "Organic Search"),
    &referral(80, "https://l.instagram.com/", "l.instagram.com", "Instagram", "Organic Social"),
    &referral(55, "https://www.pinterest.com/", "pinterest.com", "Pinterest", "Organic Social"),
    &referral(25, "https://m.facebook.com/", "m.facebook.com", "Facebook", "Organic Social"),
    &campaign(60, "newsletter", "newsletter", "email", "kiln-letter", "Email"),
    &referral(15, "https://chatgpt.com/", "chatgpt.com", "ChatGPT", "AI Assistants"),
    &referral(
        25,
        "https://clay-and-kiln.example/shops",
        "clay-and-kiln.example/shops",
        "clay-and-kiln.example",
        "Referral",
    ),
    &referral(15, "https://www.reddit.com/", "reddit.com", "Reddit", "Organic Social"),
];

/// Where the visitors of the busy day come from.
pub(super) static NEWS: Origin = referral(
    1_000,
    "https://news.ycombinator.com/",
    "news.ycombinator.com",
    "Hacker News",
    "Organic Social",
);

const fn referral(
    weight: u64,
    url: &'static str,
    referrer: &'static str,
    source: &'static str,
    channel: &'static str,
) -> Origin {
    Origin {
        weight,
        url,
        referrer: set(referrer),
        source: set(source),
        channel,
        utm_source: None,
        utm_medium: None,
        utm_campaign: None,
    }
}

#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn campaign(
    weight: u64,
    utm_source: &'static str,
    source: &'static str,
    utm_medium: &'static str,
    utm_campaign: &'static str,
    channel: &'static str,
) -> Origin {
    Origin {
        weight,
        url: "",
        referrer: None,
        source: set(source),
        channel,
        utm_source: set(utm_source),
        utm_medium: set(utm_medium),
        utm_campaign: set(utm_campaign),
    }
}

const fn set(text: &'static str) -> Option<&'static str> {
    if text.is_empty() { None } else { Some(text) }
}

macro_rules! places {
    ($($weight:literal $country:literal $region:literal $city:literal $language:literal;)*) => {
        /// The places of visitors.
        pub(super) static PLACES: &[Place] = &[$(Place {
            weight: $weight, country: $country, region: $region, city: $city, language: $language,
        }),*];
    };
}

places! {
    140 "DE" "Berlin" "Berlin" "de";
    70 "DE" "Hamburg" "Hamburg" "de";
    80 "DE" "Bavaria" "Munich" "de";
    50 "AT" "Vienna" "Vienna" "de";
    40 "CH" "Zurich" "Zurich" "de";
    60 "NL" "North Holland" "Amsterdam" "nl";
    110 "GB" "England" "London" "en";
    30 "GB" "Scotland" "Edinburgh" "en";
    60 "FR" "Île-de-France" "Paris" "fr";
    70 "US" "New York" "New York" "en";
    60 "US" "California" "San Francisco" "en";
    30 "US" "Oregon" "Portland" "en";
    25 "CA" "Ontario" "Toronto" "en";
    40 "DK" "Capital Region" "Copenhagen" "da";
    30 "SE" "Stockholm" "Stockholm" "sv";
    20 "NO" "Oslo" "Oslo" "nb";
    25 "JP" "Tokyo" "Tokyo" "ja";
    20 "AU" "New South Wales" "Sydney" "en";
    15 "IE" "Leinster" "Dublin" "en";
    15 "PL" "Masovia" "Warsaw" "pl";
    10 "IN" "Karnataka" "Bengaluru" "en";
}

macro_rules! agents {
    ($($weight:literal $browser:literal $version:literal $os:literal $os_version:expr, $device:literal $screen:literal;)*) => {
        /// What visitors use.
        pub(super) static AGENTS: &[Agent] = &[$(Agent {
            weight: $weight, browser: $browser, browser_version: $version, os: $os, os_version: $os_version,
            device: $device, screen: $screen,
        }),*];
    };
}

agents! {
    240 "Safari" "18.6" "iOS" Some("18.6"), "Mobile" "0-575";
    60 "Safari" "17.5" "iOS" Some("17.5"), "Mobile" "0-575";
    150 "Chrome" "141.0" "Android" Some("15"), "Mobile" "0-575";
    40 "Chrome" "140.0" "Android" Some("14"), "Mobile" "0-575";
    40 "Samsung Browser" "28.0" "Android" Some("15"), "Mobile" "0-575";
    25 "Firefox" "143.0" "Android" Some("15"), "Mobile" "0-575";
    130 "Chrome" "141.0" "Windows" Some("10"), "Desktop" "1920+";
    50 "Chrome" "141.0" "Windows" Some("10"), "Desktop" "1440-1919";
    60 "Microsoft Edge" "141.0" "Windows" Some("10"), "Desktop" "1440-1919";
    40 "Firefox" "143.0" "Windows" Some("10"), "Desktop" "1920+";
    65 "Safari" "18.6" "Mac" Some("10.15"), "Desktop" "1440-1919";
    35 "Chrome" "141.0" "Mac" Some("10.15"), "Desktop" "1440-1919";
    20 "Firefox" "143.0" "GNU/Linux" None, "Desktop" "1920+";
    30 "Safari" "18.6" "iOS" Some("18.6"), "Tablet" "768-991";
    15 "Chrome" "141.0" "Android" Some("14"), "Tablet" "992-1439";
}

/// Robots, by the reason they are dropped for.
pub(super) static ROBOTS: [&str; 4] =
    ["crawler:Googlebot", "crawler:GPTBot", "crawler:AhrefsBot", "http_library:python-requests"];

macro_rules! paths {
    ($prefix:literal $($name:literal)*) => { &[$(concat!($prefix, $name)),*] };
}

/// The pages of products, the best-selling first.
pub(super) static PRODUCTS: &[&str] = paths!("/shop/"
    "shore-mug" "elm-platter" "tide-bowl" "reed-vase" "eider-teapot" "heron-jug" "dune-plate" "moss-cup"
    "harbour-bowl" "birch-tray" "fen-vase" "gull-cup" "slate-plate" "marsh-mug" "otter-bowl" "alder-jar"
    "kelp-dish" "pebble-cup" "willow-vase" "loam-pot" "salt-cellar" "ember-lamp" "frost-plate" "rook-mug"
    "teal-teapot" "sedge-bowl" "wren-cup" "fjord-platter" "amber-jar" "thrift-vase" "linnet-cup" "cove-dish"
    "drift-bowl" "hazel-tray" "plover-plate" "rowan-jug" "samphire-dish" "tern-cup" "umber-pot" "vetch-vase");

/// The articles of the journal, the most read first.
pub(super) static ARTICLES: &[&str] = paths!("/journal/"
    "how-a-glaze-cools" "clay-from-the-coast" "a-week-at-the-kiln" "why-we-wood-fire" "care-for-stoneware"
    "the-shape-of-a-handle" "tea-with-hanne" "new-studio" "mending-with-gold" "colours-of-the-marsh");

/// The weight of the n-th of `count` things that are liked less and less; they sum to 1000.
pub(super) fn popularity(count: usize) -> Vec<u64> {
    let count = u64::try_from(count).unwrap_or(1);
    let raw: Vec<u64> = (0..count).map(|number| 10_000 / (number + 3)).collect();
    let sum: u64 = raw.iter().sum();
    let mut before = 0;
    let mut so_far = 0;
    raw.into_iter()
        .map(|weight| {
            so_far += weight;
            let edge = so_far * super::quota::WHOLE / sum.max(1);
            let share = edge - before;
            before = edge;
            share
        })
        .collect()
}

/// The place of whoever has none of their own.
#[expect(clippy::indexing_slicing, reason = "the table above is not empty")]
pub(super) fn usual_place() -> &'static Place {
    &PLACES[0]
}

/// The browser of whoever has none of their own.
#[expect(clippy::indexing_slicing, reason = "the table above is not empty")]
pub(super) fn usual_agent() -> &'static Agent {
    &AGENTS[0]
}
