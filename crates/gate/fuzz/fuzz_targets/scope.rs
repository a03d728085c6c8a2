//! Reads arbitrary text as a scope.
//!
//! What is read prints as it is kept and is read back as that, satisfies itself, and is satisfied by the administering scope only where that
//! reaches; nothing else that is read satisfies more than its own database.

#![no_main]

use gate::{Action, Scope};
use gate_fuzz::VOCABULARY;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let (Some(one), Some(two)) = (lines.next(), lines.next()) else { return };
    let Ok(one_read) = VOCABULARY.scope(one) else { return };
    let one = one_read.to_string();
    assert_eq!(VOCABULARY.scope(&one).expect("it was read before").to_string(), one);
    assert!(VOCABULARY.satisfies(&one_read, &one_read));
    assert!(VOCABULARY.satisfies(&Scope::everywhere(Action::ADMIN), &one_read));
    let Ok(two_read) = VOCABULARY.scope(two) else { return };
    let two = two_read.to_string();
    if VOCABULARY.satisfies(&one_read, &two_read) {
        let place = |scope: &str| scope.split_once(':').map(|(_, place)| place.to_owned());
        let (held, wanted) = (place(&one).expect("a place"), place(&two).expect("a place"));
        let inside =
            wanted.strip_prefix(&held).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        assert!(held == "*" || inside, "{one} reaches {two}");
    }
});
