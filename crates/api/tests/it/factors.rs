//! Second factors over HTTP, with the real store.

use gate::config::MfaRule;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{Device, totp_code};

use crate::world::NOW;
use crate::{Answer, Ask, World};

const PASSWORD: &str = "seven grey herons at low tide";
const BROWSER: (&str, &str) = ("user-agent", "Firefox");

/// A world in which so many seconds have passed.
struct At {
    world: World,
    passed: i64,
}

impl At {
    fn new(rule: MfaRule) -> Self {
        Self { world: World::guarded(|config| config.mfa.required = rule), passed: 0 }
    }

    fn pass(&mut self, seconds: i64) {
        self.world.pass(seconds);
        self.passed += seconds;
    }

    fn code(&self, secret: &str) -> String {
        let start: Timestamp = NOW.parse().unwrap();
        totp_code(secret, start.as_second() + self.passed).unwrap()
    }

    /// As a page of ours sends it, without a session.
    async fn page(&self, path: &str, body: &Value) -> Answer {
        let ask = Ask::post(path, body).header("sec-fetch-site", "same-origin");
        self.world.send(ask.header(BROWSER.0, BROWSER.1)).await
    }

    async fn log_in(&self, username: &str) -> Answer {
        self.page("/v1/auth/login", &json!({"username": username, "password": PASSWORD})).await
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.world.send(Ask::get(path).cookie(cookie)).await
    }

    async fn post(&self, cookie: &str, path: &str, body: &Value) -> Answer {
        self.world.send(Ask::post(path, body).header(BROWSER.0, BROWSER.1).cookie(cookie)).await
    }

    /// A request without a body.
    async fn bare(&self, cookie: &str, method: Method, path: &str) -> Answer {
        let ask = Ask::new(method, path).header(BROWSER.0, BROWSER.1);
        self.world.send(ask.cookie(cookie)).await
    }

    /// Adds somebody past the API.
    async fn add(&self, name: &str, role: &str) {
        let (gate, name, role) = (self.world.gate.clone(), name.to_owned(), role.to_owned());
        let add = move || {
            let password = Some(gate::Password::new(PASSWORD.to_owned()));
            let new = gate::NewUser { name, role, grants: None, password };
            gate.create_user(&gate::local::operator(&gate), &new).unwrap();
        };
        tokio::task::spawn_blocking(add).await.unwrap();
    }

    /// Signs in by password and sets up an app: the cookie, the secret and the recovery codes. The next code is unused.
    async fn enrol(&mut self, name: &str) -> (String, String, Vec<String>) {
        let cookie = cookie_of(&self.log_in(name).await);
        let offer = self.bare(&cookie, Method::POST, "/v1/me/totp").await.json(200);
        let secret = offer["secret"].as_str().unwrap().to_owned();
        let code = json!({"code": self.code(&secret)});
        let confirmed = self.post(&cookie, "/v1/me/totp/confirm", &code).await;
        let codes = confirmed.json(200)["recovery_codes"].clone();
        self.pass(30);
        (cookie_of(&confirmed), secret, serde_json::from_value(codes).unwrap())
    }
}

#[track_caller]
fn cookie_of(answer: &Answer) -> String {
    let set = answer.headers.get("set-cookie").unwrap();
    set.to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_app_is_set_up_used_and_given_up() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let cookie = cookie_of(&at.log_in("ada").await);
    let none = json!({"enabled": false, "created_at": null});
    assert_eq!(at.get(&cookie, "/v1/me/totp").await.json(200), none);
    let offer = at.bare(&cookie, Method::POST, "/v1/me/totp").await.json(200);
    let secret = offer["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32, "160 bits");
    assert!(offer["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/Shelduck:ada?"));
    assert!(offer["qr_svg"].as_str().unwrap().starts_with("<svg "));
    let wrong = at.post(&cookie, "/v1/me/totp/confirm", &json!({"code": "000000"})).await;
    assert_eq!(wrong.problem(422), "invalid code");

    let (cookie, secret, codes) = at.enrol("ada").await;
    assert_eq!(codes.len(), 10);
    let state = at.get(&cookie, "/v1/me/totp").await.json(200);
    assert_eq!((&state["enabled"], state["created_at"].is_string()), (&json!(true), true));
    let left = at.get(&cookie, "/v1/me/recovery-codes").await.json(200);
    assert_eq!(left["remaining"], 10);

    let asked = at.log_in("ada").await;
    assert!(!asked.headers.contains_key("set-cookie"), "nothing has begun");
    let mfa = asked.json(200)["mfa"].clone();
    assert_eq!(mfa["methods"], json!(["totp", "recovery_code"]));
    let body = json!({"transaction": mfa["transaction"], "code": at.code(&secret)});
    let begun = at.page("/v1/auth/mfa", &body).await;
    assert_eq!(begun.json(200)["user"]["username"], "ada");
    let session = at.get(&cookie_of(&begun), "/v1/auth/session").await.json(200);
    assert_eq!(session["session"]["factors"], json!(["password", "totp"]));
    assert!(session["session"]["fresh_until"].is_string(), "{session}");
    assert_eq!(at.page("/v1/auth/mfa", &body).await.problem(401), "transaction-ended");

    let cookie = cookie_of(&begun);
    let renewed = at.bare(&cookie, Method::POST, "/v1/me/recovery-codes").await.json(200);
    assert_eq!(renewed["codes"].as_array().unwrap().len(), 10);
    at.bare(&cookie, Method::DELETE, "/v1/me/totp").await.nothing(204);
    assert_eq!(at.bare(&cookie, Method::DELETE, "/v1/me/totp").await.problem(404), "not-found");
    assert_eq!(
        at.bare(&cookie, Method::POST, "/v1/me/recovery-codes").await.problem(409),
        "conflict"
    );
    assert!(at.log_in("ada").await.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn the_second_step_is_one_thing_and_not_two() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let (_, secret, codes) = at.enrol("ada").await;
    let transaction = at.log_in("ada").await.json(200)["mfa"]["transaction"].clone();
    for body in [
        json!({"transaction": transaction}),
        json!({"transaction": transaction, "code": at.code(&secret), "recovery_code": codes[0]}),
    ] {
        assert_eq!(at.page("/v1/auth/mfa", &body).await.problem(422), "invalid code");
    }
    let odd = json!({"transaction": "x", "code": "000000"});
    assert_eq!(at.page("/v1/auth/mfa", &odd).await.problem(400), "bad-request transaction");
    let wrong = json!({"transaction": transaction, "code": "000000"});
    assert_eq!(at.page("/v1/auth/mfa", &wrong).await.problem(401), "wrong-factor");
    let right = json!({"transaction": transaction, "recovery_code": codes[0]});
    at.page("/v1/auth/mfa", &right).await.json(200);
    let state = at.world.control.recovery_codes(user_id(&at, "ada")).unwrap().unwrap();
    assert_eq!(state.0, 9);
}

fn user_id(at: &At, name: &str) -> control::UserId {
    at.world.control.user_by_name(name).unwrap().unwrap().id
}

#[tokio::test]
async fn a_guess_is_answered_alike_whether_there_is_a_factor_or_not() {
    let mut at = At::new(MfaRule::None);
    for name in ["ada", "bob"] {
        at.add(name, "viewer").await;
    }
    at.enrol("ada").await;
    let mut answers = Vec::new();
    for name in ["ada", "bob", "nobody"] {
        let body = json!({"username": name, "password": "the wrong words altogether"});
        let answer = at.page("/v1/auth/login", &body).await;
        let mut problem = answer.json(401);
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn an_admin_enrols_before_anything_else() {
    let mut at = At::new(MfaRule::Privileged);
    at.add("ada", "admin").await;
    let begun = at.log_in("ada").await;
    assert_eq!(begun.json(200)["required"], json!(["enrol_factor"]));
    let cookie = cookie_of(&begun);
    for path in ["/v1/sites", "/v1/users", "/v1/keys", "/v1/limits"] {
        assert_eq!(at.get(&cookie, path).await.problem(403), "action-required", "{path}");
    }
    for path in ["/v1/auth/session", "/v1/me/totp", "/v1/me/passkeys", "/v1/me/sessions"] {
        at.get(&cookie, path).await.json(200);
    }
    let again = at.log_in("ada").await;
    assert_eq!(again.problem(403), "factor-required");

    let offer = at.bare(&cookie, Method::POST, "/v1/me/totp").await.json(200);
    let code = json!({"code": at.code(offer["secret"].as_str().unwrap())});
    let confirmed = at.post(&cookie, "/v1/me/totp/confirm", &code).await;
    let cookie = cookie_of(&confirmed);
    at.get(&cookie, "/v1/sites").await.json(200);
    let session = at.get(&cookie, "/v1/auth/session").await.json(200);
    assert_eq!(session["required"], json!([]));
    at.pass(30);
    assert!(at.log_in("ada").await.json(200)["mfa"]["transaction"].is_string());
}

#[tokio::test]
async fn dangerous_routes_want_a_fresh_proof_from_people_and_none_from_keys() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "admin").await;
    let (cookie, secret, _) = at.enrol("ada").await;
    let new = json!({"username": "bob", "role": "viewer", "password": "a red kite over the weir"});
    at.pass(300);
    let key = json!({"name": "ci", "scopes": ["read:web"]});
    for (path, body) in [("/v1/users", &new), ("/v1/keys", &key)] {
        assert_eq!(at.post(&cookie, path, body).await.problem(403), "step-up-required", "{path}");
    }
    for path in ["/v1/me/totp", "/v1/me/recovery-codes", "/v1/me/passkeys/options"] {
        let answer = at.bare(&cookie, Method::POST, path).await;
        assert_eq!(answer.problem(403), "step-up-required", "{path}");
    }
    at.get(&cookie, "/v1/users").await.json(200);

    let step = "/v1/auth/step-up";
    let weak = at.post(&cookie, step, &json!({"password": PASSWORD})).await;
    assert_eq!(weak.problem(422), "invalid password");
    let wrong = at.post(&cookie, step, &json!({"code": "000000"})).await;
    assert_eq!(wrong.problem(422), "invalid code");
    let stepped = at.post(&cookie, step, &json!({"code": at.code(&secret)})).await;
    stepped.nothing(204);
    assert_eq!(at.get(&cookie, "/v1/users").await.problem(401), "unauthenticated");
    let cookie = cookie_of(&stepped);
    at.post(&cookie, "/v1/users", &new).await.json(201);
    let program = at.world.key(&["admin:*"]);
    at.pass(100_000);
    let users = Ask::post("/v1/keys", &key).key(&program);
    at.world.send(users).await.json(201);
}

#[tokio::test]
async fn an_administrator_sees_and_resets_the_factors_of_others() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let (cookie, ..) = at.enrol("ada").await;
    let admin = at.world.session("admin");
    let listed = at.get(&admin, "/v1/users").await.json(200);
    let items = listed["items"].as_array().unwrap();
    let ada = items.iter().find(|user| user["username"] == "ada").unwrap();
    assert_eq!(ada["factors"], json!(["totp", "recovery_code"]));
    let path = format!("/v1/users/{}/mfa-reset", ada["id"].as_str().unwrap());
    assert_eq!(at.bare(&cookie, Method::POST, &path).await.problem(403), "forbidden");
    at.bare(&admin, Method::POST, &path).await.nothing(204);
    assert_eq!(at.get(&cookie, "/v1/auth/session").await.problem(401), "unauthenticated");
    assert!(at.log_in("ada").await.headers.contains_key("set-cookie"));
    let nobody = "/v1/users/00000000-0000-4000-8000-000000000000/mfa-reset";
    assert_eq!(at.bare(&admin, Method::POST, nobody).await.problem(404), "not-found");
}

#[tokio::test]
async fn a_new_password_by_a_link_leaves_the_second_factor_in_place() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let (_, secret, _) = at.enrol("ada").await;
    let admin = at.world.session("admin");
    let path = format!("/v1/users/{}/reset-link", user_id(&at, "ada"));
    let link = at.bare(&admin, Method::POST, &path).await.json(201);
    let token = link["url"].as_str().unwrap().split_once("#token=").unwrap().1.to_owned();
    let new = "eleven wet cormorants on a pier";
    let chosen = at.page("/v1/auth/reset", &json!({"token": token, "password": new})).await;
    assert!(!chosen.headers.contains_key("set-cookie"), "a link is no sign-in");
    chosen.nothing(204);
    let body = json!({"username": "ada", "password": new});
    let asked = at.page("/v1/auth/login", &body).await;
    assert!(!asked.headers.contains_key("set-cookie"), "the new password alone opens nothing");
    let transaction = asked.json(200)["mfa"]["transaction"].clone();
    let body = json!({"transaction": transaction, "code": at.code(&secret)});
    assert_eq!(at.page("/v1/auth/mfa", &body).await.json(200)["user"]["username"], "ada");
}

#[tokio::test]
async fn an_administrator_ends_the_lock_of_somebody_else() {
    let at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let admin = at.world.session("admin");
    let wrong = json!({"username": "ada", "password": "not the password at all"});
    for _ in 0..5 {
        at.page("/v1/auth/login", &wrong).await;
    }
    assert_eq!(at.log_in("ada").await.problem(429), "locked");
    let listed = at.get(&admin, "/v1/users").await.json(200);
    let items = listed["items"].as_array().unwrap();
    let ada = items.iter().find(|user| user["username"] == "ada").unwrap();
    let path = format!("/v1/users/{}/unlock", ada["id"].as_str().unwrap());
    at.bare(&admin, Method::POST, &path).await.nothing(204);
    assert!(at.log_in("ada").await.headers.contains_key("set-cookie"));
    let nobody = "/v1/users/00000000-0000-4000-8000-000000000000/unlock";
    assert_eq!(at.bare(&admin, Method::POST, nobody).await.problem(404), "not-found");
}

#[tokio::test]
async fn a_passkey_is_made_used_in_every_way_and_given_up() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let state = at.world.send(Ask::get("/v1/auth/state")).await.json(200);
    let origin = "http://localhost:8080";
    let expected = json!({"available": true, "origin": origin, "obstacle": null});
    assert_eq!(state["passkeys"], expected);
    let mut device = Device::at(origin).unwrap();
    let cookie = cookie_of(&at.log_in("ada").await);
    let options = "/v1/me/passkeys/options";
    let offer = at.bare(&cookie, Method::POST, options).await.json(200);
    let made = device.make(&offer["options"]).unwrap();
    let body = json!({"transaction": offer["transaction"], "name": "laptop", "passkey": made});
    let added = at.post(&cookie, "/v1/me/passkeys", &body).await;
    let item = added.json(201);
    assert_eq!(
        (&item["name"], item["recovery_codes"].as_array().unwrap().len()),
        (&json!("laptop"), 10)
    );
    let cookie = cookie_of(&added);

    let mfa = at.log_in("ada").await.json(200)["mfa"].clone();
    assert_eq!(mfa["methods"], json!(["passkey", "recovery_code"]));
    let ask = json!({"transaction": mfa["transaction"]});
    let challenge = at.page("/v1/auth/mfa/passkey", &ask).await.json(200);
    let shown = device.answer(&challenge["options"]).unwrap();
    let body = json!({"transaction": mfa["transaction"], "passkey": shown});
    at.page("/v1/auth/mfa", &body).await.json(200);

    let bare = Ask::new(Method::POST, "/v1/auth/passkey/options");
    let bare = bare.header("sec-fetch-site", "same-origin").header(BROWSER.0, BROWSER.1);
    let challenge = at.world.send(bare).await.json(200);
    let shown = device.answer(&challenge["options"]).unwrap();
    let body = json!({"transaction": challenge["transaction"], "passkey": shown});
    let alone = at.page("/v1/auth/passkey", &body).await;
    assert_eq!(alone.json(200)["user"]["username"], "ada");
    let session = at.get(&cookie_of(&alone), "/v1/auth/session").await.json(200);
    assert_eq!(session["session"]["factors"], json!(["passkey"]));

    at.pass(300);
    let path = format!("/v1/me/passkeys/{}", item["id"].as_str().unwrap());
    let stale = at.bare(&cookie, Method::DELETE, &path).await;
    assert_eq!(stale.problem(403), "step-up-required");
    let challenge = at.bare(&cookie, Method::POST, "/v1/auth/step-up/passkey").await.json(200);
    let shown = device.answer(&challenge["options"]).unwrap();
    let body = json!({"transaction": challenge["transaction"], "passkey": shown});
    let stepped = at.post(&cookie, "/v1/auth/step-up", &body).await;
    stepped.nothing(204);
    let cookie = cookie_of(&stepped);
    let listed = at.get(&cookie, "/v1/me/passkeys").await.json(200);
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    at.bare(&cookie, Method::DELETE, &path).await.nothing(204);
    let none = at.bare(&cookie, Method::POST, "/v1/auth/step-up/passkey").await;
    assert_eq!(none.problem(409), "conflict");
    assert!(at.log_in("ada").await.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn an_address_without_a_domain_has_no_passkeys_and_says_so() {
    let mut at = At::new(MfaRule::None);
    at.world = World::guarded(|config| config.public_url = Some("https://203.0.113.4".to_owned()));
    at.add("ada", "viewer").await;
    let state = at.world.send(Ask::get("/v1/auth/state")).await.json(200);
    let expected = json!({"available": false, "origin": null, "obstacle": "no_domain"});
    assert_eq!(state["passkeys"], expected);
    let cookie = cookie_of(&at.log_in("ada").await);
    let refused = at.bare(&cookie, Method::POST, "/v1/me/passkeys/options").await;
    assert_eq!(refused.problem(409), "passkeys-unavailable");
    assert!(refused.text().contains("server.public_url"));
}

#[tokio::test]
async fn programs_have_no_factors() {
    let at = At::new(MfaRule::None);
    let key = at.world.key(&["admin:*"]);
    for path in ["/v1/me/totp", "/v1/me/recovery-codes", "/v1/me/passkeys"] {
        let answer = at.world.send(Ask::get(path).key(&key)).await;
        assert_eq!(answer.problem(403), "forbidden", "{path}");
    }
    let step = Ask::post("/v1/auth/step-up", &json!({"password": PASSWORD})).key(&key);
    assert_eq!(at.world.send(step).await.problem(403), "forbidden");
}

/// The control store's file and its log, as bytes.
fn at_rest(at: &At) -> Vec<u8> {
    let mut bytes = Vec::new();
    for name in ["control.sqlite", "control.sqlite-wal"] {
        bytes.extend(std::fs::read(at.world.folder().join(name)).unwrap_or_default());
    }
    bytes
}

#[tokio::test]
async fn no_secret_of_a_factor_is_at_rest() {
    let mut at = At::new(MfaRule::None);
    at.add("ada", "viewer").await;
    let (_, secret, codes) = at.enrol("ada").await;
    let bytes = at_rest(&at);
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    assert!(contains(b"sha1") && contains(b"password,totp"), "the file is not looked at");
    let raw = from_base32(&secret);
    for needle in [secret.as_bytes(), &raw].into_iter().chain(codes.iter().map(String::as_bytes)) {
        assert!(!contains(needle));
    }
    for code in &codes {
        assert!(!contains(code.replace('-', "").as_bytes()));
    }
}

/// The bytes of a secret in base32 (RFC 4648), five bits a letter.
fn from_base32(secret: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = String::new();
    for letter in secret.bytes() {
        let number = LETTERS.iter().position(|known| *known == letter).unwrap();
        bits += &format!("{number:05b}");
    }
    let bytes = bits.as_bytes().chunks_exact(8);
    bytes.map(|bits| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap()).collect()
}
