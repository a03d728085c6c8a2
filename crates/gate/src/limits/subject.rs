//! Whose quota it is, of which kind, for which database.

use std::sync::{Arc, PoisonError, RwLock};

use super::config::CallerScope;
use crate::address::{AddressBlock, ClientAddress};
use crate::key::KeyId;
use crate::policy::Class;
use crate::principal::{Principal, SessionId, UserId};

/// Databases that can be told apart; any further ones share one quota.
pub(crate) const DATABASES_MAX: usize = 4_096;

/// Whose quota it is: the key, else the user (or its session), else the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    kind: Kind,
    id: [u8; 16],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Address,
    User,
    Key,
    Session,
    Device,
}

impl Subject {
    /// Whose quota a request is counted on.
    #[must_use]
    pub fn of(principal: &Principal, client: &ClientAddress) -> Self {
        Self::scoped(principal, client, CallerScope::Address)
    }

    /// The same, with or without a quota for each session.
    pub(crate) fn scoped(
        principal: &Principal,
        client: &ClientAddress,
        scope: CallerScope,
    ) -> Self {
        match principal {
            Principal::Key { id, .. } => Self::key(id),
            Principal::User { session, .. } if scope == CallerScope::Session => {
                Self::session(*session)
            }
            Principal::User { id, .. } => Self::user(*id),
            Principal::Anonymous | Principal::Operator => Self::address(client.block()),
        }
    }

    pub(crate) const fn address(block: AddressBlock) -> Self {
        Self { kind: Kind::Address, id: block.bytes() }
    }

    /// A browser that signed in before.
    pub(crate) const fn device(nonce: [u8; 16]) -> Self {
        Self { kind: Kind::Device, id: nonce }
    }

    const fn user(id: UserId) -> Self {
        Self { kind: Kind::User, id: *id.0.as_bytes() }
    }

    const fn session(id: SessionId) -> Self {
        Self { kind: Kind::Session, id: *id.0.as_bytes() }
    }

    fn key(id: &KeyId) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(id.as_str().bytes()) {
            *to = from;
        }
        Self { kind: Kind::Key, id: bytes }
    }

    /// Kind and id for an administrator's list; an address goes through `address`, which must not tell it.
    pub(crate) fn label(&self, address: impl FnOnce(&ClientAddress) -> String) -> String {
        let uuid = || uuid::Uuid::from_bytes(self.id);
        match self.kind {
            Kind::Address => {
                format!("address:{}", address(&ClientAddress::of(AddressBlock::of(self.id))))
            }
            Kind::User => format!("user:{}", uuid()),
            Kind::Session => format!("session:{}", uuid()),
            Kind::Device => format!("device:{}", uuid()),
            Kind::Key => {
                let id = self.id.iter().take_while(|byte| **byte != 0);
                format!("key:{}", id.map(|byte| char::from(*byte)).collect::<String>())
            }
        }
    }

    pub(crate) fn bytes(&self) -> [u8; 17] {
        let mut bytes = [0; 17];
        let [kind, id @ ..] = &mut bytes;
        *kind = match self.kind {
            Kind::Address => 0,
            Kind::User => 1,
            Kind::Key => 2,
            Kind::Session => 3,
            Kind::Device => 4,
        };
        *id = self.id;
        bytes
    }
}

/// Which of a caller's quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    /// That of a class of routes.
    Class(Class),
    /// That of credentials shown, before they are looked at.
    PreAuth,
    /// That of credentials that turned out to be wrong.
    BadCredentials,
}

impl Counted {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Class(class) => class.name(),
            Self::PreAuth => "pre-auth",
            Self::BadCredentials => "bad-credentials",
        }
    }

    pub(crate) const fn class(self) -> Option<Class> {
        match self {
            Self::Class(class) => Some(class),
            Self::PreAuth | Self::BadCredentials => None,
        }
    }

    /// The name of its burst limit.
    pub(crate) const fn burst_name(self) -> &'static str {
        match self {
            Self::Class(Class::Read) => "read-burst",
            Self::Class(Class::Query) => "query-burst",
            Self::Class(Class::Write) => "write-burst",
            Self::Class(Class::Auth) => "auth-burst",
            _ => "burst",
        }
    }
}

/// The name of one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    pub(crate) subject: Subject,
    pub(crate) counted: Counted,
    pub(crate) database: DatabaseNumber,
}

/// A database's place in the list of those seen; 0 is none in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DatabaseNumber(u16);

impl DatabaseNumber {
    /// No database in particular.
    pub(crate) const NONE: Self = Self(0);
}

/// A database that exists and that the caller may use: only [`crate::Gate::database`] makes one.
#[derive(Clone, Debug)]
pub struct AllowedDatabase {
    pub(crate) name: Arc<str>,
}

impl AllowedDatabase {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Numbers for the names of databases. Names come from routes and from [`AllowedDatabase`], never from a caller alone.
#[derive(Debug, Default)]
pub(crate) struct Databases {
    names: RwLock<Vec<Arc<str>>>,
}

impl Databases {
    pub(crate) fn number(&self, name: &str) -> DatabaseNumber {
        let known = |names: &[Arc<str>]| names.iter().position(|known| &**known == name);
        let found = known(&self.names.read().unwrap_or_else(PoisonError::into_inner));
        let place = found.or_else(|| {
            let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
            known(&names).or_else(|| {
                let room = names.len() < DATABASES_MAX;
                room.then(|| {
                    names.push(Arc::from(name));
                    names.len() - 1
                })
            })
        });
        let number = place.and_then(|place| u16::try_from(place + 1).ok());
        number.map_or(DatabaseNumber::NONE, DatabaseNumber)
    }

    /// All numbers given, and that of no database in particular.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = DatabaseNumber> + Clone + use<> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner).len();
        (0..=u16::try_from(names).unwrap_or(u16::MAX)).map(DatabaseNumber)
    }

    pub(crate) fn name(&self, number: DatabaseNumber) -> Option<Arc<str>> {
        let place = usize::from(number.0).checked_sub(1)?;
        self.names.read().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_numbered_within_a_bound() {
        let databases = Databases::default();
        let web = databases.number("web");
        assert_eq!((databases.number("web"), databases.name(web).as_deref()), (web, Some("web")));
        assert_ne!(databases.number("net"), web);
        for place in 2..DATABASES_MAX {
            assert_ne!(databases.number(&format!("d{place}")), DatabaseNumber::NONE);
        }
        assert_eq!(databases.number("one too many"), DatabaseNumber::NONE);
        assert_eq!(databases.name(DatabaseNumber::NONE), None);
        assert_eq!(databases.number("web"), web);
    }

    #[test]
    fn a_label_names_the_caller_and_not_its_address() {
        let client = ClientAddress::network("192.0.2.77".parse().unwrap());
        let label = Subject::address(client.block()).label(|seen| {
            assert_eq!(seen.expose(), client.expose());
            "code".to_owned()
        });
        assert_eq!(label, "address:code");
        let key = Subject::key(&KeyId::parse("abcdefgh12345678").unwrap());
        assert_eq!(key.label(|_| String::new()), "key:abcdefgh12345678");
        let user = Subject::user(UserId(uuid::Uuid::from_u128(7)));
        assert_eq!(user.label(|_| String::new()), "user:00000000-0000-0000-0000-000000000007");
    }
}
