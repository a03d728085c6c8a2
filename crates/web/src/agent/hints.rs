//! Client hints: what Chromium browsers say beside a user agent that hides
//! more and more.

use std::borrow::Cow;

use super::{Agent, AgentHeaders, Device};

/// Brands of `Sec-CH-UA` that name the browser better than its user agent does.
const BRANDS: &[(&str, &str)] = &[
    ("Microsoft Edge", "Microsoft Edge"),
    ("Opera GX", "Opera GX"),
    ("Opera", "Opera"),
    ("Brave", "Brave"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("Yandex", "Yandex Browser"),
    ("Samsung Internet", "Samsung Browser"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Norton Private Browser", "Norton Private Browser"),
    ("Avast Secure Browser", "Avast Secure Browser"),
];

/// Corrects what the user agent said.
pub(super) fn apply(headers: AgentHeaders<'_>, agent: &mut Agent) {
    if let Some((name, version)) = headers.brands.and_then(known_brand)
        && agent.browser.as_deref() != Some(name)
    {
        agent.browser = Some(Cow::Borrowed(name));
        agent.browser_version = version.map(Into::into);
    }
    let platform = headers.platform.map(|platform| platform.trim_matches([' ', '"']));
    let hinted = match platform {
        Some("Android") => Some("Android"),
        Some("Chrome OS" | "Chromium OS") => Some("Chrome OS"),
        Some("Windows") => Some("Windows"),
        Some("macOS") => Some("Mac"),
        Some("Linux") => Some("GNU/Linux"),
        _ => None,
    };
    let is_plain_linux = agent.os.as_deref() == Some("GNU/Linux");
    if let Some(os) = hinted
        && (agent.os.is_none() || (is_plain_linux && os == "Android"))
    {
        agent.os = Some(Cow::Borrowed(os));
        agent.os_version = None;
        // A tablet that asks for the page a computer gets says nothing else of itself.
        if os == "Android" && agent.device.is_none_or(|device| device == Device::Desktop) {
            let is_mobile = headers.mobile.map(str::trim) == Some("?1");
            agent.device = Some(if is_mobile { Device::Mobile } else { Device::Tablet });
        }
    }
}

/// The first brand known, with its version, of `"Brave";v="131", "Chromium";v="131"`.
fn known_brand(brands: &str) -> Option<(&'static str, Option<&str>)> {
    const VERSION_BYTES_MAX: usize = 12;
    BRANDS.iter().find_map(|(brand, name)| {
        brands.split(',').find_map(|item| {
            let (theirs, version) = item.split_once(';')?;
            if theirs.trim().trim_matches('"') != *brand {
                return None;
            }
            let version =
                version.trim().strip_prefix("v=").map(|version| version.trim_matches('"'));
            Some((*name, version.filter(|it| (1..=VERSION_BYTES_MAX).contains(&it.len()))))
        })
    })
}
