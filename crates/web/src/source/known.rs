//! The sources that have a name: the public list, and what it lacks.

mod list {
    use super::Kind;

    include!(concat!(env!("OUT_DIR"), "/referrers.rs"));
}

/// What kind of source it is; channels are made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A search engine.
    Search,
    /// A social network, forum or messenger.
    Social,
    /// A place for videos.
    Video,
    /// A shop or market place.
    Shopping,
    /// Web mail.
    Email,
    /// An assistant that answers by language model.
    Assistant,
    /// An advertisement network.
    Paid,
    /// Something else with a name.
    Other,
}

/// What the public list lacks or names otherwise, sorted by place. Asked before it.
const ADDED: &[(&str, &str, Kind)] = &[
    ("aliexpress.com", "AliExpress", Kind::Shopping),
    ("amazon.ca", "Amazon", Kind::Shopping),
    ("amazon.co.jp", "Amazon", Kind::Shopping),
    ("amazon.co.uk", "Amazon", Kind::Shopping),
    ("amazon.com", "Amazon", Kind::Shopping),
    ("amazon.de", "Amazon", Kind::Shopping),
    ("amazon.es", "Amazon", Kind::Shopping),
    ("amazon.fr", "Amazon", Kind::Shopping),
    ("amazon.in", "Amazon", Kind::Shopping),
    ("amazon.it", "Amazon", Kind::Shopping),
    ("bard.google.com", "Gemini", Kind::Assistant),
    ("bilibili.com", "Bilibili", Kind::Video),
    ("chat.deepseek.com", "DeepSeek", Kind::Assistant),
    ("chat.mistral.ai", "Le Chat", Kind::Assistant),
    ("chat.openai.com", "ChatGPT", Kind::Assistant),
    ("chat.qwen.ai", "Qwen", Kind::Assistant),
    ("chatgpt.com", "ChatGPT", Kind::Assistant),
    ("claude.ai", "Claude", Kind::Assistant),
    ("com.google.android.gm", "Gmail", Kind::Email),
    ("com.google.android.googlequicksearchbox", "Google", Kind::Search),
    ("com.openai.chatgpt", "ChatGPT", Kind::Assistant),
    ("com.reddit.frontpage", "Reddit", Kind::Social),
    ("com.slack", "Slack", Kind::Social),
    ("copilot.cloud.microsoft", "Copilot", Kind::Assistant),
    ("copilot.microsoft.com", "Copilot", Kind::Assistant),
    ("dailymotion.com", "Dailymotion", Kind::Video),
    ("deepseek.com", "DeepSeek", Kind::Assistant),
    ("discord.com", "Discord", Kind::Social),
    ("docs.google.com", "Google Docs", Kind::Other),
    ("doubao.com", "Doubao", Kind::Assistant),
    ("ebay.co.uk", "eBay", Kind::Shopping),
    ("ebay.com", "eBay", Kind::Shopping),
    ("ebay.de", "eBay", Kind::Shopping),
    ("etsy.com", "Etsy", Kind::Shopping),
    ("gemini.google.com", "Gemini", Kind::Assistant),
    ("grok.com", "Grok", Kind::Assistant),
    ("kagi.com", "Kagi", Kind::Search),
    ("kimi.com", "Kimi", Kind::Assistant),
    ("kimi.moonshot.cn", "Kimi", Kind::Assistant),
    ("lobste.rs", "Lobsters", Kind::Social),
    ("medium.com", "Medium", Kind::Social),
    ("meet.google.com", "Google Meet", Kind::Other),
    ("meta.ai", "Meta AI", Kind::Assistant),
    ("news.google.com", "Google News", Kind::Other),
    ("notebooklm.google.com", "NotebookLM", Kind::Assistant),
    ("openai.com", "ChatGPT", Kind::Assistant),
    ("org.telegram.messenger", "Telegram", Kind::Social),
    ("perplexity.ai", "Perplexity", Kind::Assistant),
    ("phind.com", "Phind", Kind::Assistant),
    ("poe.com", "Poe", Kind::Assistant),
    ("producthunt.com", "Product Hunt", Kind::Social),
    ("seznam.cz", "Seznam", Kind::Search),
    ("slack.com", "Slack", Kind::Social),
    ("snapchat.com", "Snapchat", Kind::Social),
    ("startpage.com", "Startpage", Kind::Search),
    ("t.me", "Telegram", Kind::Social),
    ("teams.microsoft.com", "Microsoft Teams", Kind::Other),
    ("threads.com", "Threads", Kind::Social),
    ("threads.net", "Threads", Kind::Social),
    ("tiktok.com", "TikTok", Kind::Social),
    ("twitch.tv", "Twitch", Kind::Video),
    ("vimeo.com", "Vimeo", Kind::Video),
    ("vk.com", "VK", Kind::Social),
    ("wa.me", "WhatsApp", Kind::Social),
    ("walmart.com", "Walmart", Kind::Shopping),
    ("web.telegram.org", "Telegram", Kind::Social),
    ("whatsapp.com", "WhatsApp", Kind::Social),
    ("wikipedia.org", "Wikipedia", Kind::Other),
    ("ya.ru", "Yandex", Kind::Search),
    ("you.com", "You.com", Kind::Assistant),
    ("youtu.be", "YouTube", Kind::Video),
    ("youtube.com", "YouTube", Kind::Video),
    ("zhihu.com", "Zhihu", Kind::Social),
];

/// Short names links give themselves, sorted.
const ALIASES: &[(&str, &str, Kind)] = &[
    ("adwords", "Google", Kind::Search),
    ("chatgpt", "ChatGPT", Kind::Assistant),
    ("claude", "Claude", Kind::Assistant),
    ("copilot", "Copilot", Kind::Assistant),
    ("fb", "Facebook", Kind::Social),
    ("gemini", "Gemini", Kind::Assistant),
    ("googleads", "Google", Kind::Search),
    ("hackernews", "Hacker News", Kind::Social),
    ("hn", "Hacker News", Kind::Social),
    ("ig", "Instagram", Kind::Social),
    ("openai", "ChatGPT", Kind::Assistant),
    ("perplexity", "Perplexity", Kind::Assistant),
    ("producthunt", "Product Hunt", Kind::Social),
    ("tiktok", "TikTok", Kind::Social),
    ("vk", "VK", Kind::Social),
    ("x", "Twitter", Kind::Social),
    ("youtube", "YouTube", Kind::Video),
    ("yt", "YouTube", Kind::Video),
];

/// Parameters by which advertisement networks mark a click that was paid for.
const CLICK_IDS: &[(&str, &str, Kind)] = &[
    ("gclid", "Google", Kind::Search),
    ("gbraid", "Google", Kind::Search),
    ("wbraid", "Google", Kind::Search),
    ("msclkid", "Bing", Kind::Search),
    ("yclid", "Yandex", Kind::Search),
    ("ttclid", "TikTok", Kind::Social),
    ("twclid", "Twitter", Kind::Social),
    ("li_fat_id", "LinkedIn", Kind::Social),
    ("dclid", "Doubleclick", Kind::Paid),
];

/// A known source: its name and kind.
pub(super) type Known = (&'static str, Kind);

/// The network a click parameter belongs to.
pub(super) fn click_id(parameter: &str) -> Option<Known> {
    CLICK_IDS.iter().find(|(id, ..)| *id == parameter).map(|(_, name, kind)| (*name, *kind))
}

/// The source of this name, in lower case.
pub(super) fn by_name(lower: &str) -> Option<Known> {
    search(ALIASES, lower).or_else(|| search(list::NAMES, lower))
}

/// The source at exactly this place: a host, a host with a path, or an app.
pub(super) fn by_place(place: &str) -> Option<Known> {
    search(ADDED, place).or_else(|| search(list::REFERRERS, place))
}

/// The source a host belongs to, asked label by label down to the registrable domain; the path decides between services of one
/// host.
pub(super) fn by_host(host: &str, path: &str) -> Option<Known> {
    let least = psl::domain_str(host).map_or(host.len(), str::len);
    let mut name = host;
    loop {
        let found = by_path(name, path).or_else(|| by_place(name));
        if found.is_some() || name.len() <= least {
            return found;
        }
        (_, name) = name.split_once('.')?;
    }
}

fn by_path(host: &str, path: &str) -> Option<Known> {
    if path.len() < 2 {
        return None;
    }
    let first = path.get(1..)?.split('/').next().map_or(0, str::len) + 1;
    by_place(&format!("{host}{path}"))
        .or_else(|| by_place(&format!("{host}{}", path.get(..first).unwrap_or_default())))
}

fn search(list: &[(&'static str, &'static str, Kind)], place: &str) -> Option<Known> {
    let found = list.binary_search_by(|(known, ..)| (*known).cmp(place)).ok()?;
    list.get(found).map(|(_, name, kind)| (*name, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_without_repeats() {
        for list in [ADDED, ALIASES, list::REFERRERS, list::NAMES] {
            assert!(list.iter().is_sorted_by(|left, right| left.0 < right.0));
        }
    }

    #[test]
    fn hosts_are_matched_by_label() {
        let check = |host: &str, path: &str, expected: Option<&str>| {
            assert_eq!(by_host(host, path).map(|(name, _)| name), expected, "{host}{path}");
        };
        check("google.com", "", Some("Google"));
        check("google.de", "", Some("Google"));
        check("google.com", "/imgres", Some("Google Images"));
        check("maps.google.co.uk", "", Some("Google"));
        check("docs.google.com", "/document/d/1", Some("Google Docs"));
        check("de.search.yahoo.com", "/", Some("Yahoo!"));
        check("m.youtube.com", "/watch", Some("YouTube"));
        check("old.reddit.com", "/r/rust", Some("Reddit"));
        check("de.wikipedia.org", "/wiki/Ente", Some("Wikipedia"));
        check("notgoogle.com", "", None);
        check("google.com.evil.example", "", None);
        check("google.example", "", None);
        check("com", "", None);
        check("", "", None);
    }
}
