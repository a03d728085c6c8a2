//! Killed right after the answer: what was taken back stays taken back.

use anyhow::{Context, Result, ensure};
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{ADMIN, Answer, Client, Server, totp_code};

use crate::sites::generous;

const PASSWORD: &str = "curlew.spartina.4.marl.bittern";

fn text(answer: &Answer, pointer: &str) -> Result<String> {
    let body = answer.json()?;
    let found = body.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer}: {body}"))
}

async fn post(client: &mut Client, path: &str, body: Value) -> Result<Answer> {
    client.send_json(Method::POST, path, &body).await
}

fn killed(mut server: Server) -> Result<Server> {
    server.kill()?;
    server.restart()
}

/// An account of that name, signed in; its id.
async fn person(server: &Server, admin: &mut Client, name: &str) -> Result<(String, Client)> {
    let made = post(admin, "/v1/users", json!({"username": name, "role": "viewer"})).await?;
    let url = text(&made, "/reset/url")?;
    let (_, token) = url.split_once("#token=").context("no token")?;
    let mut person = Client::anonymous(server.address()?);
    let reset = json!({"token": token, "password": PASSWORD});
    ensure!(post(&mut person, "/v1/auth/reset", reset).await?.status == 204);
    let form = json!({"username": name, "password": PASSWORD});
    let answer = post(&mut person, "/v1/auth/login", form).await?;
    ensure!(answer.status == 200, "{}", answer.text());
    Ok((text(&made, "/user/id")?, person))
}

#[tokio::test]
async fn a_key_that_was_taken_back_opens_nothing_after_a_kill() -> Result<()> {
    let mut server = Server::start(generous())?;
    let mut admin = server.admin().await?;
    let mut dead = Vec::new();
    for _ in 0..3 {
        let new = json!({"name": "k", "scopes": ["read:web"]});
        let made = post(&mut admin, "/v1/keys", new).await?;
        let secret = text(&made, "/secret")?;
        let mut program = Client::with_key(server.address()?, &secret)?;
        ensure!(program.get("/v1/sites").await?.status == 200);
        let path = format!("/v1/keys/{}", text(&made, "/id")?);
        ensure!(admin.send(Method::DELETE, &path, None).await?.status == 204);
        dead.push(secret);
        server = killed(server)?;
        for secret in &dead {
            let mut program = Client::with_key(server.address()?, secret)?;
            ensure!(program.get("/v1/sites").await?.status == 401);
        }
        admin = server.admin().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_that_was_used_is_dead_after_a_kill() -> Result<()> {
    let server = Server::start(generous())?;
    server.admin().await?;
    let mut program = Client::anonymous(server.address()?);
    let form = json!({"username": ADMIN.0, "password": ADMIN.1});
    let first = text(&post(&mut program, "/v1/auth/token", form).await?, "/refresh_token")?;
    let refresh = |token: &str| json!({"refresh_token": token});
    let second = post(&mut program, "/v1/auth/token/refresh", refresh(&first)).await?;
    let second = text(&second, "/refresh_token")?;
    let server = killed(server)?;
    let mut program = Client::anonymous(server.address()?);
    let third = post(&mut program, "/v1/auth/token/refresh", refresh(&second)).await?;
    ensure!(third.status == 200, "the one that was handed out lives: {}", third.text());
    let reused = post(&mut program, "/v1/auth/token/refresh", refresh(&first)).await?;
    ensure!(reused.status == 401, "{}", reused.text());
    let server = killed(server)?;
    let mut program = Client::anonymous(server.address()?);
    let third = text(&third, "/refresh_token")?;
    let ended = post(&mut program, "/v1/auth/token/refresh", refresh(&third)).await?;
    ensure!(ended.status == 401, "reuse ended all that came of the sign-in: {}", ended.text());
    Ok(())
}

#[tokio::test]
async fn who_was_shut_out_stays_out_after_a_kill() -> Result<()> {
    let server = Server::start(generous())?;
    let mut admin = server.admin().await?;
    let (id, bob) = person(&server, &mut admin, "bob").await?;
    let (_, eve) = person(&server, &mut admin, "eve").await?;
    let shut = json!({"disabled": true});
    let path = format!("/v1/users/{id}");
    ensure!(admin.send_json(Method::PATCH, &path, &shut).await?.status == 200);
    let server = killed(server)?;
    for (who, name, expected) in [(&bob, "bob", 401), (&eve, "eve", 200)] {
        let mut before = Client::anonymous(server.address()?);
        before.headers.insert("cookie", who.cookie().context("no cookie")?.parse()?);
        ensure!(before.get("/v1/auth/session").await?.status == expected, "{name}'s session");
        let mut again = Client::anonymous(server.address()?);
        let form = json!({"username": name, "password": PASSWORD});
        ensure!(post(&mut again, "/v1/auth/login", form).await?.status == expected, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn a_code_that_was_used_is_worth_nothing_after_a_kill() -> Result<()> {
    let server = Server::start(generous())?;
    let mut admin = server.admin().await?;
    let (_, mut bob) = person(&server, &mut admin, "bob").await?;
    let secret = text(&bob.send(Method::POST, "/v1/me/totp", None).await?, "/secret")?;
    let used_at = Timestamp::now();
    let code = totp_code(&secret, used_at.as_second())?;
    let confirmed = post(&mut bob, "/v1/me/totp/confirm", json!({"code": code})).await?;
    ensure!(confirmed.status == 200, "{}", confirmed.text());
    let recovery = text(&confirmed, "/recovery_codes/0")?;
    let server = killed(server)?;
    let mut again = Client::anonymous(server.address()?);
    let form = json!({"username": "bob", "password": PASSWORD});
    let asked = post(&mut again, "/v1/auth/login", form).await?;
    let transaction = text(&asked, "/mfa/transaction")?;
    let second = json!({"transaction": transaction, "code": code});
    let refused = post(&mut again, "/v1/auth/mfa", second).await?;
    ensure!(refused.status == 401, "{}", refused.text());
    // It would be taken still, had it not been used: a code is good for its own half minute and the next.
    ensure!(Timestamp::now().duration_since(used_at).as_secs() < 30, "the machine is too slow");
    let second = json!({"transaction": transaction, "recovery_code": recovery});
    ensure!(post(&mut again, "/v1/auth/mfa", second).await?.status == 200);
    let server = killed(server)?;
    let mut last = Client::anonymous(server.address()?);
    let form = json!({"username": "bob", "password": PASSWORD});
    let asked = post(&mut last, "/v1/auth/login", form).await?;
    let transaction = text(&asked, "/mfa/transaction")?;
    let second = json!({"transaction": transaction, "recovery_code": recovery});
    ensure!(post(&mut last, "/v1/auth/mfa", second).await?.status == 401, "used once, before");
    Ok(())
}
