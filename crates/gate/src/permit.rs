//! The proof that the gate let a request through.

use std::sync::Arc;

use crate::address::ClientAddress;
use crate::device::Device;
use crate::limits::{Charge, HeavyGuard, InFlightGuard};
use crate::policy::Policy;
use crate::principal::Principal;
use crate::request_id::RequestId;
use crate::requirement::Requirements;
use crate::scope::Scope;
use crate::session::SessionHash;
use crate::tokens::TokenUse;
use crate::vocabulary::Vocabulary;

/// The proof that the gate let a request through, and what it found out on the way.
///
/// Nothing outside this crate can make one, so a function that takes a permit cannot be reached around the gate.
///
/// ```compile_fail
/// let look_inside = |permit: gate::Permit| permit.0;
/// ```
#[derive(Debug)]
pub struct Permit(pub(crate) Box<Granted>);

/// What a permit stands for. Behind a box: permits are handed on from future to future.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) principal: Arc<Principal>,
    pub(crate) request_id: RequestId,
    pub(crate) client: ClientAddress,
    pub(crate) policy: Policy,
    pub(crate) operation: Arc<str>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) session: Option<SessionHash>,
    pub(crate) token: Option<TokenUse>,
    pub(crate) device: Option<Device>,
    pub(crate) charge: Option<Charge>,
    pub(crate) held: Held,
}

/// What a request holds while it runs; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) in_flight: Option<InFlightGuard>,
    pub(crate) heavy: Option<HeavyGuard>,
}

impl Held {
    pub(crate) const fn is_nothing(&self) -> bool {
        self.in_flight.is_none() && self.heavy.is_none()
    }
}

impl Permit {
    /// Who is asking.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// Whether the caller may also do that; for what only the handler can know, such as a database in a body.
    #[must_use]
    pub fn allows(&self, wanted: &Scope) -> bool {
        self.0.principal.allows(&self.0.vocabulary, wanted)
    }

    /// What the caller must do before anything else.
    #[must_use]
    pub fn required(&self) -> Requirements {
        self.0.principal.required()
    }

    /// Whether the caller may do everything.
    #[must_use]
    pub fn administers(&self) -> bool {
        self.allows(&Scope::everywhere(self.0.vocabulary.administering))
    }

    /// The request's id, as the caller sees it.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.0.request_id
    }

    /// Where the request came from; it prints as nothing.
    #[must_use]
    pub fn client(&self) -> &ClientAddress {
        &self.0.client
    }

    /// The name of the route's operation.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// What the route asked.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }
}
