//! The script sites embed, under the names sites know it by.
//!
//! There are two files; which extensions are on, the script reads from its own address. So every name of the shape
//! `script.EXTENSION.….js` or `plausible.EXTENSION.….js` is one of the two, and the base name is the small one.

use std::sync::LazyLock;

use gate::http::{Headers, Path, Problem, Raw, Route};
use gate::{Class, CorsClass, Permit, Policy};
use http::{HeaderValue, Method};
use rust_embed::RustEmbed;

use crate::app::App;
use crate::assets::Assets;

/// Long enough that a visit loads it once, short enough that a new release is everywhere in an hour.
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");

#[derive(RustEmbed)]
#[folder = "../../tracker/dist"]
#[include = "script*.js*"]
struct Folder;

static FILES: LazyLock<Assets> = LazyLock::new(Assets::of::<Folder>);

pub(crate) fn routes() -> Vec<Route<App>> {
    let policy = Policy::public(Class::Static).cors(CorsClass::Ingest);
    vec![
        Route::new(Method::GET, "/js/{name}", policy, get_tracker)
            .summary("The script sites embed"),
    ]
}

async fn get_tracker(
    _: Permit,
    _: App,
    Path(name): Path<String>,
    Headers(headers): Headers,
) -> Result<Raw, Problem> {
    let file = file_for(&name).and_then(|file| FILES.get(file)).ok_or_else(Problem::not_found)?;
    Ok(Raw(file.respond(&headers, CACHE)))
}

/// The file a name stands for, if it stands for one.
fn file_for(name: &str) -> Option<&'static str> {
    let mut parts = name.strip_suffix(".js")?.split('.');
    if !matches!(parts.next(), Some("script" | "plausible")) {
        return None;
    }
    let is_extension = |part: &str| {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !part.is_empty() && part.bytes().all(is_plain)
    };
    let mut extensions = parts.peekable();
    if extensions.peek().is_none() {
        return Some("script.js");
    }
    extensions.all(is_extension).then_some("script.all.js")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_one_of_two_files() {
        for (name, expected) in [
            ("script.js", Some("script.js")),
            ("plausible.js", Some("script.js")),
            ("script.hash.outbound-links.js", Some("script.all.js")),
            ("plausible.404.js", Some("script.all.js")),
            ("script.all.js", Some("script.all.js")),
            ("script", None),
            ("script..js", None),
            ("script.Hash.js", None),
            ("script.js.gz", None),
            ("scripty.js", None),
            ("../script.js", None),
            ("other.js", None),
            (".js", None),
        ] {
            assert_eq!(file_for(name), expected, "{name}");
        }
    }

    #[test]
    fn both_files_are_there() {
        assert!(FILES.get("script.js").is_some());
        assert!(FILES.get("script.all.js").is_some());
    }
}
