//! All sessions at once, in memory.

use jiff::Timestamp;

use super::MemoryStore;
use crate::store::{SessionRecord, SessionStore, StoreError};

impl SessionStore for MemoryStore {
    fn all_sessions(&self, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let kept = self.kept();
        let mut sessions: Vec<_> =
            kept.sessions.values().filter(|session| session.expires_at > now).cloned().collect();
        sessions.sort_by_key(|session| (session.created_at, session.id));
        Ok(sessions)
    }

    fn end_everything(&self) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let sessions = u64::try_from(kept.sessions.len()).unwrap_or(u64::MAX);
        kept.sessions.clear();
        kept.resets.clear();
        let families = kept.end_families(|_| true);
        kept.era += 1;
        Ok(sessions + families)
    }

    fn end_all_sessions(&self) -> Result<u64, StoreError> {
        let mut kept = self.kept();
        let ended = u64::try_from(kept.sessions.len()).unwrap_or(u64::MAX);
        kept.sessions.clear();
        Ok(ended)
    }
}
