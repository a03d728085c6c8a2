//! `shelduck audit`: the log read from its files, whether a server runs or not.

use std::fs;

use anyhow::{Context, Result};
use audit::verify::{Report, verify};
use audit::{PublicKey, Query, Record, page};
use gate::RootSecret;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::cli::AuditCommand;
use crate::config::Config;
use crate::output::{self, Format};
use crate::{Refused, secret, wiring};

pub(crate) fn run(command: &AuditCommand, config: &Config, format: Format) -> Result<()> {
    let dir = wiring::audit(config).dir;
    match command {
        AuditCommand::Key => {
            let key = own_key(config)?.context("there is no root secret yet")?;
            format.print(&json!({"public_key": key.to_string()}), |_| key.to_string())
        }
        AuditCommand::Verify { public_key } => {
            let trusted: Vec<PublicKey> =
                own_key(config)?.into_iter().chain(public_key.iter().copied()).collect();
            let report = verify(&dir, &trusted).context("the audit log")?;
            let document = json!({"intact": report.is_intact(), "report": report});
            format.print(&document, |_| for_people(&report))?;
            if report.is_intact() {
                Ok(())
            } else {
                Err(Refused("the audit log was changed".to_owned()).into())
            }
        }
        AuditCommand::Tail { lines } => {
            let mut found = page(&dir, &Query::default(), *lines).context("the audit log")?.records;
            found.reverse();
            for record in &found {
                output::line(&match format {
                    Format::Json => serde_json::to_string(record)?,
                    Format::People => line(record),
                })?;
            }
            Ok(())
        }
    }
}

/// The public key of this server; none before its first start.
fn own_key(config: &Config) -> Result<Option<PublicKey>> {
    let text = match &config.server.secret {
        Some(secret) => secret.expose_secret().to_owned(),
        None => match fs::read_to_string(config.server.data_dir.join("secret")) {
            Ok(text) => text,
            Err(_) => return Ok(None),
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
