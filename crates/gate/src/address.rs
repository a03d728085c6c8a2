//! Where a request came from, in a type that does not print.
//!
//! An address of a person is needed to count and to enrich, and must not end up in a log, a table or an answer. So the
//! type has no `Display`, no `Serialize`, a `Debug` that says nothing, and one loud way in: [`ClientAddress::expose`].

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Where a request came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(Option<IpAddr>);

/// The part of an address that is counted: one v4 address, or one v6 network of 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressBlock(u128);

/// Where an address lies, told so coarsely that nobody is found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressClass {
    /// The server's own machine.
    Machine,
    /// A private network.
    Private,
    /// The internet.
    Public,
}

impl AddressClass {
    const ALL: [Self; 3] = [Self::Machine, Self::Private, Self::Public];

    /// Its written name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Private => "private",
            Self::Public => "public",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == text)
    }
}

impl ClientAddress {
    /// The local admin socket: no network at all.
    pub const LOCAL: Self = Self(None);

    /// A network address; v4 written as v6 becomes v4.
    #[must_use]
    pub const fn network(address: IpAddr) -> Self {
        Self(Some(address.to_canonical()))
    }

    /// The raw address, for hashing and look-ups only; none for the local socket. Never store or print it.
    #[must_use]
    pub const fn expose(&self) -> Option<IpAddr> {
        self.0
    }

    /// Where it lies.
    #[must_use]
    pub const fn class(&self) -> AddressClass {
        match self.0 {
            None => AddressClass::Machine,
            Some(IpAddr::V4(address)) if address.is_loopback() => AddressClass::Machine,
            Some(IpAddr::V6(address)) if address.is_loopback() => AddressClass::Machine,
            Some(IpAddr::V4(address)) if address.is_private() || address.is_link_local() => {
                AddressClass::Private
            }
            Some(IpAddr::V6(address))
                if address.is_unique_local() || address.is_unicast_link_local() =>
            {
                AddressClass::Private
            }
            Some(_) => AddressClass::Public,
        }
    }

    /// The address that stands for all of a block.
    pub(crate) const fn of(block: AddressBlock) -> Self {
        Self::network(IpAddr::V6(Ipv6Addr::from_bits(block.0)))
    }

    /// The v6 network of 48 bits around it, which one customer may have as a whole; none for v4.
    pub(crate) const fn site(&self) -> Option<AddressBlock> {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                Some(AddressBlock(address.to_bits() & !((1_u128 << 80) - 1)))
            }
            Some(IpAddr::V4(_)) | None => None,
        }
    }

    /// The part that is counted.
    #[must_use]
    pub const fn block(&self) -> AddressBlock {
        match self.0 {
            // The mapped form keeps v4 apart from every v6 network.
            Some(IpAddr::V4(address)) => AddressBlock(address.to_ipv6_mapped().to_bits()),
            Some(IpAddr::V6(address)) => AddressBlock(mask_64(address)),
            None => AddressBlock(0),
        }
    }
}

impl AddressBlock {
    pub(crate) const fn of(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    pub(crate) const fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

const fn mask_64(address: Ipv6Addr) -> u128 {
    address.to_bits() & !(u64::MAX as u128)
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientAddress(hidden)")
    }
}

impl fmt::Debug for AddressBlock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AddressBlock(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> AddressBlock {
        ClientAddress::network(text.parse().unwrap()).block()
    }

    #[test]
    fn a_v6_network_of_64_bits_is_one_caller() {
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
    }

    #[test]
    fn v4_is_counted_alone_and_in_both_spellings() {
        assert_eq!(block("192.0.2.1"), block("::ffff:192.0.2.1"));
        assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
        assert_ne!(block("192.0.2.1"), block("::1"));
    }

    #[test]
    fn a_class_tells_the_kind_of_network_only() {
        let class = |text: &str| ClientAddress::network(text.parse().unwrap()).class().name();
        for (address, expected) in [
            ("127.0.0.1", "machine"),
            ("::1", "machine"),
            ("::ffff:127.0.0.1", "machine"),
            ("10.1.2.3", "private"),
            ("192.168.0.9", "private"),
            ("fd00::1", "private"),
            ("fe80::1", "private"),
            ("192.0.2.1", "public"),
            ("2001:db8::1", "public"),
        ] {
            assert_eq!(class(address), expected, "{address}");
            assert_eq!(AddressClass::parse(expected).unwrap().name(), expected);
        }
        assert_eq!(ClientAddress::LOCAL.class(), AddressClass::Machine);
    }

    #[test]
    fn a_v6_customer_may_have_a_network_of_48_bits() {
        let site = |text: &str| ClientAddress::network(text.parse().unwrap()).site();
        assert_eq!(site("2001:db8:1:2::1"), site("2001:db8:1:ffff::2"));
        assert_ne!(site("2001:db8:1::1"), site("2001:db8:2::1"));
        assert_eq!((site("192.0.2.1"), site("::ffff:192.0.2.1")), (None, None));
    }

    #[test]
    fn it_does_not_print() {
        let client = ClientAddress::network("192.0.2.77".parse().unwrap());
        assert!(!format!("{client:?} {:?}", client.block()).contains("77"));
    }
}
