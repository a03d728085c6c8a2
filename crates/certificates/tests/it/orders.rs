//! Orders, renewals and refusals.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail, ensure};
use certificates::{CertificateError, Challenges, Config, Keeper, OrderError, Turn, Unfit};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use testkit::{Pebble, REFUSED_NAME};

use crate::responder::{Responder, is_trusted};

const NAME: &str = "stats.example";
const SECOND: &str = "numbers.example";
const NEW_ORDER: &str = "/order-plz";
const NEW_ACCOUNT: &str = "/sign-me-up";

/// An authority, what answers it, and a folder.
struct Place {
    pebble: Pebble,
    _responder: Responder,
    proofs: Arc<Mutex<Option<Challenges>>>,
    dir: TempDir,
}

impl Place {
    async fn new(environment: &[(&str, &str)]) -> Result<Self> {
        let proofs: Arc<Mutex<Option<Challenges>>> = Arc::default();
        let shared = Arc::clone(&proofs);
        let responder = Responder::start(move || shared.lock().unwrap().clone()).await?;
        let pebble = Pebble::start(responder.port, environment)?;
        Ok(Self { pebble, _responder: responder, proofs, dir: TempDir::new()? })
    }

    fn config(&self, names: &[&str]) -> Config {
        Config {
            dir: self.dir.path().join("certificates"),
            directory: self.pebble.directory(),
            contact: Some("admin@stats.example".to_owned()),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            terms_agreed: true,
            authorities: Some(self.pebble.authorities()),
        }
    }

    /// A server that starts: its proofs are what the authority is shown.
    fn open(&self, names: &[&str]) -> Result<Keeper> {
        let keeper = Keeper::open(self.config(names), Timestamp::now())?;
        *self.proofs.lock().unwrap() = Some(keeper.challenges());
        Ok(keeper)
    }

    /// A server that starts where nobody reaches it.
    fn open_unreachable(&self, names: &[&str]) -> Result<Keeper> {
        Ok(Keeper::open(self.config(names), Timestamp::now())?)
    }
}

fn account(keeper: &Keeper) -> PathBuf {
    keeper.certificate().with_file_name("account.json")
}

fn renewed(turn: &Turn) -> Result<Timestamp> {
    match turn {
        Turn::Renewed { ends } => Ok(*ends),
        other => bail!("not renewed: {other:?}"),
    }
}

fn failed(turn: Turn) -> Result<(OrderError, Timestamp)> {
    match turn {
        Turn::Failed { error, until } => Ok((error, until)),
        other => bail!("it did not fail: {other:?}"),
    }
}

fn due(turn: &Turn) -> Result<Timestamp> {
    match turn {
        Turn::Good { due } => Ok(*due),
        other => bail!("not good: {other:?}"),
    }
}

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test]
async fn a_certificate_is_ordered_used_and_kept_over_a_restart() -> Result<()> {
    let place = Place::new(&[]).await?;
    let root = place.pebble.root().await?;
    let keeper = place.open(&[NAME, SECOND])?;
    let file = keeper.certificate();
    ensure!(!is_trusted(&file, &root, NAME).await?, "trusted before the order");
    let now = Timestamp::now();
    let ends = renewed(&keeper.turn(now).await)?;
    for name in [NAME, SECOND] {
        ensure!(is_trusted(&file, &root, name).await?, "{name} is not trusted");
    }
    ensure!(!is_trusted(&file, &root, "other.example").await?);
    for path in [&file, &account(&keeper)] {
        ensure!(mode(path)? == 0o600, "{}", path.display());
    }
    ensure!(keeper.challenges().proof_of(NAME).is_none(), "the proof is still there");
    ensure!(due(&keeper.turn(now).await)? < ends);
    let before = (fs::read(&file)?, fs::read(account(&keeper))?);
    drop(keeper);
    let keeper = place.open(&[NAME, SECOND])?;
    due(&keeper.turn(now).await)?;
    ensure!((fs::read(&file)?, fs::read(account(&keeper))?) == before, "changed by the restart");
    ensure!(place.pebble.requests(NEW_ORDER)? == 1, "ordered again");
    Ok(())
}

#[tokio::test]
async fn it_is_renewed_at_two_thirds_of_its_life_with_the_same_account() -> Result<()> {
    // The authority remembers proofs, so that the second order needs none.
    let place = Place::new(&[("PEBBLE_AUTHZREUSE", "100")]).await?;
    let keeper = place.open(&[NAME])?;
    let ends = renewed(&keeper.turn(Timestamp::now()).await)?;
    let first = fs::read(keeper.certificate())?;
    let at = due(&keeper.turn(Timestamp::now()).await)?;
    let third = SignedDuration::from_hours(30 * 24);
    ensure!(
        (ends.duration_since(at) - third).abs() < SignedDuration::from_secs(2),
        "{at} of {ends}"
    );
    let moment = SignedDuration::from_secs(1);
    ensure!(due(&keeper.turn(at - moment).await)? == at);
    renewed(&keeper.turn(at).await)?;
    ensure!(fs::read(keeper.certificate())? != first, "the file is the old one");
    ensure!(is_trusted(&keeper.certificate(), &place.pebble.root().await?, NAME).await?);
    ensure!(place.pebble.requests(NEW_ACCOUNT)? == 1, "a second account");
    ensure!(place.pebble.requests(NEW_ORDER)? == 2);
    Ok(())
}

#[tokio::test]
async fn a_refused_order_is_not_tried_again_before_its_time_whatever_restarts() -> Result<()> {
    let place = Place::new(&[]).await?;
    let names = [NAME, REFUSED_NAME];
    let mut now = Timestamp::now();
    for (tries, minutes) in [(1, 1), (2, 10), (3, 100), (4, 1440), (5, 1440)] {
        let (error, until) = failed(place.open(&names)?.turn(now).await)?;
        let OrderError::Refused { kind, .. } = &error else { bail!("{error:?}") };
        ensure!(kind == "rejectedIdentifier", "{error}");
        ensure!(until == now + SignedDuration::from_mins(minutes), "{tries}: {until}");
        let moment = until - SignedDuration::from_secs(1);
        for at in [now, moment] {
            let turn = place.open(&names)?.turn(at).await;
            ensure!(matches!(turn, Turn::Waiting { until: end } if end == until), "{turn:?}");
        }
        ensure!(place.pebble.requests(NEW_ORDER)? == tries, "asked more often than it may");
        now = until;
    }
    // Another order is not held up by that one.
    renewed(&place.open(&[NAME])?.turn(Timestamp::now()).await)?;
    Ok(())
}

#[tokio::test]
async fn a_name_that_cannot_be_proved_leaves_the_old_certificate_in_use() -> Result<()> {
    let place = Place::new(&[]).await?;
    let keeper = place.open(&[NAME])?;
    renewed(&keeper.turn(Timestamp::now()).await)?;
    let old = fs::read(keeper.certificate())?;
    *place.proofs.lock().unwrap() = None;
    let more = place.open_unreachable(&[NAME, SECOND])?;
    let (error, _) = failed(more.turn(Timestamp::now()).await)?;
    ensure!(matches!(error, OrderError::Unverified { .. }), "{error:?}");
    ensure!(fs::read(more.certificate())? == old, "the old one is gone");
    ensure!(is_trusted(&more.certificate(), &place.pebble.root().await?, NAME).await?);
    for name in [NAME, SECOND] {
        ensure!(more.challenges().proof_of(name).is_none(), "the proof of {name} is still there");
    }
    Ok(())
}

#[tokio::test]
async fn an_authority_that_is_away_costs_tries_and_nothing_else() -> Result<()> {
    let mut place = Place::new(&[]).await?;
    let keeper = place.open(&[NAME])?;
    renewed(&keeper.turn(Timestamp::now()).await)?;
    let old = fs::read(keeper.certificate())?;
    let at = due(&keeper.turn(Timestamp::now()).await)?;
    place.pebble.kill()?;
    let (error, until) = failed(keeper.turn(at).await)?;
    ensure!(matches!(error, OrderError::Acme(_)), "{error:?}");
    ensure!(fs::read(keeper.certificate())? == old, "the old one is gone");
    // It comes back and has forgotten everything, our account too.
    place.pebble.restart()?;
    renewed(&keeper.turn(until).await)?;
    ensure!(is_trusted(&keeper.certificate(), &place.pebble.root().await?, NAME).await?);
    due(&keeper.turn(Timestamp::now()).await)?;
    Ok(())
}

#[tokio::test]
async fn rejected_nonces_are_asked_for_again() -> Result<()> {
    let place = Place::new(&[("PEBBLE_WFE_NONCEREJECT", "20")]).await?;
    let keeper = place.open(&[NAME])?;
    let mut now = Timestamp::now();
    // The library asks three times; whoever is unluckier than that comes again later.
    for _ in 0..10 {
        match keeper.turn(now).await {
            Turn::Renewed { .. } => {
                return ensure_trusted(&place, &keeper).await;
            }
            Turn::Failed { until, .. } => now = until,
            other => bail!("{other:?}"),
        }
    }
    bail!("ten orders failed")
}

async fn ensure_trusted(place: &Place, keeper: &Keeper) -> Result<()> {
    let root = place.pebble.root().await?;
    ensure!(is_trusted(&keeper.certificate(), &root, NAME).await?, "not trusted");
    Ok(())
}

#[tokio::test]
async fn a_damaged_file_is_replaced_at_the_start() -> Result<()> {
    let place = Place::new(&[]).await?;
    let file = place.open(&[NAME])?.certificate();
    for damage in [&b""[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        fs::write(&file, damage)?;
        let keeper = place.open(&[NAME])?;
        ensure!(fs::read(&file)?.starts_with(b"-----BEGIN CERTIFICATE-----\nMII"));
        renewed(&keeper.turn(Timestamp::now()).await)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_order_that_was_cut_off_counts_as_one_that_failed() -> Result<()> {
    let place = Place::new(&[]).await?;
    // An authority that takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let mut config = place.config(&[NAME]);
    config.directory = format!("http://{}/dir", silent.local_addr()?);
    let keeper = Keeper::open(config.clone(), Timestamp::now())?;
    let pause = keeper.certificate().with_file_name("pause.json");
    let begun = async {
        while !pause.exists() {
            tokio::task::yield_now().await;
        }
    };
    let now = Timestamp::now();
    tokio::select! {
        turn = keeper.turn(now) => bail!("it ended: {turn:?}"),
        () = begun => {}
    }
    drop(keeper);
    let turn = Keeper::open(config, Timestamp::now())?.turn(now).await;
    ensure!(matches!(turn, Turn::Waiting { .. }), "{turn:?}");
    Ok(())
}

#[tokio::test]
async fn a_changed_contact_is_told_to_the_authority() -> Result<()> {
    let place = Place::new(&[]).await?;
    renewed(&place.open(&[NAME])?.turn(Timestamp::now()).await)?;
    let mut config = place.config(&[NAME, SECOND]);
    config.contact = Some("other@stats.example".to_owned());
    let keeper = Keeper::open(config, Timestamp::now())?;
    *place.proofs.lock().unwrap() = Some(keeper.challenges());
    renewed(&keeper.turn(Timestamp::now()).await)?;
    ensure!(fs::read_to_string(account(&keeper))?.contains("mailto:other@stats.example"));
    ensure!(place.pebble.requests(NEW_ACCOUNT)? == 1, "a second account");
    Ok(())
}

#[test]
fn what_cannot_be_ordered_does_not_begin() -> Result<()> {
    let dir = TempDir::new()?;
    let config = Config {
        dir: dir.path().join("certificates"),
        directory: certificates::LETS_ENCRYPT.to_owned(),
        contact: None,
        names: vec![NAME.to_owned()],
        terms_agreed: false,
        authorities: None,
    };
    let error = Keeper::open(config, Timestamp::now()).err().context("it began")?;
    ensure!(matches!(error, CertificateError::Unfit(Unfit::Terms)), "{error:?}");
    ensure!(fs::read_dir(dir.path())?.next().is_none(), "it left something");
    Ok(())
}
