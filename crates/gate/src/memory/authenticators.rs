//! Tries of authenticators, in memory.

use super::MemoryStore;
use crate::principal::UserId;
use crate::store::{AUTHENTICATORS_PER_USER_MAX, AuthenticatorStore, StoreError};

impl AuthenticatorStore for MemoryStore {
    fn count_try(&self, user: UserId, authenticator: &str, most: u32) -> Result<bool, StoreError> {
        let mut kept = self.kept();
        let key = (user, authenticator.to_owned());
        let own = kept.tries.iter().filter(|((other, _), _)| *other == user);
        let full =
            u32::try_from(own.clone().count()).is_ok_and(|own| own >= AUTHENTICATORS_PER_USER_MAX);
        let least = own.min_by_key(|(_, tries)| **tries).map(|(key, _)| key.clone());
        if let Some(least) = least.filter(|_| full && !kept.tries.contains_key(&key)) {
            kept.tries.remove(&least);
        }
        let tries = kept.tries.entry(key).or_insert(0);
        let counts = *tries < most;
        *tries += u32::from(counts);
        Ok(counts)
    }

    fn uncount_try(&self, user: UserId, authenticator: &str) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let key = (user, authenticator.to_owned());
        if let Some(tries) = kept.tries.get_mut(&key) {
            *tries = tries.saturating_sub(1);
            if *tries == 0 {
                kept.tries.remove(&key);
            }
        }
        Ok(())
    }

    fn forget_tries(&self, user: UserId, authenticator: &str) -> Result<u32, StoreError> {
        Ok(self.kept().tries.remove(&(user, authenticator.to_owned())).unwrap_or(0))
    }

    fn forget_tries_like(&self, user: UserId, prefix: &str) -> Result<(), StoreError> {
        self.kept().tries.retain(|(other, name), _| *other != user || !name.starts_with(prefix));
        Ok(())
    }
}
