//! The control store on real files.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod authenticators;
mod factors;
mod keys;
mod lockouts;
mod open;
mod passwords;
mod sessions;
mod settings;
mod sites;
mod tokens;
mod users;

use control::{ApiKey, Control, Session, SessionId, User, UserId};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

/// A store in a folder that goes with it.
struct Store {
    control: Control,
    folder: TempDir,
}

fn store() -> Store {
    let folder = TempDir::new().unwrap();
    let (control, opened) = Control::open(&folder.path().join("control.sqlite")).unwrap();
    assert!(opened.created);
    Store { control, folder }
}

/// Runs a statement so many times in one transaction, beside the store: through it each row would be a commit of its own.
fn fill(store: &Store, rows: u32, sql: &str) {
    let mut other = rusqlite::Connection::open(store.folder.path().join("control.sqlite")).unwrap();
    let transaction = other.transaction().unwrap();
    for number in 0..rows {
        transaction.execute(sql, [number]).unwrap();
    }
    transaction.commit().unwrap();
}

/// A fixed moment plus seconds.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

fn new_user(name: &str, role: &str) -> User {
    User {
        id: UserId(Uuid::new_v4()),
        name: name.to_owned(),
        role: role.to_owned(),
        grants: vec!["*".to_owned()],
        password_phc: Some("$argon2id$first".to_owned()),
        must_change_password: false,
        disabled: false,
        created_at: at(0),
        password_changed_at: at(0),
        last_login_at: None,
    }
}

fn add_user(control: &Control, name: &str, role: &str) -> User {
    let user = new_user(name, role);
    control.insert_user(&user).unwrap();
    user
}

/// A session whose hash is the token repeated, begun at so many seconds, ten minutes long.
fn add_session(control: &Control, user: &User, token: u8, seconds: i64) -> Session {
    let session = Session {
        token_hash: [token; 32],
        id: SessionId(Uuid::new_v4()),
        user_id: user.id,
        created_at: at(seconds),
        last_seen_at: at(seconds),
        expires_at: at(seconds + 600),
        user_agent: Some("Firefox".to_owned()),
        factors: "password".to_owned(),
        authenticated_at: at(seconds),
    };
    control.insert_session(&session).unwrap();
    session
}

fn new_key(id: &str, owner_id: Option<UserId>) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        name: "ci".to_owned(),
        mac: [7; 32],
        owner_id,
        scopes: vec!["read:*".to_owned(), "query:web".to_owned()],
        cidrs: vec!["10.0.0.0/8".to_owned()],
        created_at: at(0),
        expires_at: Some(at(1_000)),
        last_used_at: None,
        revoked_at: None,
        successor_id: None,
        label: Some("0123456789abcdef".to_owned()),
        imported: false,
        last_used_from: None,
        replaced_at: None,
        reminded_days: None,
    }
}
