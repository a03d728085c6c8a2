//! The channel of a visit: the kind of road it came by.
//!
//! The rules are those of Google Analytics 4's default channel group in its order, which Plausible follows too, and one for
//! assistants. They are a table: the first rule that holds gives the name.

use crate::source::Kind;

/// What a channel is decided by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traits<'a> {
    pub(crate) source: Option<&'a str>,
    pub(crate) kind: Option<Kind>,
    pub(crate) medium: Option<&'a str>,
    pub(crate) campaign: Option<&'a str>,
    /// A click id says that this source was paid for the click.
    pub(crate) is_paid_click: bool,
    pub(crate) has_referrer: bool,
}

/// A rule: the name of the channel and what must hold for it.
type Rule = (&'static str, fn(&Lowered<'_>) -> bool);

const RULES: &[Rule] = &[
    ("Cross-network", |it| it.campaign.contains("cross-network")),
    ("Paid Shopping", |it| it.is_paid && (it.is(Kind::Shopping) || it.is_shop_campaign())),
    ("Paid Search", |it| it.is_paid && it.is(Kind::Search)),
    ("Paid Social", |it| it.is_paid && it.is(Kind::Social)),
    ("Paid Video", |it| it.is_paid && it.is(Kind::Video)),
    ("Display", |it| {
        it.is(Kind::Paid)
            || it.medium_is(&["display", "banner", "expandable", "interstitial", "cpm"])
    }),
    ("Paid Other", |it| it.is_paid),
    ("AI Assistants", |it| it.is(Kind::Assistant)),
    ("Organic Shopping", |it| it.is(Kind::Shopping) || it.is_shop_campaign()),
    ("Organic Social", |it| {
        it.is(Kind::Social)
            || it.medium_is(&[
                "social",
                "social-network",
                "social-media",
                "sm",
                "social network",
                "social media",
            ])
    }),
    ("Organic Video", |it| it.is(Kind::Video) || it.medium.contains("video")),
    ("Organic Search", |it| it.is(Kind::Search) || it.medium_is(&["organic"])),
    ("Email", |it| {
        const NAMES: &[&str] = &["email", "e-mail", "e_mail", "e mail"];
        it.is(Kind::Email) || it.medium_is(NAMES) || it.source_is(NAMES)
    }),
    ("Affiliates", |it| it.medium_is(&["affiliate", "affiliates"])),
    ("Audio", |it| it.medium_is(&["audio"])),
    ("SMS", |it| it.medium_is(&["sms"]) || it.source_is(&["sms"])),
    ("Mobile Push", |it| {
        it.medium.ends_with("push")
            || it.medium.contains("mobile")
            || it.medium.contains("notification")
            || it.source_is(&["firebase"])
    }),
    ("Referral", |it| !it.source.is_empty() || !it.medium.is_empty() || it.has_referrer),
];

/// The channel of visits that nothing is known of.
pub(crate) const DIRECT: &str = "Direct";

/// The name of the channel.
pub(crate) fn classify(traits: &Traits<'_>) -> &'static str {
    let lowered = Lowered::new(traits);
    RULES.iter().find(|(_, holds)| holds(&lowered)).map_or(DIRECT, |(name, _)| name)
}

struct Lowered<'a> {
    source: &'a str,
    kind: Option<Kind>,
    medium: String,
    campaign: String,
    is_paid: bool,
    has_referrer: bool,
}

impl<'a> Lowered<'a> {
    fn new(traits: &Traits<'a>) -> Self {
        let lower = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
        let medium = lower(traits.medium);
        let is_paid_medium = medium.contains("cp")
            || medium == "ppc"
            || medium == "retargeting"
            || medium.starts_with("paid");
        Self {
            source: traits.source.unwrap_or_default(),
            kind: traits.kind,
            campaign: lower(traits.campaign),
            is_paid: is_paid_medium || traits.is_paid_click,
            has_referrer: traits.has_referrer,
            medium,
        }
    }

    fn is(&self, kind: Kind) -> bool {
        self.kind == Some(kind)
    }

    fn medium_is(&self, names: &[&str]) -> bool {
        names.contains(&self.medium.as_str())
    }

    fn source_is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| name.eq_ignore_ascii_case(self.source))
    }

    /// GA4's `^(.*(([^a-df-z]|^)shop|shopping).*)$`: the word shop or eshop, but not bishop or workshop.
    fn is_shop_campaign(&self) -> bool {
        self.campaign.match_indices("shop").any(|(at, _)| {
            let before = self.campaign.get(..at).and_then(|before| before.chars().next_back());
            let after = self.campaign.get(at..).unwrap_or_default();
            after.starts_with("shopping")
                || before.is_none_or(|it| it == 'e' || !it.is_ascii_lowercase())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &[(&str, Option<Kind>, &str, &str, &str)] = &[
        ("", None, "", "", DIRECT),
        ("Google", Some(Kind::Search), "cpc", "cross-network sale", "Cross-network"),
        ("Amazon", Some(Kind::Shopping), "cpc", "", "Paid Shopping"),
        ("x", None, "ppc", "spring shopping", "Paid Shopping"),
        ("x", None, "ppc", "bishop", "Paid Other"),
        ("Google", Some(Kind::Search), "CPC", "", "Paid Search"),
        ("Facebook", Some(Kind::Social), "paid-social", "", "Paid Social"),
        ("YouTube", Some(Kind::Video), "cpv", "", "Paid Video"),
        ("x", None, "banner", "", "Display"),
        ("Criteo", Some(Kind::Paid), "", "", "Display"),
        ("x", None, "retargeting", "", "Paid Other"),
        ("ChatGPT", Some(Kind::Assistant), "", "", "AI Assistants"),
        ("x", None, "", "eshop week", "Organic Shopping"),
        ("x", None, "social-media", "", "Organic Social"),
        ("x", None, "my video", "", "Organic Video"),
        ("x", None, "organic", "", "Organic Search"),
        ("newsletter", None, "e-mail", "", "Email"),
        ("Email", None, "", "", "Email"),
        ("x", None, "affiliate", "", "Affiliates"),
        ("x", None, "audio", "", "Audio"),
        ("sms", None, "", "", "SMS"),
        ("x", None, "web-push", "", "Mobile Push"),
        ("x", None, "", "", "Referral"),
        ("", None, "link", "", "Referral"),
    ];

    #[test]
    fn the_first_rule_that_holds_names_the_channel() {
        for (source, kind, medium, campaign, expected) in CASES {
            let set = |text: &'static str| Some(text).filter(|it| !it.is_empty());
            let traits = Traits {
                source: set(source),
                kind: *kind,
                medium: set(medium),
                campaign: set(campaign),
                ..Traits::default()
            };
            assert_eq!(classify(&traits), *expected, "{source} {medium} {campaign}");
        }
    }

    #[test]
    fn every_channel_has_a_case() {
        for (name, _) in RULES {
            assert!(CASES.iter().any(|(.., expected)| expected == name), "{name}");
        }
    }
}
