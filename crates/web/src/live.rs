//! Who waits for news of a site.
//!
//! The loader says after each commit which sites it touched; pages that show the present wait for that. Only the latest news counts,
//! so a slow page is never behind and nothing queues up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// The feed. Cheap to clone; all clones are one feed.
#[derive(Debug, Clone, Default)]
pub struct LiveFeed {
    /// Only of sites somebody waits for.
    sites: Arc<Mutex<Followed>>,
}

type Followed = HashMap<Box<str>, watch::Sender<Option<i64>>>;

impl LiveFeed {
    /// Follows a site: the time of its last counted event in microseconds since 1970, as of the last commit that touched it;
    /// `None` until the first one after this call. The caller has made sure that there is such a site.
    pub fn subscribe(&self, site: &str) -> watch::Receiver<Option<i64>> {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.retain(|_, sender| sender.receiver_count() > 0);
        sites.entry(site.into()).or_insert_with(|| watch::Sender::new(None)).subscribe()
    }

    /// Tells who follows the site.
    pub(crate) fn publish(&self, site: &str, last_event_at: i64) {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = sites.get(site) {
            sender.send_replace(Some(last_event_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn followers_get_the_latest_of_their_site_only() {
        let feed = LiveFeed::default();
        feed.publish("a.example", 1);
        let mut follower = feed.subscribe("a.example");
        assert_eq!(*follower.borrow_and_update(), None);
        feed.publish("b.example", 2);
        assert!(!follower.has_changed().unwrap());
        feed.publish("a.example", 3);
        feed.publish("a.example", 4);
        assert_eq!(*follower.borrow_and_update(), Some(4));
    }

    #[test]
    fn sites_nobody_follows_are_forgotten() {
        let feed = LiveFeed::default();
        for site in 0..100 {
            drop(feed.subscribe(&site.to_string()));
        }
        let _kept = feed.subscribe("a.example");
        assert_eq!(feed.sites.lock().unwrap().len(), 1);
    }
}
