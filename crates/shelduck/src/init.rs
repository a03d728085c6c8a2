//! `shelduck init`: a folder that can be served from.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::Refused;
use crate::config::{Config, sample};
use crate::output::Format;
use crate::runtime::{Folder, Runtime};
use crate::secret::write_private;

pub(crate) async fn run(dir: &Path, format: Format) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let file = dir.join("shelduck.toml");
    if file.exists() {
        return Err(
            Refused(format!("{} is there already; nothing was changed", file.display())).into()
        );
    }
    let mut config = Config::default();
    let folder = Folder::take(&dir.join(&config.server.data_dir))?;
    config.server.data_dir = folder.path().to_owned();
    let url = format!("http://{}", config.http.listen);
    let runtime = Runtime::open(&config.clone().into(), folder, &url, None).await?;
    let setup_url = runtime.setup_url(&url)?;
    runtime.close().await?;
    write_private(&file, sample(&config).as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))?;

    let document = json!({
        "config": file.display().to_string(),
        "data_dir": config.server.data_dir.display().to_string(),
        "setup_url": setup_url,
    });
    format.print(&document, |_| {
        format!(
            "Wrote {}; data and secrets are in {}.\n\nStart:     shelduck serve --config {}\nThen open: {}\n\nThe link makes the first \
             admin; it works once and is only shown to whoever can read the data folder.",
            file.display(),
            config.server.data_dir.display(),
            file.display(),
            setup_url.as_deref().unwrap_or("(somebody can sign in already)"),
        )
    })
}
