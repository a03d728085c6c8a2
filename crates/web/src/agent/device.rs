//! The kind of device a browser runs on.

/// What people hold or look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Device {
    /// A computer with a keyboard.
    Desktop,
    /// A telephone, or something as small.
    Mobile,
    /// A tablet or reader.
    Tablet,
    /// A television, what is plugged into one, or a game console.
    Tv,
}

impl Device {
    /// The name in tables and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "Desktop",
            Self::Mobile => "Mobile",
            Self::Tablet => "Tablet",
            Self::Tv => "TV",
        }
    }
}

/// Words of user agents, in the order asked. Android says `Mobile` on telephones only, so its rule comes after those of televisions.
const TV: &[&str] = &[
    "SmartTV",
    "SMART-TV",
    "Smart-TV",
    "Smart TV",
    "HbbTV",
    "AppleTV",
    "Apple TV",
    "GoogleTV",
    "Google TV",
    "Android TV",
    "AndroidTV",
    "Web0S",
    "webOS.TV",
    "webOSTV",
    "NetCast",
    "BRAVIA",
    "CrKey",
    "Roku",
    "VIDAA",
    "Viera",
    "VIZIO",
    "AQUOS",
    "PhilipsTV",
    "Opera TV",
    "OPR/TV",
    "DTV",
    "Large Screen",
    "TV Bro",
    "TiVo",
    "MiTV",
    "MIBOX",
    "Nintendo",
    "PlayStation",
    "PLAYSTATION",
    "Xbox",
    "XBOX",
    "AFT",
];
const TABLET: &[&str] =
    &["iPad", "Tablet", "tablet", "Kindle", "PlayBook", "Nexus 7", "Nexus 9", "Nexus 10", "KF"];
const MOBILE: &[&str] = &[
    "iPhone",
    "iPod",
    "Windows Phone",
    "IEMobile",
    "BlackBerry",
    "BB10",
    "Opera Mini",
    "Opera Mobi",
    "KAIOS",
    "Symbian",
    "SymbianOS",
    "Mobile",
    "MIDP",
    "J2ME",
    "webOS/",
];
const DESKTOP: &[&str] =
    &["Windows NT", "Windows", "Macintosh", "X11", "CrOS", "Linux x86_64", "Linux i686", "Win64"];

/// The kind of device a user agent names; `None` when it names none.
pub(super) fn of_user_agent(user_agent: &str) -> Option<Device> {
    let has = |words: &[&str]| words.iter().any(|word| has_word(user_agent, word));
    if has(TV) {
        return Some(Device::Tv);
    }
    if has(TABLET) {
        return Some(Device::Tablet);
    }
    if user_agent.contains("Android") {
        let is_mobile = user_agent.contains("Mobile") || user_agent.contains("Mini");
        return Some(if is_mobile { Device::Mobile } else { Device::Tablet });
    }
    if has(MOBILE) {
        return Some(Device::Mobile);
    }
    has(DESKTOP).then_some(Device::Desktop)
}

/// Whether the text begins a word there: `KF` is a reader in `; KFTT Build`, and nothing in `MKF`.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.bytes().next_back());
        before.is_none_or(|before| !before.is_ascii_alphanumeric())
    })
}
