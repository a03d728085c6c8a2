//! What a site sends: read, checked, and taken apart once.
//!
//! Two dialects come in over one door: Plausible's (long and short keys) and Mallard's (`ra`, `rc`, `w`). Both are read into the
//! same fields; keys nobody knows are ignored, because clients in the wild send more than they need. Every known field has a rule, and
//! a field that breaks it refuses the event with the field's name: nothing is stored of an event that is not wholly understood.
//!
//! The exceptions are the two where Plausible's clients rely on leniency: a referrer that is no web address counts as none, and an
//! engaged time of 30 days or more as not measured.
//!
//! # Invariants
//! - A [`NewEvent`] always fits the tables: lengths, ranges and characters are bounded here and nowhere later.
//! - Control characters never pass: refused in names, removed from values.
//!
//! # Not here
//! Whether the site exists and may be written to: [`crate::sites`]. What is derived from the request: [`crate::ingest`].

mod body;
mod error;
mod number;
mod page;
mod props;
mod revenue;

use std::borrow::Cow;

pub use self::error::{BodyError, Field, FieldError, Rule};
pub use self::page::{Page, URL_BYTES_MAX};
pub use self::props::{KEY_BYTES_MAX, PROPS_MAX, VALUE_BYTES_MAX};
pub use self::revenue::{AMOUNT_MAX, Currency, Revenue};

use self::body::{Body, Loose};
use crate::sites::normalise_domain;

/// The longest event name, in characters.
pub const NAME_CHARS_MAX: usize = 120;
/// The longest referrer that is looked at, in bytes.
pub const REFERRER_BYTES_MAX: usize = 8_192;
/// The most sites one event may name.
pub const SITES_MAX: usize = 20;
/// The widest viewport believed, in CSS pixels.
pub const WIDTH_MAX: u32 = 100_000;
/// Engaged times from here on (30 days) are a broken clock and count as not measured.
pub const ENGAGED_MS_END: u64 = 30 * 24 * 60 * 60 * 1000;

/// The name of the event a page view is.
pub const PAGEVIEW: &str = "pageview";
/// The name of the event that reports scroll depth and engaged time; it never counts as an event.
pub const ENGAGEMENT: &str = "engagement";

/// An event whose every field was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent<'a> {
    /// The sites it is for, normalised, without repeats; never empty.
    pub sites: Vec<Cow<'a, str>>,
    /// Its name, such as `pageview`.
    pub name: Cow<'a, str>,
    /// The page it happened on.
    pub page: Page,
    /// The referrer as sent.
    pub referrer: Option<Cow<'a, str>>,
    /// Custom properties, as the text of a JSON object whose values are texts.
    pub props: Option<String>,
    /// What it was worth.
    pub revenue: Option<Revenue>,
    /// Whether it ends a bounce.
    pub interactive: bool,
    /// How far the page was scrolled, 0 to 100; only on engagement events.
    pub scroll_depth: Option<u8>,
    /// How long the page had the visitor's attention; only on engagement events.
    pub engaged_ms: Option<u32>,
    /// The width of the viewport in CSS pixels.
    pub width: Option<u32>,
}

impl<'a> NewEvent<'a> {
    /// Reads the body of a `POST`.
    ///
    /// # Errors
    /// [`BodyError::NotAnObject`] when it is not a JSON object, [`BodyError::Fields`] with every field that breaks its rule.
    pub fn from_json(body: &'a [u8]) -> Result<Self, BodyError> {
        let body = serde_json::from_slice(body).map_err(|_| BodyError::NotAnObject)?;
        Self::check(body)
    }

    /// Reads the query of a pixel: `d`, `u`, `n` (a page view when missing), `r`, `w`.
    ///
    /// # Errors
    /// [`BodyError::Fields`] with every field that breaks its rule.
    pub fn from_query(query: &'a str) -> Result<Self, BodyError> {
        Self::check(Body::from_query(query))
    }

    fn check(mut body: Body<'a>) -> Result<Self, BodyError> {
        let mut problems = std::mem::take(&mut body.problems);
        let mut note = |field: Field, rule: Rule| problems.push(FieldError { field, rule });
        let name = or_note(name(body.take(Field::Name)), Field::Name, &mut note);
        let is_engagement = name.as_deref() == Some(ENGAGEMENT);
        let hash_mode = or_note(body.flag(Field::HashMode), Field::HashMode, &mut note);
        let with_fragment = hash_mode.flatten().unwrap_or(false);
        let page = or_note(page(body.take(Field::Url), with_fragment), Field::Url, &mut note);
        let sites =
            or_note(sites(body.take(Field::Domain), page.as_ref()), Field::Domain, &mut note);
        let referrer = or_note(referrer(body.take(Field::Referrer)), Field::Referrer, &mut note);
        let props = or_note(props::canonical(body.take(Field::Props)), Field::Props, &mut note);
        let revenue = body.revenue(&mut note);
        let interactive = or_note(body.flag(Field::Interactive), Field::Interactive, &mut note);
        or_note(body.whole(Field::Version, u64::MAX), Field::Version, &mut note);
        let width = or_note(body.whole(Field::Width, WIDTH_MAX.into()), Field::Width, &mut note);
        let scroll = or_note(body.whole(Field::ScrollDepth, 100), Field::ScrollDepth, &mut note);
        let engaged = or_note(body.whole(Field::EngagedMs, u64::MAX), Field::EngagedMs, &mut note);
        let engaged = engaged.flatten().filter(|millis| *millis < ENGAGED_MS_END);
        let scroll = scroll.flatten();
        if is_engagement && scroll.is_none() && engaged.is_none() {
            note(Field::EngagedMs, Rule::NothingMeasured);
        }
        let (Some(name), Some(page), Some(sites), true) = (name, page, sites, problems.is_empty())
        else {
            return Err(BodyError::Fields(problems));
        };
        Ok(Self {
            sites,
            page,
            referrer: referrer.flatten(),
            props: props.flatten(),
            revenue,
            interactive: interactive.flatten().unwrap_or(true) && !is_engagement,
            scroll_depth: scroll
                .filter(|_| is_engagement)
                .and_then(|depth| u8::try_from(depth).ok()),
            engaged_ms: engaged.filter(|_| is_engagement).and_then(|ms| u32::try_from(ms).ok()),
            width: width.flatten().and_then(|width| u32::try_from(width).ok()),
            name,
        })
    }
}

fn or_note<T>(
    checked: Result<T, Rule>,
    field: Field,
    note: &mut impl FnMut(Field, Rule),
) -> Option<T> {
    checked.map_err(|rule| note(field, rule)).ok()
}

fn name(value: Loose<'_>) -> Result<Cow<'_, str>, Rule> {
    let name = trimmed(value.into_text()?.ok_or(Rule::Missing)?);
    if name.is_empty() {
        return Err(Rule::Missing);
    }
    if name.len() > NAME_CHARS_MAX && name.chars().count() > NAME_CHARS_MAX {
        return Err(Rule::TooManyChars { chars_max: NAME_CHARS_MAX });
    }
    if name.chars().any(char::is_control) {
        return Err(Rule::ControlCharacter);
    }
    Ok(name)
}

fn page(value: Loose<'_>, with_fragment: bool) -> Result<Page, Rule> {
    let url = value.into_text()?.filter(|url| !url.is_empty()).ok_or(Rule::Missing)?;
    Page::parse(&url, with_fragment)
}

/// The sites named, or the host of the page when none is.
fn sites<'a>(value: Loose<'a>, page: Option<&Page>) -> Result<Vec<Cow<'a, str>>, Rule> {
    let named = value.into_text()?;
    let mut sites: Vec<Cow<'a, str>> = Vec::with_capacity(1);
    for part in named.as_deref().unwrap_or_default().split(',') {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let site = normalise_domain(part).ok_or(Rule::NotADomain)?;
        if !sites.contains(&site) {
            sites.push(Cow::Owned(site.into_owned()));
        }
        if sites.len() > SITES_MAX {
            return Err(Rule::TooMany { count_max: SITES_MAX });
        }
    }
    if sites.is_empty() {
        // A page that was refused has its own error; this field then has none to add.
        match page {
            Some(page) => sites.push(Cow::Owned(
                normalise_domain(&page.hostname()).ok_or(Rule::NotADomain)?.into_owned(),
            )),
            None if named.is_none() => {}
            None => return Err(Rule::Missing),
        }
    }
    Ok(sites)
}

fn referrer(value: Loose<'_>) -> Result<Option<Cow<'_, str>>, Rule> {
    let Some(referrer) = value.into_text()? else { return Ok(None) };
    if referrer.len() > REFERRER_BYTES_MAX {
        return Err(Rule::TooManyBytes { bytes_max: REFERRER_BYTES_MAX });
    }
    Ok(Some(referrer).filter(|referrer| !referrer.is_empty()))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests;
