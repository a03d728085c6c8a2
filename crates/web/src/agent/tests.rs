//! What `agent` promises, case by case.

use super::*;

/// Browsers with a person in front, among them those that careless bot lists hit.
pub(crate) const PEOPLE: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    // Cubot telephones.
    "Mozilla/5.0 (Linux; Android 8.1.0; CUBOT J3 PRO) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/91.0.4472.120 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; CUBOT) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.96 Mobile Safari/537.36",
    // In-app browsers: WhatsApp, Instagram, Facebook, Viber.
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 WhatsApp/23.20.79",
    "Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/142.0.7444.142 Mobile Safari/537.36 Instagram 406.0.0.58.159 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2557; OP573DL1; mt6833; en_MY; 822918295; IABMV/1)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21E236 [FBAN/FBIOS;FBAV/461.0.0.33.108;FBBV/595431258;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.4.1;FBSS/3;FBID/phone;FBLC/de_DE;FBOP/5]",
    "Mozilla/5.0 (Linux; Android 16; SM-F966N; BP2A.250605.031.A3; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/145.0.7632.120 Mobile Safari/537.36 Viber/27.4.1.0",
    // DuckDuckGo, the Google app, Ecosia, Samsung, the Sogou browser.
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/131.0.0.0 Mobile DuckDuckGo/5 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/318.0.631570073 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36 (Ecosia android@150.0.0.0)",
    "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 5.1.1; ivvi SS1-03 Build/LMY47V; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/68.0.3440.106 Mobile Safari/537.36 AWP/2.0 SogouMSE,SogouMobileBrowser/5.22.8",
    "Mozilla/5.0 (Linux; Android 4.2.2; HTC Butterfly Build/JDQ39) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/31.0.1650.59 Mobile Safari/537.36",
];

fn agent(user_agent: &str) -> Arc<Agent> {
    thread_local!(static AGENTS: Agents = Agents::new().unwrap());
    AGENTS.with(|agents| agents.parse(AgentHeaders { user_agent, ..AgentHeaders::default() }))
}

#[track_caller]
fn check(user_agent: &str, expected: [&str; 5]) {
    let agent = agent(user_agent);
    let found = [
        agent.browser.as_deref(),
        agent.browser_version.as_deref(),
        agent.os.as_deref(),
        agent.os_version.as_deref(),
        agent.device.map(Device::as_str),
    ];
    assert_eq!(found.map(Option::unwrap_or_default), expected, "{user_agent}");
}

#[test]
fn browsers_have_the_names_people_know() {
    let expected = [
        ["Chrome", "131.0", "Windows", "10", "Desktop"],
        ["Safari", "17.4", "Mac", "10.15", "Desktop"],
        ["Firefox", "132.0", "Ubuntu", "", "Desktop"],
        ["Safari", "17.5", "iOS", "17.5", "Mobile"],
        ["Chrome", "91.0", "Android", "8.1", "Mobile"],
        ["Chrome", "121.0", "Android", "13", "Mobile"],
    ];
    for (user_agent, expected) in PEOPLE.iter().zip(expected) {
        check(user_agent, expected);
    }
}

#[test]
fn in_app_browsers_have_the_name_of_the_app() {
    let named = |part: &str| {
        let user_agent = PEOPLE.iter().find(|agent| agent.contains(part)).unwrap();
        agent(user_agent).browser.clone().unwrap_or_default().into_owned()
    };
    assert_eq!(named("Instagram"), "Instagram");
    assert_eq!(named("FBAN"), "Facebook");
    assert_eq!(named("DuckDuckGo"), "DuckDuckGo");
    assert_eq!(named("GSA/"), "Google Search App");
    assert_eq!(named("Ecosia"), "Ecosia");
    assert_eq!(named("SamsungBrowser"), "Samsung Browser");
    check(
        "Mozilla/5.0 (Linux; arm_64; Android 16; 25128PNA1G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.7680.55 YaBrowser/26.4.7.55.00 Mobile Safari/537.36",
        ["Yandex Browser", "26.4", "Android", "16", "Mobile"],
    );
    check(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 DuckDuckGo/7 Safari/605.1.15",
        ["DuckDuckGo", "7", "Mac", "10.15", "Desktop"],
    );
}

#[test]
fn devices_are_told_apart() {
    let check = |user_agent: &str, expected: Option<Device>| {
        assert_eq!(agent(user_agent).device, expected, "{user_agent}");
    };
    check(
        "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        Some(Device::Tablet),
    );
    check(
        "Mozilla/5.0 (Linux; Android 13; SM-X906B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        Some(Device::Tablet),
    );
    check(
        "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/6.0 TV Safari/537.36",
        Some(Device::Tv),
    );
    check(
        "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
        Some(Device::Tv),
    );
    check(
        "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7633; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.197 Mobile Safari/537.36",
        Some(Device::Tv),
    );
    check(
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        Some(Device::Desktop),
    );
    check("MyApp/1.0", None);
}

#[test]
fn client_hints_correct_the_user_agent() {
    let agents = Agents::new().unwrap();
    let chrome = PEOPLE[0];
    let brave = agents.parse(AgentHeaders {
        user_agent: chrome,
        brands: Some(r#""Brave";v="131", "Chromium";v="131", "Not_A Brand";v="24""#),
        ..AgentHeaders::default()
    });
    assert_eq!(brave.browser.as_deref(), Some("Brave"));
    assert_eq!(brave.browser_version.as_deref(), Some("131"));
    let tablet = agents.parse(AgentHeaders {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        platform: Some("\"Android\""),
        mobile: Some("?0"),
        ..AgentHeaders::default()
    });
    assert_eq!((tablet.os.as_deref(), tablet.device), (Some("Android"), Some(Device::Tablet)));
    let plain = agents.parse(AgentHeaders { user_agent: chrome, ..AgentHeaders::default() });
    assert_eq!(plain.browser.as_deref(), Some("Chrome"), "the cache keeps hints apart");
}

#[test]
fn long_and_odd_user_agents_are_bounded() {
    for user_agent in
        ["ü".repeat(50_000), "Version/".repeat(10_000), "\u{0}\u{7f}".repeat(600), String::new()]
    {
        let agent = agent(&user_agent);
        assert!(agent.browser.as_ref().is_none_or(|name| name.len() <= 60));
        assert!(agent.browser_version.as_ref().is_none_or(|version| version.len() <= 25));
    }
}
