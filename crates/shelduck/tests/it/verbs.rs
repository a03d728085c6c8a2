//! The verbs of the command line, on a stopped server and on a running one.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{ADMIN, Client, Server, binary};

use crate::sites::{SITE, generous, server_with_site};

/// A key that programs know from elsewhere.
const BROUGHT: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

fn shelduck(dir: &Path, arguments: &[&str], input: &str) -> Result<Output> {
    use std::io::Write;
    let mut child = Command::new(binary()?)
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .env("SHELDUCK_SERVER__DATA_DIR", dir.join("data"))
        .env("SHELDUCK_AUTH__PASSWORDS__MEMORY", "19MiB")
        .env("SHELDUCK_AUTH__PASSWORDS__ITERATIONS", "2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    Ok(child.wait_with_output()?)
}

fn json(dir: &Path, arguments: &[&str]) -> Result<Value> {
    json_with(dir, arguments, "")
}

fn json_with(dir: &Path, arguments: &[&str], input: &str) -> Result<Value> {
    let output = shelduck(dir, arguments, input)?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn sites_keys_and_people_are_managed_without_a_running_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    everything(dir.path())
}

#[test]
fn health_is_the_answer_of_a_running_server_and_its_absence_a_no() -> Result<()> {
    let mut server = Server::start(generous())?;
    let base = server.data_dir();
    let dir = base.parent().context("parent")?;
    ensure!(json(dir, &["health", "--json"])?["status"] == "ok");
    ensure!(server.stop()?.success());
    let output = shelduck(dir, &["health"], "")?;
    ensure!(output.status.code() == Some(1) && output.stdout.is_empty(), "{output:?}");
    Ok(())
}

#[tokio::test]
async fn and_with_a_running_one_where_they_work_at_once() -> Result<()> {
    let (server, _) = server_with_site(generous()).await?;
    let base = server.data_dir();
    let dir = base.parent().context("parent")?;
    everything(dir)?;
    let mut old = Client::with_key(server.address()?, BROUGHT)?;
    ensure!(old.get(&format!("/v1/sites/{SITE}/overview?period=day")).await?.status == 200);
    let made = json(dir, &["key", "create", "--name", "reader", "--scope", "read:web", "--json"])?;
    let secret = made.get("secret").and_then(Value::as_str).context("secret")?;
    let mut client = Client::with_key(server.address()?, secret)?;
    ensure!(client.get(&format!("/v1/sites/{SITE}/overview?period=day")).await?.status == 200);
    ensure!(client.get("/v1/users").await?.status == 403);
    let id = made.get("id").and_then(Value::as_str).context("id")?;
    ensure!(shelduck(dir, &["key", "revoke", id], "")?.status.success());
    ensure!(client.get(&format!("/v1/sites/{SITE}/overview?period=day")).await?.status == 401);
    Ok(())
}

fn everything(dir: &Path) -> Result<()> {
    let site =
        json(dir, &["site", "add", "other.example", "--time-zone", "Europe/Berlin", "--json"])?;
    ensure!(site["time_zone"] == "Europe/Berlin", "{site}");
    let sites = json(dir, &["site", "list", "--json"])?;
    ensure!(
        sites["items"]
            .as_array()
            .is_some_and(|items| items.iter().any(|item| item["domain"] == "other.example"))
    );
    ensure!(shelduck(dir, &["site", "add", "no host name"], "")?.status.code() == Some(1));
    ensure!(shelduck(dir, &["site", "remove", "other.example"], "")?.status.success());
    ensure!(shelduck(dir, &["site", "remove", "other.example"], "")?.status.code() == Some(1));

    let added = json_with(
        dir,
        &["user", "add", "ada", "--role", "analyst", "--password-file", "-", "--json"],
        "a-long-and-strange-passphrase-42\n",
    )?;
    ensure!(added["role"] == "analyst", "{added}");
    let weak = shelduck(dir, &["user", "add", "bob", "--password-file", "-"], "password\n")?;
    ensure!(weak.status.code() == Some(1), "{weak:?}");
    people(dir)?;
    ensure!(shelduck(dir, &["user", "disable", "ada"], "")?.status.success());
    let users = json(dir, &["user", "list", "--json"])?;
    ensure!(users["items"].as_array().is_some_and(|items| {
        items.iter().any(|item| item["username"] == "ada" && item["disabled"] == true)
    }));

    let key = json(
        dir,
        &["key", "create", "--name", "ci", "--scope", "read:*", "--expires", "30d", "--json"],
    )?;
    for field in ["id", "name", "scopes", "secret"] {
        ensure!(!key[field].is_null(), "{field} is missing in {key}");
    }
    let listed = shelduck(dir, &["key", "list", "--json"], "")?;
    let secret = key["secret"].as_str().context("secret")?;
    ensure!(!String::from_utf8_lossy(&listed.stdout).contains(secret), "the list shows a secret");
    let import = ["key", "import", "--name", "old", "--scope", "read:web", "--json"];
    let taken = json_with(dir, &import, &format!("{BROUGHT}\n"))?;
    ensure!(taken["imported"] == true && !taken.to_string().contains(BROUGHT), "{taken}");
    for refused in [BROUGHT, "too-short", ""] {
        let output = shelduck(dir, &import, refused)?;
        ensure!(output.status.code() == Some(1), "{refused}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(said.contains("secret: ") && !said.contains(BROUGHT), "{refused}: {said}");
    }
    ensure!(
        shelduck(dir, &["key", "create", "--name", "x", "--scope", "everything"], "")?
            .status
            .code()
            == Some(1)
    );
    Ok(())
}

#[tokio::test]
async fn a_lock_is_ended_on_a_running_and_on_a_stopped_server() -> Result<()> {
    let (mut server, _) = server_with_site(generous()).await?;
    let base = server.data_dir();
    let dir = base.parent().context("parent")?;
    let (name, password) = ADMIN;
    for stopped in [false, true] {
        for _ in 0..5 {
            ensure!(sign_in(&server, "wrong from the first letter on").await? == 401);
        }
        ensure!(sign_in(&server, password).await? == 429, "locked");
        if stopped {
            ensure!(server.stop()?.success());
        }
        let ended = shelduck(dir, &["user", "unlock", name], "")?;
        ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        if stopped {
            server = server.restart()?;
        }
        ensure!(sign_in(&server, password).await? == 200, "stopped: {stopped}");
    }
    let nobody = shelduck(dir, &["user", "unlock", "nobody"], "")?;
    ensure!(!nobody.status.success());
    Ok(())
}

/// Tries the admin's name as a stranger's browser, from this machine.
async fn sign_in(server: &Server, password: &str) -> Result<u16> {
    let body = serde_json::json!({"username": ADMIN.0, "password": password});
    let mut browser = Client::anonymous(server.address()?);
    let answer = browser.send_json(http::Method::POST, "/v1/auth/login", &body).await?;
    Ok(answer.status.as_u16())
}

#[test]
fn a_breached_password_is_refused_where_there_is_a_list_of_them() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // SHA-1 of "seven pebbles under an old boat", between two others.
    let list = format!(
        "{}\n5AC381DCE3F95E9FEBD182BFE31BC657BF5020AA:12\n{}\n",
        "0".repeat(40),
        "F".repeat(40)
    );
    std::fs::write(dir.path().join("breached.txt"), list)?;
    std::fs::write(
        dir.path().join("shelduck.toml"),
        "[auth.passwords]\nbreached_file = 'breached.txt'\ncomposition = true\nexpiry_days = 90\n",
    )?;
    let add = |name: &str, password: &str| {
        shelduck(dir.path(), &["user", "add", name, "--password-file", "-"], password)
    };
    let refused = add("ada", "seven pebbles under an old boat\n")?;
    ensure!(refused.status.code() == Some(1), "composition comes first: {refused:?}");
    std::fs::write(
        dir.path().join("shelduck.toml"),
        "[auth.passwords]\nbreached_file = 'breached.txt'\n",
    )?;
    let refused = add("ada", "seven pebbles under an old boat\n")?;
    ensure!(refused.status.code() == Some(1), "{refused:?}");
    ensure!(String::from_utf8_lossy(&refused.stderr).contains("data breach"), "{refused:?}");
    ensure!(add("ada", "eight pebbles under an old boat\n")?.status.success());
    Ok(())
}

/// Links, roles, grants and people of another system.
fn people(dir: &Path) -> Result<()> {
    let made = json(dir, &["user", "add", "grace", "--grants", "net,web/Shop.example", "--json"])?;
    ensure!(made["user"]["grants"] == serde_json::json!(["net", "web/shop.example"]), "{made}");
    ensure!(
        made["reset"]["url"].as_str().is_some_and(|url| url.contains("/reset#token=")),
        "{made}"
    );
    let said = shelduck(dir, &["user", "reset-link", "grace"], "")?;
    ensure!(String::from_utf8_lossy(&said.stdout).contains("/reset#token="), "{said:?}");
    ensure!(shelduck(dir, &["user", "role", "grace", "operator"], "")?.status.success());
    ensure!(shelduck(dir, &["user", "role", "grace", "king"], "")?.status.code() == Some(1));
    let changed = json(dir, &["user", "grants", "grace", "web,net", "--json"])?;
    ensure!(changed["grants"] == serde_json::json!(["net", "web"]), "{changed}");
    ensure!(shelduck(dir, &["user", "grants", "grace", "we b"], "")?.status.code() == Some(1));
    ensure!(shelduck(dir, &["user", "grants", "nobody", "web"], "")?.status.code() == Some(1));
    let phrase = "another-strange-passphrase-43\n";
    let set = shelduck(dir, &["user", "passwd", "grace", "--password-file", "-"], phrase)?;
    ensure!(set.status.success(), "{set:?}");

    let hash = "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let person = |name: &str, hash: &str| {
        serde_json::json!({"username": name, "role": "viewer", "password_hash": hash}).to_string()
    };
    let lines = format!("{}\n\n{}\nnot json\n", person("mary", hash), person("rosa", "md5"));
    let output = shelduck(dir, &["user", "import", "-", "--json"], &lines)?;
    ensure!(output.status.code() == Some(1), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(report["imported"] == 1 && report["refused"][0]["line"] == 3, "{report}");
    ensure!(report["refused"][1]["line"] == 4, "{report}");
    ensure!(!String::from_utf8_lossy(&output.stdout).contains(hash), "a hash is shown");
    Ok(())
}

#[test]
fn init_writes_a_configuration_that_passes_its_own_check() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let run = |arguments: &[&str]| -> Result<Output> {
        Ok(Command::new(binary()?).args(arguments).current_dir(dir.path()).env_clear().output()?)
    };
    let made = run(&["init"])?;
    ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ensure!(String::from_utf8_lossy(&made.stdout).contains("/setup#secret="));
    ensure!(run(&["init"])?.status.code() == Some(1), "a second init must not overwrite the first");
    let checked = run(&["check", "--json"])?;
    ensure!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let report: Value = serde_json::from_slice(&checked.stdout)?;
    ensure!(report["checks"].as_array().is_some_and(|checks| checks.len() > 8), "{report}");
    Ok(())
}

#[test]
fn check_lists_every_problem_at_once_and_the_server_does_not_start() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(
        dir.path().join("shelduck.toml"),
        "[http]\nlisten = '0.0.0.0:8080'\nlisen = 1\n[cors]\napi_origins = ['*']\n[auth.lockout]\nattempts = 0\n",
    )?;
    for verb in ["check", "serve"] {
        let output = shelduck(dir.path(), &[verb], "")?;
        ensure!(output.status.code() == Some(1), "{verb}: {:?}", output.status);
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        for part in ["http.lisen", "without TLS", "exact origin", "lockout cannot be switched off"]
        {
            ensure!(text.contains(part), "{verb} does not say `{part}`: {text}");
        }
    }
    ensure!(!dir.path().join("data").exists(), "a refused start leaves nothing behind");
    Ok(())
}

#[test]
fn the_policy_table_and_the_api_description_need_no_server() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let routes = json(dir.path(), &["routes", "--json"])?;
    let rows = routes["items"].as_array().context("items")?;
    ensure!(rows.len() > 20, "{} routes", rows.len());
    for row in rows {
        for field in ["method", "path", "class", "cost", "cors", "csrf"] {
            ensure!(!row[field].is_null(), "{field} is missing in {row}");
        }
    }
    let description = json(dir.path(), &["openapi"])?;
    ensure!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    ensure!(!dir.path().join("data").exists());
    Ok(())
}

#[test]
fn a_wrong_verb_is_a_usage_error() -> Result<()> {
    let dir = tempfile::tempdir()?;
    ensure!(shelduck(dir.path(), &["swim"], "")?.status.code() == Some(2));
    let secret = shelduck(dir.path(), &["secret"], "")?;
    let text = String::from_utf8(secret.stdout)?;
    ensure!(
        text.trim().len() == 64 && text.trim().bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{text}"
    );
    Ok(())
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused() -> Result<()> {
    let server = Server::start(generous())?;
    let base = server.data_dir();
    let output = shelduck(base.parent().context("parent")?, &["serve"], "")?;
    ensure!(output.status.code() == Some(3), "{output:?}");
    ensure!(String::from_utf8_lossy(&output.stderr).contains("another server"), "{output:?}");
    Ok(())
}
