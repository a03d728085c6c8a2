//! Reasons with numbers in them, as the fixed texts a problem is made of.
//!
//! A problem takes no text that is made at run time, so that nothing of a request or of an inner error can get into one. The rules
//! of `web` say their bounds ("must have at most 120 characters"), which are constants, but are put together at run time. Each such
//! text is kept here once, for the life of the process.
//!
//! # Invariants
//! - Only reasons of rules and parameters come here: literals and constants, never input.
//! - At most [`TEXTS_MAX`] texts are kept, many more than there are rules.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

const TEXTS_MAX: usize = 256;

/// Said instead of a reason there is no place for.
const VAGUE: &str = "is not as it must be";

static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The reason as a fixed text.
pub(crate) fn fixed(reason: Cow<'static, str>) -> &'static str {
    match reason {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => kept(&mut TEXTS.lock().unwrap_or_else(PoisonError::into_inner), text),
    }
}

fn kept(texts: &mut BTreeSet<&'static str>, text: String) -> &'static str {
    if let Some(kept) = texts.get(text.as_str()) {
        return kept;
    }
    if texts.len() >= TEXTS_MAX {
        tracing::error!("there are more reasons than rules; one is told vaguely");
        return VAGUE;
    }
    let kept: &'static str = text.leak();
    texts.insert(kept);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_there_are_so_many() {
        let mut texts = BTreeSet::new();
        let first = kept(&mut texts, "rule 0".to_owned());
        assert!(std::ptr::eq(first, kept(&mut texts, "rule 0".to_owned())));
        for number in 0..TEXTS_MAX {
            let text = format!("rule {number}");
            assert_eq!(kept(&mut texts, text.clone()), text);
        }
        assert_eq!(kept(&mut texts, "one more".to_owned()), VAGUE);
        assert_eq!(kept(&mut texts, "rule 7".to_owned()), "rule 7");
        assert_eq!(texts.len(), TEXTS_MAX);
    }
}
