//! From a shown access token to a principal.

use std::sync::Arc;

use jiff::Timestamp;

use super::Found;
use crate::address::ClientAddress;
use crate::door::{Known, Refusal};
use crate::factor::{Enrolled, Factors};
use crate::gate::Gate;
use crate::live::LiveToken;
use crate::principal::Principal;
use crate::scope::Scope;
use crate::store::{StoreError, UserRecord};
use crate::token::AccessToken;
use crate::token::claims::Claims;
use crate::token::verify::{TokenFault, verify};
use crate::tokens::TokenUse;

fn known(live: LiveToken) -> Known {
    Known { fresh_until: live.fresh_until, ..Known::by_token(live.principal, live.token) }
}

impl Gate {
    /// The token, if it was believed a moment ago.
    pub(crate) fn token_in_memory(
        &self,
        token: &AccessToken,
        client: &ClientAddress,
    ) -> Option<Found> {
        let now = self.now();
        if let Err(locked) = self.lockout.stands(client, now) {
            return Some(Err(locked.into()));
        }
        let live = self.live.token(&token.hash(), now)?;
        (now < live.token.expires_at).then(|| Ok(known(live)))
    }

    /// The token, verified, as far as the store still knows its family, its user and its epochs; blocks.
    pub(crate) fn token_in_store(&self, token: &AccessToken, client: &ClientAddress) -> Found {
        let now = self.now();
        let epoch = self.live.epoch();
        let claims = match verify(&self.ring().tokens, token, now) {
            Ok(claims) => claims,
            // A token that was right once and has ended is no guess.
            Err(TokenFault::Over) => return Err(Refusal::Unauthenticated),
            Err(TokenFault::NotOurs) => return Err(self.wrong_key(client)),
        };
        let user = self.user_of(&claims).map_err(Refusal::Unavailable)?;
        let enrolled = self.store.enrolled(claims.user).map_err(Refusal::Unavailable)?;
        let principal = user
            .and_then(|user| self.token_principal(&claims, &user, &enrolled, now))
            .ok_or(Refusal::Unauthenticated)?;
        let proved = Factors::parse(&claims.factors.join(",")).unwrap_or_default();
        let used = TokenUse { id: claims.id, family: claims.family, expires_at: claims.expires_at };
        let live = LiveToken {
            principal: Arc::new(principal),
            token: used,
            fresh_until: enrolled.fresh_until(proved, claims.authenticated_at),
            read_at: now,
        };
        self.live.keep_token(epoch, &token.hash(), &live);
        Ok(known(live))
    }

    /// The user behind the claims; none when anything that the token stands on has ended.
    fn user_of(&self, claims: &Claims) -> Result<Option<UserRecord>, StoreError> {
        if self.store.epochs(claims.user)? != claims.epochs || self.store.is_denied(claims.id)? {
            return Ok(None);
        }
        let family = self.store.family_by_id(claims.family)?;
        if !family.is_some_and(|family| family.user == claims.user && !family.ended) {
            return Ok(None);
        }
        Ok(self.store.user(claims.user)?.filter(|user| !user.disabled))
    }

    /// A token may do what it was made for and its user still may.
    fn token_principal(
        &self,
        claims: &Claims,
        user: &UserRecord,
        enrolled: &Enrolled,
        now: Timestamp,
    ) -> Option<Principal> {
        let held = self.user_scopes(user)?;
        let parsed = claims.scopes.iter().map(|text| self.vocabulary.scope(text));
        let scopes: Vec<Scope> = parsed.collect::<Result<_, _>>().ok()?;
        Some(Principal::User {
            id: user.id,
            name: Arc::from(user.name.as_str()),
            role: Arc::from(user.role.as_str()),
            scopes: self.vocabulary.shared(&scopes, &held).into(),
            session: claims.family,
            required: self.requirements(user, &held, enrolled, now),
        })
    }

    /// What a user may do; none when the role means nothing.
    pub(crate) fn user_scopes(&self, user: &UserRecord) -> Option<Vec<Scope>> {
        Some(self.effective(self.vocabulary.role(&user.role)?, &user.grants))
    }
}
