//! Values that are planted, and looked for in every spelling.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::{HeaderMap, Method};
use serde_json::Value;
use testkit::{Answer, Client};

/// A value that must not be seen, but where it is said.
pub(crate) struct Planted {
    what: String,
    value: Vec<u8>,
    /// Where it must be seen, or may: the beginning of a place's name.
    places: Vec<String>,
    spellings: Vec<Vec<u8>>,
}

impl Planted {
    /// A text that nobody may see.
    pub(crate) fn text(what: &str, value: &str) -> Result<Self> {
        Self::bytes(what, value.as_bytes())
    }

    /// Bytes that nobody may see.
    pub(crate) fn bytes(what: &str, value: &[u8]) -> Result<Self> {
        ensure!(value.len() >= 4, "{what} would be found by accident");
        Ok(Self {
            what: what.to_owned(),
            value: value.to_vec(),
            places: Vec::new(),
            spellings: spellings(value),
        })
    }

    /// Where it may be seen all the same.
    pub(crate) fn seen_in(mut self, place: &str) -> Self {
        self.places.push(place.to_owned());
        self
    }

    /// How it stands in some bytes, if it does.
    fn found_in(&self, bytes: &[u8]) -> bool {
        // Digits alone stand in many numbers; those of a code stand by themselves.
        let alone = self.value.iter().all(u8::is_ascii_digit);
        self.spellings.iter().any(|spelling| {
            places(bytes, spelling).any(|place| {
                let before = place.checked_sub(1).and_then(|before| bytes.get(before));
                let after = bytes.get(place + spelling.len());
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+/_".contains(byte);
                !(alone && (before.is_some_and(is_word) || after.is_some_and(is_word)))
            })
        })
    }
}

fn places<'a>(bytes: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let first = needle.first().copied().unwrap_or_default();
    let starts = bytes.iter().enumerate().filter(move |(_, byte)| **byte == first);
    starts.map(|(place, _)| place).filter(|place| bytes[*place..].starts_with(needle))
}

/// As it is, percent-encoded, in hexadecimal, and in base64 wherever in a longer text it stands.
fn spellings(value: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found: Vec<Vec<u8>> =
        vec![value.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    for keeps in [&b"-._~"[..], &b"-._~/@:!$'()*,;"[..], &b""[..]] {
        let escape = |byte: &u8| match byte {
            byte if byte.is_ascii_alphanumeric() || keeps.contains(byte) => {
                char::from(*byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        };
        let text: String = value.iter().map(escape).collect();
        found.extend([text.to_lowercase().into_bytes(), text.into_bytes()]);
    }
    for shift in 0..3 {
        let shifted = [&vec![0; shift], value].concat();
        // Letters at either end also hold bits of what stands beside it.
        let (from, whole) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            found.push(text.as_bytes()[from..whole].to_vec());
        }
    }
    found.sort();
    found.dedup();
    // In lower case a value may be another one, which is no finding.
    found.retain(|spelling| spelling.len() >= value.len().min(6));
    found
}

#[test]
fn a_value_is_found_however_it_is_written() -> Result<()> {
    let planted = Planted::text("it", "a/b c?secret")?;
    for text in [
        "xx a/b c?secret xx",
        "a%2Fb%20c%3Fsecret",
        "a%2fb%20c%3fsecret",
        "612f6220633f736563726574",
        "612F6220633F736563726574",
        // base64 of "1a/b c?secret2", "12a/b c?secret", "123a/b c?secret4" (Python's base64 module).
        "MWEvYiBjP3NlY3JldDI=",
        "MTJhL2IgYz9zZWNyZXQ=",
        "MTIzYS9iIGM_c2VjcmV0NA==",
    ] {
        ensure!(planted.found_in(text.as_bytes()), "{text}");
    }
    ensure!(!planted.found_in(b"a/b c?secre"));
    let code = Planted::text("a code", "123456")?;
    ensure!(code.found_in(b"code=123456 ") && !code.found_in(b"in 0.123456s"));
    Ok(())
}

/// Everything the server said over its listeners, by what was asked.
#[derive(Default)]
pub(crate) struct Heard(Vec<(String, Vec<u8>)>);

impl Heard {
    /// Asks, and keeps what comes back.
    pub(crate) async fn ask(
        &mut self,
        client: &mut Client,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let body = match body {
            Some(body) => Some(("application/json", serde_json::to_vec(body)?.into())),
            None => None,
        };
        let plain = path.split('?').next().unwrap_or(path);
        let place = format!("{method} {plain}");
        let answer = client.send(method, path, body).await?;
        self.keep(&place, &answer);
        Ok(answer)
    }

    /// Keeps an answer.
    pub(crate) fn keep(&mut self, place: &str, answer: &Answer) {
        let mut bytes = head(&answer.headers);
        bytes.extend_from_slice(&answer.body);
        self.0.push((place.to_owned(), bytes));
    }

    /// Keeps what else the server made.
    pub(crate) fn add(&mut self, place: &str, bytes: Vec<u8>) {
        self.0.push((place.to_owned(), bytes));
    }

    /// Keeps all files of a folder.
    pub(crate) fn add_folder(&mut self, dir: &Path) -> Result<()> {
        let mut waiting = vec![dir.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.is_file() {
                    let name = path.strip_prefix(dir)?.display().to_string();
                    self.add(&format!("file {name}"), fs::read(&path)?);
                }
            }
        }
        Ok(())
    }

    /// Where a value stands.
    fn places_of(&self, planted: &Planted) -> Vec<&str> {
        let seen = self.0.iter().filter(|(_, bytes)| planted.found_in(bytes));
        seen.map(|(place, _)| place.as_str()).collect()
    }

    /// No value is anywhere but where it may be; and there it is, so that the search is known to find it.
    pub(crate) fn nothing_shows(&self, all: &[Planted]) -> Result<()> {
        let mut wrong = Vec::new();
        for planted in all {
            let found = self.places_of(planted);
            let may = |place: &&&str| planted.places.iter().any(|may| place.starts_with(may));
            wrong.extend(
                found
                    .iter()
                    .filter(|place| !may(place))
                    .map(|place| format!("{} is in {place}", planted.what)),
            );
            for place in &planted.places {
                if !found.iter().any(|found| found.starts_with(place)) {
                    wrong.push(format!("{} is not in {place}, where it should be", planted.what));
                }
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

fn head(headers: &HeaderMap) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

/// The value of a cookie that an answer sets.
pub(crate) fn cookie(answer: &Answer, name: &str) -> Result<String> {
    let set = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let mut found =
        set.filter_map(|text| text.split(';').next()?.strip_prefix(&format!("{name}=")));
    found
        .next_back()
        .map(str::to_owned)
        .with_context(|| format!("no cookie {name}: {:?}", answer.headers))
}
