//! What robots and finders of holes look for.

use gate::http::{Route, Text};
use gate::{Class, Permit, Policy};
use http::Method;
use jiff::{SignedDuration, Timestamp};

use crate::app::App;

const SECURITY_CONTACT: &str = "https://github.com/shelduck/shelduck/security/advisories/new";

/// RFC 9116 asks for less than a year; the text is made anew with every request.
const SECURITY_TEXT_LIFE: SignedDuration = SignedDuration::from_hours(180 * 24);

pub(crate) fn routes() -> Vec<Route<App>> {
    let policy = Policy::public(Class::Static);
    vec![
        Route::new(Method::GET, "/robots.txt", policy, get_robots)
            .summary("Asks crawlers to stay away"),
        Route::new(Method::GET, "/.well-known/security.txt", policy, get_security_txt)
            .summary("Where to report holes (RFC 9116)"),
    ]
}

async fn get_robots(_: Permit, _: App) -> Text {
    Text("User-agent: *\nDisallow: /\n".into())
}

async fn get_security_txt(_: Permit, app: App) -> Text {
    let contact = app.options().security_contact.as_deref().unwrap_or(SECURITY_CONTACT);
    Text(security_text(contact, app.now()).into())
}

fn security_text(contact: &str, now: Timestamp) -> String {
    // A day's precision; an end that cannot be computed is now, which is honest.
    let expires = now.checked_add(SECURITY_TEXT_LIFE).unwrap_or(now).strftime("%Y-%m-%dT00:00:00Z");
    format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_security_text_ends_in_half_a_year() {
        let now = "2026-11-22T03:04:05Z".parse().unwrap();
        assert_eq!(
            security_text("mailto:security@example.org", now),
            "Contact: mailto:security@example.org\nExpires: 2027-05-21T00:00:00Z\nPreferred-Languages: en\n"
        );
    }
}
