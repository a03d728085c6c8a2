//! `shelduck audit`: the log read from its files, whether a server runs or not.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use audit::verify::{Report, verify};
use audit::{Follow, PublicKey, Query, Record, page};
use gate::RootSecret;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::cli::AuditCommand;
use crate::config::Config;
use crate::output::Format;
use crate::secret::Kept;
use crate::{Refused, secret, wiring};

pub(crate) fn run(command: &AuditCommand, config: &Config, format: Format) -> Result<()> {
    let dir = wiring::audit(config).dir;
    match command {
        AuditCommand::Key => {
            let key = own_key(config)?.context("there is no root secret yet")?;
            format.print(&json!({"public_key": key.to_string()}), |_| key.to_string())
        }
        AuditCommand::Verify { public_key } => {
            let own = own_key(config)?.into_iter().chain(previous_key(config)?);
            let trusted: Vec<PublicKey> = own.chain(public_key.iter().copied()).collect();
            let report = verify(&dir, &trusted).context("the audit log")?;
            let document = json!({"intact": report.is_intact(), "report": report});
            format.print(&document, |_| for_people(&report))?;
            if report.is_intact() {
                Ok(())
            } else {
                Err(Refused("the audit log was changed".to_owned()).into())
            }
        }
        AuditCommand::Tail { lines, follow } => match tail(&dir, *lines, *follow, format) {
            // Who reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done.context("the audit log"),
        },
    }
}

/// How often a log that is followed is looked at.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(250);

/// Prints the last records, and those that come.
fn tail(dir: &Path, lines: usize, follow: bool, format: Format) -> io::Result<()> {
    let mut output = io::stdout().lock();
    let mut found = page(dir, &Query::default(), lines)?.records;
    found.reverse();
    let last = found.last().map_or(0, |record| record.sequence);
    let mut log = Follow::after(dir.to_owned(), last);
    loop {
        for record in &found {
            match format {
                Format::Json => writeln!(output, "{}", serde_json::to_string(record)?)?,
                Format::People => writeln!(output, "{}", line(record))?,
            }
        }
        output.flush()?;
        if !follow {
            return Ok(());
        }
        std::thread::sleep(FOLLOW_INTERVAL);
        found = log.more()?;
    }
}

/// The public key of this server's root secret of before, if it is configured.
fn previous_key(config: &Config) -> Result<Option<PublicKey>> {
    let Some(secret) = &config.server.previous_secret else {
        return Ok(None);
    };
    let root = RootSecret::parse(secret.expose_secret()).context("server.previous_secret")?;
    Ok(Some(secret::audit_signer(&root)?.public_key()))
}

/// The public key of this server; none before its first start.
fn own_key(config: &Config) -> Result<Option<PublicKey>> {
    let text = match &config.server.secret {
        Some(secret) => secret.expose_secret().to_owned(),
        None => match Kept::read(&config.server.data_dir) {
            Ok(Some(kept)) => kept.primary.expose_secret().to_owned(),
            Ok(None) | Err(_) => return Ok(None),
        },
    };
    let root = RootSecret::parse(text.trim()).context("the root secret")?;
    Ok(Some(secret::audit_signer(&root)?.public_key()))
}

fn for_people(report: &Report) -> String {
    let mut text = format!(
        "{} records in {} files, numbers {} to {}, {} signed heads, {} records behind the last\n",
        report.records, report.files, report.first, report.last, report.heads, report.unsigned
    );
    if report.torn_bytes > 0 {
        text.push_str(&format!(
            "{} bytes at the end are no whole line: being written, or torn by a crash\n",
            report.torn_bytes
        ));
    }
    for finding in &report.findings {
        text.push_str(&format!("WRONG  {finding}\n"));
    }
    text + if report.is_intact() { "intact" } else { "NOT intact" }
}

fn line(record: &Record) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {} {} {} {} {}",
        record.at,
        record.event,
        record.outcome,
        record.actor,
        or_dash(&record.action),
        or_dash(&record.object),
        or_dash(&record.network)
    )
}
