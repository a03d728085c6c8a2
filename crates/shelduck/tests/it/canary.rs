//! Nothing the server writes shows a secret or who somebody is.
//!
//! One server, with its log as talkative as it gets, is sent a value of its own for every kind of secret and of personal
//! data there is, by as many ways as there are. Then everything it wrote and said is searched for each of them: the log, the audit,
//! the control store, the journal, the warehouse, every other file, metrics, health, and the answers themselves.

use anyhow::{Context, Result, ensure};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{ADMIN, Answer, Client, Device, Server, totp_code};

use crate::planted::{Heard, Planted, cookie};
use crate::sites::{SITE, browser, generous};

const SESSION: &str = "__Host-shelduck";
const DEVICE: &str = "__Host-shelduck-device";

/// Secrets of the configuration; nothing listens where the counters are said to be.
const REDIS_PASSWORD: &str = "knot-in-the-counters-61";
const PREVIOUS_SECRET: &str = "b91e04d7c25f683aa4f07c1e5d92863be80d3f5617ca294bf3b8650d1e47a92c";
const TOKEN_SECRET: &str = "6ea3f5907b2cd4188d51b0e3fc7a6294179e8d40a5c3f26b0f94dcb7521e38a6";
/// A key that programs know from elsewhere.
const BROUGHT: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// Addresses nobody else has.
const VISITOR_V4: &str = "203.0.113.77";
const VISITOR_V6: &str = "2001:db8:5a:9d21::c3f7";
const PERSON: &str = "198.51.100.93";
const VISITOR_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64; Heron/71.4) Gecko/20100101 Firefox/143.0";
const PERSON_AGENT: &str = "Mozilla/5.0 (Macintosh; Curlew/19.2) Version/18.1 Safari/605.1.15";

/// What is planted, what was heard, and the server.
struct Field {
    server: Server,
    heard: Heard,
    planted: Vec<Planted>,
    password: String,
}

fn text(answer: &Answer, pointer: &str) -> Result<String> {
    let body = answer.json()?;
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer}: {body}"))
}

fn from(server: &Server, address: &str, agent: &str) -> Result<Client> {
    let mut client = Client::anonymous(server.address()?);
    client.headers.insert("x-forwarded-for", address.parse()?);
    client.headers.insert("x-forwarded-proto", "https".parse()?);
    client.headers.insert("user-agent", agent.parse()?);
    Ok(client)
}

/// The bytes that hexadecimal digits stand for.
fn unhex(text: &str) -> Result<Vec<u8>> {
    ensure!(text.len().is_multiple_of(2), "{text}");
    let pairs = (0..text.len()).step_by(2);
    Ok(pairs
        .map(|place| u8::from_str_radix(&text[place..place + 2], 16))
        .collect::<Result<_, _>>()?)
}

impl Field {
    fn start() -> Result<Self> {
        let options = generous()
            .with("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
            .with("SERVER__PUBLIC_URL", "https://stats.example")
            .with("SERVER__PREVIOUS_SECRET", PREVIOUS_SECRET)
            .with("SCALE__REDIS_URL", &format!("redis://a:{REDIS_PASSWORD}@127.0.0.1:1/0"))
            .with("AUTH__TOKENS__ALGORITHM", "hs256")
            .with("AUTH__TOKENS__SECRET", TOKEN_SECRET)
            .with("AUDIT__DECISIONS", "true")
            .with("LOG__LEVEL", "trace");
        let server = Server::start(options)?;
        let mut field = Self {
            server,
            heard: Heard::default(),
            planted: vec![Planted::text("the password of the counters", REDIS_PASSWORD)?],
            password: "curlew.spartina.4.marl.bittern".to_owned(),
        };
        for (what, secret) in [
            ("the secret of before", PREVIOUS_SECRET),
            ("the secret of tokens", TOKEN_SECRET),
            ("a key that is brought along", BROUGHT),
        ] {
            field.plant(Planted::text(what, secret)?);
            field.plant(Planted::bytes(&format!("{what} as bytes"), &unhex(secret)?)?);
        }
        Ok(field)
    }

    fn plant(&mut self, planted: Planted) {
        self.planted.push(planted);
    }

    /// A token of hexadecimal digits, and the bytes it stands for, which would open the same door.
    fn plant_token(&mut self, what: &str, value: &str, place: &str) -> Result<()> {
        self.plant(Planted::text(what, value)?.seen_in(place));
        self.plant(Planted::bytes(&format!("{what} as bytes"), &unhex(value)?)?.seen_in(place));
        Ok(())
    }

    async fn post(&mut self, client: &mut Client, path: &str, body: &Value) -> Result<Answer> {
        self.heard.ask(client, Method::POST, path, Some(body)).await
    }

    /// The administrator: setup secret, password, session.
    async fn set_up(&mut self) -> Result<Client> {
        let secret = self.server.setup_secret().context("no setup secret")?;
        let mut admin = from(&self.server, PERSON, PERSON_AGENT)?;
        let body = json!({"secret": "5e70".repeat(16), "username": ADMIN.0, "password": ADMIN.1});
        self.plant(Planted::text("a wrong setup secret", &"5e70".repeat(16))?);
        ensure!(!self.post(&mut admin, "/v1/auth/setup", &body).await?.status.is_success());
        let body = json!({"secret": secret, "username": ADMIN.0, "password": ADMIN.1});
        let answer = self.post(&mut admin, "/v1/auth/setup", &body).await?;
        ensure!(answer.status.is_success(), "{}", answer.text());
        self.plant(Planted::text("the setup secret", &secret)?);
        self.plant(Planted::text("the administrator's password", ADMIN.1)?);
        self.plant_session("the administrator's", &answer, "POST /v1/auth/setup")?;
        let site = json!({"domain": SITE});
        ensure!(self.post(&mut admin, "/v1/sites", &site).await?.status == 201);
        Ok(admin)
    }

    fn plant_session(&mut self, whose: &str, answer: &Answer, place: &str) -> Result<()> {
        let session = cookie(answer, SESSION)?;
        self.plant_token(&format!("{whose} session"), &session, place)?;
        if let Ok(device) = cookie(answer, DEVICE) {
            self.plant(Planted::text(&format!("{whose} browser's mark"), &device)?.seen_in(place));
        }
        Ok(())
    }

    /// A person: the link, the password, the app, the recovery codes, and what is typed wrong.
    async fn person(&mut self, admin: &mut Client) -> Result<Client> {
        let new = json!({"username": "ada", "role": "admin"});
        let made = self.post(admin, "/v1/users", &new).await?;
        let url = text(&made, "/reset/url")?;
        let (_, token) = url.split_once("#token=").context("no token")?;
        self.plant_token("the token of a link", token, "POST /v1/users")?;
        let mut ada = from(&self.server, PERSON, PERSON_AGENT)?;
        let password = self.password.clone();
        self.plant(Planted::text("a password", &password)?);
        self.plant(Planted::text("a password that is refused", "plover1")?);
        for (password, fits) in [("plover1", false), (password.as_str(), true)] {
            let body = json!({"token": token, "password": password});
            let answer = self.post(&mut ada, "/v1/auth/reset", &body).await?;
            ensure!(answer.status.is_success() == fits, "{}", answer.text());
        }
        self.wrong_words(&mut ada).await?;
        let body = json!({"username": "ada", "password": password});
        let answer = self.post(&mut ada, "/v1/auth/login", &body).await?;
        ensure!(answer.status == 200, "{}", answer.text());
        self.plant_session("the person's", &answer, "POST /v1/auth/login")?;
        self.app(&mut ada).await?;
        self.passkey(&mut ada).await?;
        Ok(ada)
    }

    /// A passkey: what it is asked, what it answers, and a sign-in with it.
    async fn passkey(&mut self, ada: &mut Client) -> Result<()> {
        let mut device = Device::at("https://stats.example")?;
        let path = "/v1/me/passkeys/options";
        let offer = self.heard.ask(ada, Method::POST, path, None).await?;
        self.plant_challenge(&offer, path)?;
        let made = device.make(&offer.json()?["options"])?;
        self.plant_answer(&made, &["clientDataJSON", "attestationObject"])?;
        let body =
            json!({"transaction": text(&offer, "/transaction")?, "name": "x", "passkey": made});
        let added = self.post(ada, "/v1/me/passkeys", &body).await?;
        ensure!(added.status == 201, "{}", added.text());
        if cookie(&added, SESSION).is_ok() {
            self.plant_session("the renewed", &added, "POST /v1/me/passkeys")?;
        }
        let mut again = from(&self.server, PERSON, PERSON_AGENT)?;
        for fits in [false, true] {
            let path = "/v1/auth/passkey/options";
            let offer = self.heard.ask(&mut again, Method::POST, path, None).await?;
            self.plant_challenge(&offer, path)?;
            let mut answer = device.answer(&offer.json()?["options"])?;
            if !fits {
                answer["response"]["userHandle"] = json!("cGhhbGFyb3Bl");
                answer["id"] = json!("cGhhbGFyb3BlLWhhbmRsZQ");
            }
            self.plant_answer(&answer, &["clientDataJSON", "signature"])?;
            let body = json!({"transaction": text(&offer, "/transaction")?, "passkey": answer});
            let signed_in = self.post(&mut again, "/v1/auth/passkey", &body).await?;
            ensure!(signed_in.status.is_success() == fits, "{}", signed_in.text());
            if fits {
                self.plant_session("the passkey's", &signed_in, "POST /v1/auth/passkey")?;
            }
        }
        let listed = self.heard.ask(ada, Method::GET, "/v1/me/passkeys", None).await?;
        ensure!(listed.status == 200, "{}", listed.text());
        Ok(())
    }

    fn plant_challenge(&mut self, offer: &Answer, path: &str) -> Result<()> {
        let place = format!("POST {path}");
        for pointer in ["/transaction", "/options/challenge"] {
            let value = text(offer, pointer)?;
            self.plant(Planted::text(&format!("{pointer} of {path}"), &value)?.seen_in(&place));
        }
        Ok(())
    }

    fn plant_answer(&mut self, answer: &Value, parts: &[&str]) -> Result<()> {
        for part in parts {
            let value = answer["response"][part].as_str().context("a part of an answer")?;
            self.plant(Planted::text(&format!("a passkey's {part}"), value)?);
        }
        Ok(())
    }

    /// A wrong password, a password in the place of a name, and bodies that cannot be read.
    async fn wrong_words(&mut self, client: &mut Client) -> Result<()> {
        let (wrong, name) = ("sandpiper-with-a-typo-88", "whimbrel-password-as-a-name");
        self.plant(Planted::text("a wrong password", wrong)?);
        self.plant(Planted::text("a name that nobody has", name)?);
        for body in [
            json!({"username": "ada", "password": wrong}),
            json!({"username": name, "password": wrong}),
            json!({"username": "ada", "password": [wrong]}),
            json!({"username": "ada", "passwort": wrong}),
        ] {
            for path in ["/v1/auth/login", "/v1/auth/token"] {
                ensure!(self.post(client, path, &body).await?.status.is_client_error());
            }
        }
        let broken = format!("{{\"username\": \"ada\", \"password\": \"{wrong}\" oh");
        let body = Some(("application/json", broken.into()));
        let answer = client.send(Method::POST, "/v1/auth/login", body).await?;
        ensure!(answer.status.is_client_error(), "{}", answer.text());
        self.heard.keep("POST /v1/auth/login", &answer);
        Ok(())
    }

    /// An authenticator app with its secret, its codes and the recovery codes.
    async fn app(&mut self, ada: &mut Client) -> Result<()> {
        let offer = self.heard.ask(ada, Method::POST, "/v1/me/totp", None).await?;
        let secret = text(&offer, "/secret")?;
        self.plant(Planted::text("the app's secret", &secret)?.seen_in("POST /v1/me/totp"));
        let code = totp_code(&secret, Timestamp::now().as_second())?;
        self.plant(Planted::text("a code of the app", &code)?);
        let wrong = if code == "271828" { "271829" } else { "271828" };
        self.plant(Planted::text("a wrong code", wrong)?);
        let body = json!({"code": wrong});
        ensure!(!self.post(ada, "/v1/me/totp/confirm", &body).await?.status.is_success());
        let confirmed = self.post(ada, "/v1/me/totp/confirm", &json!({"code": code})).await?;
        ensure!(confirmed.status == 200, "{}", confirmed.text());
        let codes: Vec<String> =
            serde_json::from_value(confirmed.json()?["recovery_codes"].clone())?;
        ensure!(codes.len() == 10, "{codes:?}");
        for code in &codes {
            let planted = Planted::text("a recovery code", code)?;
            self.plant(planted.seen_in("POST /v1/me/totp/confirm"));
        }
        if cookie(&confirmed, SESSION).is_ok() {
            self.plant_session("the renewed", &confirmed, "POST /v1/me/totp/confirm")?;
        }
        self.second_step(&codes).await
    }

    /// Signing in with a recovery code, and tokens for programs with another.
    async fn second_step(&mut self, codes: &[String]) -> Result<()> {
        let mut again = from(&self.server, PERSON, PERSON_AGENT)?;
        let body = json!({"username": "ada", "password": self.password});
        let asked = self.post(&mut again, "/v1/auth/login", &body).await?;
        let transaction = text(&asked, "/mfa/transaction")?;
        let place = "POST /v1/auth/login";
        self.plant(Planted::text("a transaction", &transaction)?.seen_in(place));
        for (code, fits) in [("oyster-catch-er00", false), (codes[0].as_str(), true)] {
            let body = json!({"transaction": transaction, "recovery_code": code});
            let answer = self.post(&mut again, "/v1/auth/mfa", &body).await?;
            ensure!(answer.status.is_success() == fits, "{}", answer.text());
            if fits {
                self.plant_session("the second", &answer, "POST /v1/auth/mfa")?;
            }
        }
        self.plant(Planted::text("a wrong recovery code", "oyster-catch-er00")?);
        let body = json!({"recovery_code": codes[1]});
        ensure!(self.post(&mut again, "/v1/auth/step-up", &body).await?.status == 204);
        let place = "POST /v1/auth/token";
        let body = json!({"username": "ada", "password": self.password, "recovery_code": codes[2]});
        let first = self.post(&mut again, place.trim_start_matches("POST "), &body).await?;
        ensure!(first.status == 200, "{}", first.text());
        let refresh = json!({"refresh_token": text(&first, "/refresh_token")?});
        let second = self.post(&mut again, "/v1/auth/token/refresh", &refresh).await?;
        for answer in [&first, &second] {
            for kind in ["access_token", "refresh_token"] {
                let value = text(answer, &format!("/{kind}"))?;
                self.plant(Planted::text(kind, &value)?.seen_in(place));
            }
            let access = text(answer, "/access_token")?;
            let mut program = from(&self.server, PERSON, "program/1")?;
            program.headers.insert("authorization", format!("Bearer {access}").parse()?);
            self.heard.ask(&mut program, Method::GET, "/v1/sites", None).await?;
        }
        // It was used already, and all that came of it ends.
        self.post(&mut again, "/v1/auth/token/refresh", &refresh).await?;
        Ok(())
    }

    /// Keys, right and wrong, in every place one may be tried in.
    async fn keys(&mut self, admin: &mut Client) -> Result<()> {
        let body = json!({"password": ADMIN.1});
        ensure!(self.post(admin, "/v1/auth/step-up", &body).await?.status == 204);
        let new = json!({"name": "reader", "scopes": ["read:web"]});
        let made = self.post(admin, "/v1/keys", &new).await?;
        ensure!(made.status == 201, "{}", made.text());
        let key = text(&made, "/secret")?;
        self.plant(Planted::text("an API key", &key)?.seen_in("POST /v1/keys"));
        let old = json!({"name": "old", "scopes": ["read:web"], "secret": BROUGHT});
        ensure!(self.post(admin, "/v1/keys/import", &old).await?.status == 201);
        let longest = key.split('_').max_by_key(|part| part.len()).context("no parts")?;
        self.plant(Planted::text("a key's secret part", longest)?.seen_in("POST /v1/keys"));
        let wrong = "sdk_live_notakey_turnstone4turnstone4turnstone4";
        self.plant(Planted::text("a wrong key", wrong)?);
        self.plant(Planted::text("a basic credential", "Z29kd2l0OmF2b2NldC0zMQ")?);
        self.plant(Planted::text("what it says", "godwit:avocet-31")?);
        for header in [
            ("authorization", format!("Bearer {key}")),
            ("x-api-key", key.clone()),
            ("x-api-key", BROUGHT.to_owned()),
            ("authorization", format!("Bearer {wrong}")),
            ("authorization", format!("ApiKey {wrong}")),
            ("authorization", "Basic Z29kd2l0OmF2b2NldC0zMQ==".to_owned()),
            ("x-api-key", wrong.to_owned()),
            ("cookie", format!("{SESSION}={wrong}")),
        ] {
            let mut program = from(&self.server, PERSON, "program/1")?;
            program.headers.insert(header.0, header.1.parse()?);
            self.heard.ask(&mut program, Method::GET, "/v1/sites", None).await?;
        }
        let mut stranger = from(&self.server, PERSON, "program/1")?;
        for path in ["/v1/sites", "/health", "/", "/nothing/here", "/v1/audit"] {
            let path = format!("{path}?api_key={key}&token={wrong}");
            self.heard.ask(&mut stranger, Method::GET, &path, None).await?;
        }
        Ok(())
    }

    /// Visitors: their address, their browser, and all that comes after a question mark.
    async fn visitors(&mut self) -> Result<()> {
        self.plant(Planted::text("what is in a query", "dunlin@example.org")?);
        self.plant(Planted::text("what is in a fragment", "ruff-in-a-fragment")?);
        self.plant(Planted::text("what somebody searched for", "phalarope-clinic")?);
        self.plant(Planted::text("a visitor's browser", "Heron/71.4")?);
        // The page is what the site's owner is told: it is in the journal and in the warehouse.
        let path = Planted::text("a page", "/greenshank")?;
        let path = path.seen_in("file data/journal").seen_in("file data/warehouse");
        self.plant(path.seen_in("GET /v1/sites"));
        let page = format!("https://{SITE}/greenshank?email=dunlin@example.org#ruff-in-a-fragment");
        let referrer = "https://search.example/find?q=phalarope-clinic";
        let event = json!({"n": "pageview", "d": SITE, "u": page, "r": referrer});
        for address in [VISITOR_V4, VISITOR_V6] {
            let mut visitor = browser(&self.server)?;
            visitor.headers.insert("x-forwarded-for", address.parse()?);
            visitor.headers.insert("user-agent", VISITOR_AGENT.parse()?);
            let answer = self.post(&mut visitor, "/api/event", &event).await?;
            ensure!(answer.status == 202, "{}", answer.text());
            let bad = json!({"n": "pageview", "d": "dunlin@example.org", "u": page});
            ensure!(self.post(&mut visitor, "/api/event", &bad).await?.status.is_client_error());
            let pixel = format!(
                "/api/event?d={SITE}&n=pageview&u=https%3A%2F%2F{SITE}%2Fgreenshank%3Femail%3Ddunlin%40example.org"
            );
            self.heard.ask(&mut visitor, Method::GET, &pixel, None).await?;
            let v: std::net::IpAddr = address.parse()?;
            self.plant(Planted::text("a visitor's address", address)?);
            match v {
                std::net::IpAddr::V4(v4) => {
                    self.plant(Planted::bytes("an address as bytes", &v4.octets())?)
                }
                std::net::IpAddr::V6(v6) => {
                    self.plant(Planted::bytes("an address as bytes", &v6.octets())?);
                    let long: Vec<_> = v6.segments().map(|part| format!("{part:04x}")).into();
                    self.plant(Planted::text("an address in full", &long.join(":"))?);
                }
            }
        }
        self.plant(Planted::text("a person's address", PERSON)?);
        Ok(())
    }

    /// Whatever can be read, and what stands in files.
    async fn read_all(&mut self, admin: &mut Client) -> Result<()> {
        let site = format!("/v1/sites/{SITE}");
        let started = std::time::Instant::now();
        loop {
            let page = format!("{site}/breakdown/page?period=day");
            let seen = self.heard.ask(admin, Method::GET, &page, None).await?;
            if seen.text().contains("greenshank") {
                break;
            }
            ensure!(started.elapsed().as_secs() < 60, "{} {}", seen.status, seen.text());
        }
        for path in [
            "/v1/audit?limit=1000",
            "/v1/users",
            "/v1/keys",
            "/v1/sessions",
            "/v1/me/sessions",
            "/v1/me/totp",
            "/v1/me/recovery-codes",
            "/v1/limits",
            "/v1/limits/live",
            "/v1/posture",
            "/v1/auth/session",
            "/v1/auth/state",
            "/v1/auth/jwks",
            "/v1/sites",
            "/v1/sites/shop.example/realtime",
            "/v1/sites/shop.example/status",
            "/v1/sites/shop.example/overview?period=day",
            "/v1/sites/shop.example/breakdown/source?period=day",
            "/v1/sites/shop.example/breakdown/browser?period=day",
            "/health/ready",
        ] {
            self.heard.ask(admin, Method::GET, path, None).await?;
        }
        let mut operator = Client::anonymous(self.server.admin_address()?);
        for path in ["/metrics", "/health/detail"] {
            let answer = self.heard.ask(&mut operator, Method::GET, path, None).await?;
            ensure!(answer.status == 200, "{path}: {}", answer.text());
        }
        self.heard.add("openapi", serde_json::to_vec(&api_description()?)?);
        Ok(())
    }

    /// Stops the server and reads all of its files, its log among them.
    fn search(mut self) -> Result<()> {
        ensure!(self.server.stop()?.success());
        let data = self.server.data_dir();
        let root = std::fs::read_to_string(data.join("secret"))?;
        self.plant(Planted::text("the root secret", root.trim())?.seen_in("file data/secret"));
        self.plant(
            Planted::bytes("the root secret as bytes", &unhex(root.trim())?)?
                .seen_in("file data/secret"),
        );
        let base = data.parent().context("no parent")?.to_owned();
        self.heard.add_folder(&base)?;
        // Who is signed in sees which browsers are theirs, and who administers sees them all.
        let agent =
            Planted::text("a person's browser", "Curlew/19.2")?.seen_in("file data/control");
        self.plant(agent.seen_in("GET /v1/me/sessions").seen_in("GET /v1/sessions"));
        self.heard.nothing_shows(&self.planted)
    }
}

fn api_description() -> Result<Value> {
    let output = std::process::Command::new(testkit::binary()?).arg("openapi").output()?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

#[tokio::test]
async fn no_secret_and_no_visitor_shows_in_anything_the_server_writes_or_says() -> Result<()> {
    let mut field = Field::start()?;
    let mut admin = field.set_up().await?;
    field.person(&mut admin).await?;
    field.keys(&mut admin).await?;
    field.visitors().await?;
    field.read_all(&mut admin).await?;
    field.search()
}

/// A secret in the wrong place of the configuration is not repeated by what complains about it.
#[test]
fn no_complaint_about_the_configuration_repeats_a_secret() -> Result<()> {
    let canary = "knot-in-the-configuration-55";
    let planted = [Planted::text("a secret of the configuration", canary)?];
    let value = format!("redis://shelduck:{canary}@cache.example:6379/0");
    let file = |text: String| (text, None);
    for (text, variable) in [
        file(format!("[server]\nsecret = '{value}'\n")),
        file(format!("[server]\nsecret = '{value}\n")),
        file(format!("[server]\nsecret = ['{value}']\n")),
        (String::new(), Some("SHELDUCK_SERVER__SECRET")),
    ] {
        for verb in
            [&["check"][..], &["check", "--json"], &["serve"], &["audit", "key"], &["user", "list"]]
        {
            let dir = tempfile::tempdir()?;
            std::fs::write(dir.path().join("shelduck.toml"), &text)?;
            let mut command = std::process::Command::new(testkit::binary()?);
            command.args(verb).current_dir(dir.path()).env_clear();
            command.envs(variable.map(|name| (name, &value)));
            let output = command.output()?;
            ensure!(!output.status.success(), "{text} {verb:?}: {output:?}");
            let mut heard = Heard::default();
            heard.add("standard output", output.stdout);
            heard.add("standard error", output.stderr);
            heard.nothing_shows(&planted).with_context(|| format!("{verb:?} of {text}"))?;
        }
    }
    Ok(())
}
