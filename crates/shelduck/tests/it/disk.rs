//! A full disk: nothing is acknowledged that is not written, and the server
//! recovers by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::sites::{SITE, browser, generous, page_view, server_with_site};

/// A small file system of its own for the server's data.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    pub(crate) fn mount(at: &Path, mebibytes: u32) -> Result<Self> {
        fs::create_dir_all(at)?;
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m,mode=700"), "shelduck-test"])
            .arg(at)
            .status()?;
        ensure!(done.success(), "mount");
        Ok(Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // It goes with the machine at the latest.
        let _unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_events_and_recovers_by_itself() -> Result<()> {
    let place = tempfile::tempdir()?;
    let data = place.path().join("data");
    // Only root may mount; the fault injection of the journal's own tests covers the rest of the world.
    let Ok(_disk) = SmallDisk::mount(&data, 64) else {
        eprintln!(
            "this user may not mount a file system; the journal's own tests inject the fault instead"
        );
        return Ok(());
    };
    let options = generous()
        .with("SERVER__DATA_DIR", &data.display().to_string())
        .with("QUERY__MEMORY", "256MiB");
    let (mut server, mut admin) = server_with_site(options).await?;
    let mut client = browser(&server)?;
    let mut acknowledged = 0_u64;
    ensure!(page_view(&mut client, "/before").await?.status == 202);
    acknowledged += 1;

    let ballast = data.join("ballast");
    fill(&ballast)?;
    let mut refused = 0;
    for number in 0..2000 {
        match page_view(&mut client, &format!("/full/{number}")).await?.status.as_u16() {
            202 => acknowledged += 1,
            503 => refused += 1,
            other => bail!("{other}"),
        }
        if refused == 50 {
            break;
        }
    }
    ensure!(refused > 0, "the disk was never full");
    ensure!(client.get("/health").await?.status == 200, "liveness does not need the disk");

    fs::remove_file(&ballast)?;
    let begun = Instant::now();
    loop {
        match page_view(&mut client, "/after").await?.status.as_u16() {
            202 => break,
            503 if begun.elapsed() < Duration::from_secs(60) => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            other => bail!("{other} after the disk had room again\n{}", server.log()?),
        }
    }
    acknowledged += 1;
    let begun = Instant::now();
    loop {
        let answer = admin.get(&format!("/v1/sites/{SITE}/overview?period=day")).await?;
        let seen = answer.json()?["metrics"]["pageviews"].as_u64().context("pageviews")?;
        if seen == acknowledged {
            break;
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "{seen} of {acknowledged} events\n{}",
            server.log()?
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ensure!(server.stop()?.success());
    Ok(())
}

/// Writes until nothing fits any more.
pub(crate) fn fill(path: &Path) -> Result<()> {
    use std::io::Write;
    let mut file = fs::File::create(path)?;
    for size in [1 << 20, 1 << 12, 1] {
        while file.write_all(&vec![0_u8; size]).is_ok() {}
    }
    Ok(())
}
