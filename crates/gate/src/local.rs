//! Permits for who controls the machine itself.
//!
//! The command line works on a stopped server's files directly. Whoever can do that owns the server, so it gets the
//! operator's permit without being asked anything. Nothing that serves a network may call this.

use std::sync::Arc;

use crate::address::ClientAddress;
use crate::gate::Gate;
use crate::permit::{Granted, Held, Permit};
use crate::policy::{Class, Policy};

/// What events of the command line are recorded under.
const OPERATION: &str = "command_line";

/// The operator's permit, for the command line.
#[must_use]
pub fn operator(gate: &Gate) -> Permit {
    Permit(Box::new(Granted {
        principal: Arc::clone(&gate.operator),
        request_id: gate.request_id(),
        client: ClientAddress::LOCAL,
        policy: Policy::signed_in(Class::Other),
        operation: Arc::from(OPERATION),
        vocabulary: gate.vocabulary,
        session: None,
        token: None,
        device: None,
        charge: None,
        held: Held::default(),
    }))
}
