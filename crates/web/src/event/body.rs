//! The wire, before any rule: a slot for each field, holding whatever JSON was
//! there.
//!
//! A field of the wrong type must be reported by its name, which a derived reader does not do; so the types are checked after reading.
//! Texts are borrowed from the body where JSON allows it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::{Field, FieldError, Rule};
use super::number;
use super::props::PROPS_MAX;
use super::revenue::{Currency, Revenue, thousandths};

/// Any JSON value, as deep as events need it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Loose<'a> {
    /// Not there, or `null`.
    #[default]
    Nothing,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// The first entries of an object, in the order written.
    Object(Vec<(Cow<'a, str>, Self)>),
    /// A list.
    List,
}

impl<'a> Loose<'a> {
    pub(super) fn into_text(self) -> Result<Option<Cow<'a, str>>, Rule> {
        match self {
            Self::Nothing => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            _ => Err(Rule::NotText),
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// The known fields of a body. Fields given twice are already noted in `problems`.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    slots: [Loose<'a>; Field::COUNT],
    pub(super) problems: Vec<FieldError>,
}

impl<'a> Body<'a> {
    pub(super) fn from_query(query: &'a str) -> Self {
        let mut body = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let field = Field::from_key(&key).filter(|field| field.is_of_pixel());
            if let Some(field) = field {
                body.put(field, Loose::Text(value));
            }
        }
        if let Some(slot @ Loose::Nothing) = body.slots.get_mut(Field::Name as usize) {
            *slot = Loose::Text(Cow::Borrowed(super::PAGEVIEW));
        }
        body
    }

    fn put(&mut self, field: Field, value: Loose<'a>) {
        if value.is_nothing() {
            return;
        }
        let Some(slot) = self.slots.get_mut(field as usize) else { return };
        if slot.is_nothing() {
            *slot = value;
        } else {
            self.problems.push(FieldError { field, rule: Rule::Twice });
        }
    }

    pub(super) fn take(&mut self, field: Field) -> Loose<'a> {
        self.slots.get_mut(field as usize).map(std::mem::take).unwrap_or_default()
    }

    /// A boolean; 0 and 1 count as one.
    pub(super) fn flag(&mut self, field: Field) -> Result<Option<bool>, Rule> {
        match self.take(field) {
            Loose::Nothing => Ok(None),
            Loose::Bool(flag) => Ok(Some(flag)),
            Loose::Unsigned(number @ (0 | 1)) => Ok(Some(number == 1)),
            _ => Err(Rule::NotABoolean),
        }
    }

    /// A whole number from 0 to `max`, as a number or as the digits of one.
    pub(super) fn whole(&mut self, field: Field, max: u64) -> Result<Option<u64>, Rule> {
        let rule = Rule::NotWhole { max };
        let number = match self.take(field) {
            Loose::Nothing => return Ok(None),
            Loose::Unsigned(number) => number,
            Loose::Float(number) => number::whole(number).ok_or(rule)?,
            Loose::Text(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| rule)?
            }
            _ => return Err(rule),
        };
        if number > max { Err(rule) } else { Ok(Some(number)) }
    }

    /// The revenue of either dialect: an object, or amount and currency side by side.
    pub(super) fn revenue(&mut self, note: &mut impl FnMut(Field, Rule)) -> Option<Revenue> {
        let mut amount = self.take(Field::RevenueAmount);
        let mut currency = self.take(Field::RevenueCurrency);
        match self.take(Field::Revenue) {
            Loose::Nothing => {}
            Loose::Object(_) if !amount.is_nothing() || !currency.is_nothing() => {
                note(Field::Revenue, Rule::Twice);
                return None;
            }
            Loose::Object(entries) => {
                for (key, value) in entries {
                    match key.as_ref() {
                        "amount" => amount = value,
                        "currency" => currency = value,
                        _ => {}
                    }
                }
                if amount.is_nothing() && currency.is_nothing() {
                    note(Field::Revenue, Rule::Missing);
                    return None;
                }
            }
            _ => {
                note(Field::Revenue, Rule::NotAnObject);
                return None;
            }
        }
        if amount.is_nothing() && currency.is_nothing() {
            return None;
        }
        let amount = thousandths(&amount).map_err(|rule| note(Field::RevenueAmount, rule)).ok();
        let currency = currency.into_text().and_then(|code| match code {
            Some(code) => Currency::parse(&code).ok_or(Rule::NotACurrency),
            None => Err(Rule::Missing),
        });
        let currency = currency.map_err(|rule| note(Field::RevenueCurrency, rule)).ok();
        Some(Revenue { thousandths: amount?, currency: currency? })
    }
}

impl<'de> Deserialize<'de> for Body<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BodyVisitor)
    }
}

struct BodyVisitor;

impl<'de> Visitor<'de> for BodyVisitor {
    type Value = Body<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key::<Loose<'de>>()? {
            let Loose::Text(key) = key else { continue };
            match Field::from_key(&key) {
                Some(field) => body.put(field, map.next_value()?),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(body)
    }
}

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Loose::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while entries.len() < PROPS_MAX
            && let Some(key) = map.next_key::<Loose<'de>>()?
        {
            match (key, map.next_value::<Self::Value>()?) {
                (_, Loose::Nothing) => {}
                (Loose::Text(key), value) => entries.push((key, value)),
                _ => {}
            }
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Object(entries))
    }
}
