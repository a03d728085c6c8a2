//! `shelduck site …`

use anyhow::Result;
use http::Method;
use serde_json::{Value, json};

use super::segment;
use crate::cli::SiteCommand;
use crate::local::Local;
use crate::output::{Format, columns};

pub(crate) async fn run(command: SiteCommand, local: &Local, format: Format) -> Result<()> {
    match command {
        SiteCommand::Add { domain, time_zone } => {
            let body = json!({"domain": domain, "time_zone": time_zone});
            let site = local.call(Method::POST, "/v1/sites", Some(&body)).await?;
            format.print(&site, |site| {
                let domain = site.get("domain").and_then(Value::as_str).unwrap_or_default();
                format!("{domain} is counted. Put this into its pages:\n\n  <script defer data-domain=\"{domain}\" src=\"…/js/script.js\"></script>")
            })
        }
        SiteCommand::List => {
            let sites = local.call(Method::GET, "/v1/sites", None).await?;
            format.print(&sites, |sites| {
                let fields = [
                    ("DOMAIN", "domain"),
                    ("TIME ZONE", "time_zone"),
                    ("SINCE", "created_at"),
                    ("VISITORS 24H", "visitors_24h"),
                ];
                columns(sites, &fields, "No site yet. Add one: shelduck site add example.com")
            })
        }
        SiteCommand::Remove { domain } => {
            let done = local
                .call(Method::DELETE, &format!("/v1/sites/{}", segment(&domain)), None)
                .await?;
            format.print(&done, |_| format!("{domain} is no longer counted."))
        }
    }
}
