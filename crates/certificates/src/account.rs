//! Our account with the authority.

use std::io;

use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::config::Config;
use crate::files::{ACCOUNT, Files};
use crate::order::OrderError;
use crate::transport::Transport;

/// The account as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// What the authority was told last.
    contacts: Vec<String>,
    credentials: AccountCredentials,
}

/// Opens the account that is kept, or registers one and keeps it before it is used.
pub(crate) async fn open(
    config: &Config,
    files: &Files,
    transport: &Transport,
) -> Result<Account, OrderError> {
    let contacts = config.contacts();
    let Some(mut kept) = read(files)? else {
        return register(config, contacts, files, transport).await;
    };
    let builder = Account::builder_with_http(Box::new(transport.clone()));
    let credentials = serde_json::from_value(serde_json::to_value(&kept.credentials)?)?;
    let account = builder.from_credentials(credentials).await?;
    if kept.contacts != contacts {
        let borrowed: Vec<&str> = contacts.iter().map(String::as_str).collect();
        account.update_contacts(&borrowed).await?;
        kept.contacts = contacts;
        write(files, &kept)?;
    }
    Ok(account)
}

/// Forgets an account that the authority does not know.
pub(crate) fn forget(files: &Files) -> io::Result<()> {
    files.remove(ACCOUNT)
}

async fn register(
    config: &Config,
    contacts: Vec<String>,
    files: &Files,
    transport: &Transport,
) -> Result<Account, OrderError> {
    let borrowed: Vec<&str> = contacts.iter().map(String::as_str).collect();
    let new = NewAccount {
        contact: &borrowed,
        terms_of_service_agreed: config.terms_agreed,
        only_return_existing: false,
    };
    let builder = Account::builder_with_http(Box::new(transport.clone()));
    let (account, credentials) = builder.create(&new, config.directory.clone(), None).await?;
    write(files, &Kept { contacts, credentials })?;
    Ok(account)
}

fn read(files: &Files) -> Result<Option<Kept>, OrderError> {
    let Some(text) = files.read(ACCOUNT)? else {
        return Ok(None);
    };
    Ok(Some(serde_json::from_slice(&text)?))
}

fn write(files: &Files, kept: &Kept) -> Result<(), OrderError> {
    let text = Zeroizing::new(serde_json::to_vec(kept)?);
    Ok(files.write(ACCOUNT, &text)?)
}
