//! What signs access tokens, as the operator chose it.

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{ADMIN, Client, Options, Server};

use crate::sites::generous;

const SECRET: &str = "6ea3f5907b2cd4188d51b0e3fc7a6294179e8d40a5c3f26b0f94dcb7521e38a6";

fn hs256() -> Options {
    generous()
        .with("AUTH__TOKENS__ALGORITHM", "hs256")
        .with("AUTH__TOKENS__SECRET", SECRET)
        .with("AUTH__TOKENS__ACCESS_LIFE", "5m")
}

async fn post(server: &Server, path: &str, body: &Value) -> Result<Value> {
    let answer = Client::anonymous(server.address()?).send_json(Method::POST, path, body).await?;
    ensure!(answer.status == 200, "{path}: {}", answer.text());
    answer.json()
}

fn text(value: &Value, name: &str) -> Result<String> {
    value[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"))
}

async fn status(server: &Server, token: &str) -> Result<u16> {
    let mut program = Client::anonymous(server.address()?);
    program.headers.insert("authorization", format!("Bearer {token}").parse()?);
    Ok(program.get("/v1/users").await?.status.as_u16())
}

fn head(token: &str) -> Result<Value> {
    let head = token.split('.').next().context("no head")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head)?)?)
}

/// Whether whoever shares the secret recognises it, by RFC 7515 and another library than the server's.
fn is_signed_with_the_secret(token: &str) -> Result<bool> {
    let bytes = (0..SECRET.len()).step_by(2);
    let secret: Vec<u8> = bytes
        .map(|place| u8::from_str_radix(&SECRET[place..place + 2], 16))
        .collect::<Result<_, _>>()?;
    let (message, signature) = token.rsplit_once('.').context("no signature")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret)?;
    mac.update(message.as_bytes());
    Ok(mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature)?).is_ok())
}

#[tokio::test]
async fn the_operator_chooses_what_signs_and_a_change_ends_what_the_other_signed() -> Result<()> {
    let mut server = Server::start(hs256())?;
    server.admin().await?;
    let form = json!({"username": ADMIN.0, "password": ADMIN.1});
    let first = post(&server, "/v1/auth/token", &form).await?;
    let shared = text(&first, "access_token")?;
    ensure!(first["expires_in_s"] == 300 && head(&shared)?["alg"] == "HS256", "{first}");
    ensure!(is_signed_with_the_secret(&shared)? && status(&server, &shared).await? == 200);
    let keys = Client::anonymous(server.address()?).get("/v1/auth/jwks").await?.json()?;
    ensure!(keys["keys"] == json!([]), "a secret is not published: {keys}");

    ensure!(server.stop()?.success());
    let mut server = server.restart_with(generous())?;
    ensure!(status(&server, &shared).await? == 401, "one issuer has tokens of one kind");
    let refresh = json!({"refresh_token": text(&first, "refresh_token")?});
    let second = post(&server, "/v1/auth/token/refresh", &refresh).await?;
    let own = text(&second, "access_token")?;
    ensure!(second["expires_in_s"] == 900 && head(&own)?["alg"] == "EdDSA", "{second}");
    ensure!(!is_signed_with_the_secret(&own)? && status(&server, &own).await? == 200);

    ensure!(server.stop()?.success());
    let server = server.restart_with(hs256())?;
    ensure!(status(&server, &own).await? == 401);
    let refresh = json!({"refresh_token": text(&second, "refresh_token")?});
    let third = text(&post(&server, "/v1/auth/token/refresh", &refresh).await?, "access_token")?;
    ensure!(is_signed_with_the_secret(&third)? && status(&server, &third).await? == 200);
    Ok(())
}
