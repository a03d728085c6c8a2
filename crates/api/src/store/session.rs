//! All sessions of the gate in the control store.

use gate::store::{SessionRecord, SessionStore, StoreError};
use jiff::Timestamp;

use super::{ControlStore, session_out};

impl SessionStore for ControlStore {
    fn all_sessions(&self, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let sessions = self.control.sessions(now).map_err(StoreError::failed)?;
        sessions.into_iter().map(session_out).collect()
    }

    fn end_everything(&self) -> Result<u64, StoreError> {
        self.control.end_everything(self.clock.now()).map_err(StoreError::failed)
    }

    fn end_all_sessions(&self) -> Result<u64, StoreError> {
        self.control.delete_sessions().map_err(StoreError::failed)
    }
}
