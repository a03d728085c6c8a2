//! What a route asks of its caller.
//!
//! A policy is data: it is made in a `const`-friendly way beside the route, printed in the route table, put into the
//! OpenAPI document and obeyed by [`crate::door::check`]. There is no other place where a rule about a route lives.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::scope::Action;

const KIB: usize = 1024;
/// What a JSON request may weigh unless its route says otherwise.
pub const JSON_BYTES_MAX: usize = 1024 * KIB;
/// What an ingested event may weigh.
pub const INGEST_BYTES_MAX: usize = 64 * KIB;
/// What a request without a payload may weigh.
pub const EMPTY_BYTES_MAX: usize = 0;
/// What a login form may weigh.
pub const AUTH_BYTES_MAX: usize = 16 * KIB;
/// How long a body may take to arrive, and a handler to think, unless its route says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The kind of work a route does; limits are set per class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Looking.
    Read,
    /// Asking the warehouse in its own language.
    Query,
    /// Changing.
    Write,
    /// Proving who one is.
    Auth,
    /// Handing in events; many, small, from everywhere.
    Ingest,
    /// Health and metrics.
    Monitoring,
    /// Files that do not change.
    Static,
    /// Anything else.
    Other,
}

impl Class {
    /// Every class, in the order of the limit table.
    pub const ALL: [Self; 8] = [
        Self::Read,
        Self::Query,
        Self::Write,
        Self::Auth,
        Self::Ingest,
        Self::Monitoring,
        Self::Static,
        Self::Other,
    ];

    /// Its name in configuration, headers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Write => "write",
            Self::Auth => "auth",
            Self::Ingest => "ingest",
            Self::Monitoring => "monitoring",
            Self::Static => "static",
            Self::Other => "other",
        }
    }
}

/// The scope a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required {
    /// What must be allowed.
    pub action: Action,
    /// On which database; none means on all of them.
    pub database: Option<&'static str>,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone. Credentials are not even looked at: the principal is anonymous.
    Public,
    /// Anyone who proved who they are.
    SignedIn,
    /// Who holds the scope.
    Requires(Required),
    /// Who controls the machine: nobody who comes over a network.
    Operator,
}

/// How much of its database a route is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of it: the caller's right must reach the whole database.
    Whole,
    /// The object that this variable of the path names; for who may not see it, there is none.
    Object(&'static str),
    /// Several objects: a right on any of them is enough, and the handler shows those alone that
    /// [`Permit::allows`](crate::Permit::allows).
    Listed,
}

/// Which pages of other origins may read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CorsClass {
    /// None.
    SameOrigin,
    /// The listed origins, without cookies, to read.
    Api,
    /// All, without cookies: the events of other people's sites.
    Ingest,
}

/// When a request must prove that no foreign page made the browser send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CsrfRule {
    /// Never: the route changes nothing or ignores cookies.
    Exempt,
    /// When a cookie authenticates it: `Sec-Fetch-Site` or `Origin` must say same origin.
    Cookie,
    /// Always when a browser sends it, cookie or not: the doors themselves. A program that sends neither
    /// `Sec-Fetch-Site`, `Origin` nor a cookie passes, since no page can make a browser leave all of them out.
    Door,
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The kind of work.
    pub class: Class,
    /// Who may call.
    pub access: Access,
    /// How much of its database it is about.
    pub reach: Reach,
    /// Whether an account that must do something first may call it.
    pub while_required: bool,
    /// Whether a person must have proved themselves within the last minutes, by the strongest factor they have.
    pub fresh: bool,
    /// How many times the class's cost one call takes from its quota.
    pub cost: u32,
    /// Units of heavy work one call holds while it runs; most hold none.
    pub heavy_units: u32,
    /// Which foreign pages may read the answer.
    pub cors: CorsClass,
    /// What proves that no foreign page made the call.
    pub csrf: CsrfRule,
    /// What the body may weigh.
    pub body_bytes_max: usize,
    /// How long the body may take to arrive.
    pub body_deadline: Duration,
    /// How long the handler may take once the body has arrived.
    pub deadline: Duration,
}

impl Policy {
    /// The one database it speaks of, if it does.
    #[must_use]
    pub const fn database(&self) -> Option<&'static str> {
        match self.access {
            Access::Requires(required) => required.database,
            Access::Public | Access::SignedIn | Access::Operator => None,
        }
    }

    const fn base(class: Class, access: Access) -> Self {
        Self {
            class,
            access,
            reach: Reach::Whole,
            while_required: false,
            fresh: false,
            cost: 1,
            heavy_units: 0,
            cors: CorsClass::SameOrigin,
            csrf: CsrfRule::Cookie,
            body_bytes_max: EMPTY_BYTES_MAX,
            body_deadline: DEADLINE,
            deadline: DEADLINE,
        }
    }

    /// Looks at one database; no body.
    #[must_use]
    pub const fn read(database: &'static str) -> Self {
        Self::requires(Class::Read, Action::READ, Some(database)).cors(CorsClass::Api)
    }

    /// Asks one database in the warehouse's language.
    #[must_use]
    pub const fn query(database: &'static str) -> Self {
        Self::requires(Class::Query, Action::QUERY, Some(database)).body_max(JSON_BYTES_MAX)
    }

    /// Changes one database.
    #[must_use]
    pub const fn write(database: &'static str) -> Self {
        Self::requires(Class::Write, Action::WRITE, Some(database)).body_max(JSON_BYTES_MAX)
    }

    /// Changes who may do what; class write.
    #[must_use]
    pub const fn admin() -> Self {
        Self::requires(Class::Write, Action::ADMIN, None).body_max(JSON_BYTES_MAX)
    }

    /// Looks at who may do what; class read, no body.
    #[must_use]
    pub const fn admin_read() -> Self {
        Self::requires(Class::Read, Action::ADMIN, None)
    }

    /// Any action on one database, or on all when none is named.
    #[must_use]
    pub const fn requires(class: Class, action: Action, database: Option<&'static str>) -> Self {
        Self::base(class, Access::Requires(Required { action, database }))
    }

    /// Any signed-in caller: one's own account.
    #[must_use]
    pub const fn signed_in(class: Class) -> Self {
        Self::base(class, Access::SignedIn).body_max(JSON_BYTES_MAX)
    }

    /// Who controls the machine, over the local socket.
    #[must_use]
    pub const fn operator(class: Class) -> Self {
        Self::base(class, Access::Operator).body_max(JSON_BYTES_MAX)
    }

    /// Anyone, credentials ignored; no body unless `.body_max()` says so, except for the doors of class auth.
    #[must_use]
    pub const fn public(class: Class) -> Self {
        let policy = Self::base(class, Access::Public);
        match class {
            Class::Auth => policy.csrf(CsrfRule::Door).body_max(AUTH_BYTES_MAX),
            _ => policy.csrf(CsrfRule::Exempt),
        }
    }

    /// Events from other people's pages.
    #[must_use]
    pub const fn ingest() -> Self {
        Self::public(Class::Ingest).cors(CorsClass::Ingest).body_max(INGEST_BYTES_MAX)
    }

    /// About one object: the one this variable of the path names.
    ///
    /// The gate itself asks for the right on `database/object`; who holds rights in the database but none on this object
    /// is answered as if it did not exist.
    #[must_use]
    pub const fn of(mut self, variable: &'static str) -> Self {
        self.reach = Reach::Object(variable);
        self
    }

    /// About several objects: a right on any of them is enough to call.
    ///
    /// The handler must leave out what [`Permit::allows`](crate::Permit::allows) does not let the caller see.
    #[must_use]
    pub const fn listed(mut self) -> Self {
        self.reach = Reach::Listed;
        self
    }

    /// Also for an account that must do something first: this is where it does it, or signs out.
    #[must_use]
    pub const fn while_required(mut self) -> Self {
        self.while_required = true;
        self
    }

    /// Whether a call may change something that must be written into the audit log. Events of visitors have a journal
    /// of their own.
    #[must_use]
    pub const fn changes(&self) -> bool {
        let looks = matches!(self.csrf, CsrfRule::Exempt);
        !looks && !matches!(self.class, Class::Query | Class::Ingest)
    }

    /// Dangerous enough that a person must have proved themselves lately, by the strongest factor they have.
    ///
    /// A key may do what its scopes say and the operator everything: neither has a person behind it who could be asked.
    #[must_use]
    pub const fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }

    /// How many times the class's cost one call takes from the quota.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// Units of heavy work one call holds while it runs, of those all callers share.
    #[must_use]
    pub const fn heavy(mut self, units: u32) -> Self {
        self.heavy_units = units;
        self
    }

    /// What the body may weigh.
    #[must_use]
    pub const fn body_max(mut self, bytes: usize) -> Self {
        self.body_bytes_max = bytes;
        self
    }

    /// How long the handler may take.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long the body may take to arrive.
    #[must_use]
    pub const fn body_deadline(mut self, deadline: Duration) -> Self {
        self.body_deadline = deadline;
        self
    }

    /// Which foreign pages may read the answer.
    #[must_use]
    pub const fn cors(mut self, cors: CorsClass) -> Self {
        self.cors = cors;
        self
    }

    /// When the request must prove its origin.
    #[must_use]
    pub const fn csrf(mut self, csrf: CsrfRule) -> Self {
        self.csrf = csrf;
        self
    }
}
