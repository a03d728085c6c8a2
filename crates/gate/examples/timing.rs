//! One act at the gate, for `tests/it/timing.rs` to count.
//!
//! Everything about it is fixed (time, randomness, an empty store in memory), so that two runs differ only in what the
//! argument says. It prints nothing; whether the act ended as it should is its exit status.

#![expect(clippy::expect_used, reason = "an act that cannot be prepared has nothing to count")]

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gate::audit::{AuditEvent, AuditSink};
use gate::clock::Clock;
use gate::door::{self, Ask, Credential, Provenance, Refusal};
use gate::memory::MemoryStore;
use gate::random::{Random, RandomError};
use gate::secret::Fingerprint;
use gate::session::SessionToken;
use gate::{
    AccountError, Action, ActionRow, ApiKey, Class, ClientAddress, Environment, Gate, GateConfig,
    LogIn, NewKey, NewUser, Password, Policy, RoleRow, RootSecret, Vocabulary,
};
use jiff::Timestamp;

const PASSWORD: &str = "violet tractor hums under seven bridges";
const WRONG_PASSWORD: &str = "violet tractor hums under seven ridges!";

const VOCABULARY: Vocabulary = Vocabulary {
    actions: &[
        ActionRow { action: Action::READ, includes: &[] },
        ActionRow { action: Action::ADMIN, includes: &[] },
    ],
    roles: &[RoleRow { name: "admin", scopes: &[(Action::ADMIN, "*")], privileged: true }],
    administering: Action::ADMIN,
    first_role: "admin",
    password_words: &[],
    second_factor_for: &[],
    canonical_object: |_| None,
};

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("a time")
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(1)
    }
}

struct Deaf;

impl AuditSink for Deaf {
    fn record(&self, _: &AuditEvent) {}
}

/// Bytes that look random and are the same every time.
struct Fixed(Mutex<u64>);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        let mut state = self.0.lock().map_err(|_| RandomError)?;
        for byte in bytes {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// Draws exactly those letters and digits, so that a key can be made of chosen parts.
struct Spelt(Mutex<Vec<String>>);

impl Random for Spelt {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        const LETTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut words = self.0.lock().map_err(|_| RandomError)?;
        let word = words.pop().ok_or(RandomError)?;
        for (byte, letter) in bytes.iter_mut().zip(word.chars()) {
            *byte = LETTERS.find(letter).and_then(|at| u8::try_from(at).ok()).ok_or(RandomError)?;
        }
        Ok(())
    }
}

fn gate() -> Gate {
    let mut config = GateConfig::default();
    // The floor: the same steps as the defaults take, and fewer rounds to wait for.
    config.passwords.memory_kib = 19 * 1024;
    config.passwords.passes = 2;
    let environment = Environment {
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(Still),
        random: Arc::new(Fixed(Mutex::new(7))),
        audit: Arc::new(Deaf),
        breached: None,
        keyring: RootSecret::from_random([3; 32]).into(),
    };
    Gate::new(config, VOCABULARY, environment).expect("a gate")
}

fn client() -> ClientAddress {
    ClientAddress::network("192.0.2.1".parse().expect("an address"))
}

fn ask(gate: &Gate, credential: Credential) -> Ask {
    Ask {
        client: client(),
        request_id: gate.request_id(),
        credential,
        provenance: Provenance::SameOrigin,
        policy: Policy::signed_in(Class::Read),
        operation: "timing".into(),
        object: None,
        device: None,
    }
}

/// The text with one character replaced by another.
fn with_other(text: &str, place: usize) -> String {
    let mut text = text.to_owned();
    let other = if text.get(place..=place) == Some("7") { "8" } else { "7" };
    text.replace_range(place..=place, other);
    text
}

/// The key a guesser would show: its checksum is right, whatever it is made of.
fn key_like(right: &ApiKey, case: &str) -> ApiKey {
    let parts: Vec<&str> = right.expose().split('_').collect();
    let [_, _, id, secret, _] = parts.as_slice() else { unreachable!("a key has five parts") };
    let (id, secret) = match case {
        "key-first-wrong" => ((*id).to_owned(), with_other(secret, 0)),
        "key-last-wrong" => ((*id).to_owned(), with_other(secret, secret.len() - 1)),
        _ => (with_other(id, id.len() - 1), (*secret).to_owned()),
    };
    let spelt = Spelt(Mutex::new(vec![secret, id]));
    ApiKey::generate(right.environment(), &spelt).expect("a key")
}

fn create_user(gate: &Gate) {
    let user = NewUser {
        name: "grace".to_owned(),
        role: "admin".to_owned(),
        grants: None,
        password: Some(Password::new(PASSWORD.to_owned())),
    };
    gate.create_user(&gate::local::operator(gate), &user).expect("a user");
}

async fn show_key(gate: &Gate, case: &str) -> bool {
    let operator = gate::local::operator(gate);
    let scopes = vec!["read:web".to_owned()];
    let new = NewKey { name: "program".to_owned(), scopes, ..NewKey::default() };
    let right = gate.create_key(&operator, &new).expect("a key").key;
    let shown = key_like(&right, case);
    let answer = door::check(gate, ask(gate, Credential::Key(shown))).await;
    matches!(answer.map_err(|refused| refused.refusal), Err(Refusal::Unauthenticated))
}

async fn show_session(gate: &Gate, case: &str) -> bool {
    create_user(gate);
    let operator = gate::local::operator(gate);
    let entered = gate.log_in(&operator, &form("grace", PASSWORD)).expect("the right password");
    let entered = entered.signed_in().expect("a session");
    let right = entered.token.expose();
    let shown = match case {
        "session-first-wrong" => with_other(right, 0),
        "session-last-wrong" => with_other(right, right.len() - 1),
        _ => right.chars().rev().collect(),
    };
    let token = SessionToken::parse(&shown).expect("a token");
    let answer = door::check(gate, ask(gate, Credential::Session(token))).await;
    matches!(answer.map_err(|refused| refused.refusal), Err(Refusal::Unauthenticated))
}

/// Compares two stored codes of which at most one byte differs.
fn compare(case: &str) -> bool {
    let kept = Fingerprint([7; 32]);
    let mut other = kept;
    match (case, &mut other.0) {
        ("compare-first-differs", [first, ..]) => *first = 8,
        ("compare-last-differs", [.., last]) => *last = 8,
        _ => {}
    }
    std::hint::black_box(other).matches(&kept) == (case == "compare-equal")
}

fn form(username: &str, password: &str) -> LogIn {
    LogIn {
        username: username.to_owned(),
        password: Password::new(password.to_owned()),
        user_agent: None,
    }
}

async fn sign_in(gate: &Gate, case: &str) -> bool {
    create_user(gate);
    let policy = Policy::public(Class::Auth);
    let ask = Ask { policy, ..ask(gate, Credential::None) };
    let permit = door::check(gate, ask).await.expect("a permit").permit;
    let name = if case == "login-unknown" { "mabel" } else { "grace" };
    let answer = gate.log_in(&permit, &form(name, WRONG_PASSWORD));
    matches!(answer, Err(AccountError::WrongCredentials))
}

fn main() -> ExitCode {
    let case = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let as_it_should = match case.split('-').next() {
        Some("compare") => compare(&case),
        Some("key") => runtime.block_on(show_key(&gate(), &case)),
        Some("session") => runtime.block_on(show_session(&gate(), &case)),
        Some("login") => runtime.block_on(sign_in(&gate(), &case)),
        _ => false,
    };
    ExitCode::from(u8::from(!as_it_should))
}
