//! Where a request comes from, as far as its address tells.
//!
//! The country is always known from a list inside the binary (made of the registries' data, CC BY 4.0 by
//! nro.net, by the project ip-location-db). An operator may add a file with cities; it is asked first. Both kinds of file in use
//! are read: the nested records of `GeoLite2` and the flat ones of ip-location-db.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use crate::identity::ClientAddress;

static COUNTRIES: &[u8] = include_bytes!(
    "../../../deps/node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb"
);

/// The longest name of a region or city kept, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The place of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Two upper-case letters of ISO 3166-1.
    pub country: Option<String>,
    /// The region's English name.
    pub region: Option<String>,
    /// The city's English name.
    pub city: Option<String>,
}

/// The location files.
pub struct Geo {
    countries: Reader<&'static [u8]>,
    cities: Option<Reader<Vec<u8>>>,
}

/// A location file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// The file of the operator.
    #[error("the location file {} cannot be read", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: MaxMindDbError,
    },
    /// The list inside the binary. Cannot happen with a list the tests passed with.
    #[error("the country list in the program cannot be read")]
    Embedded(#[source] MaxMindDbError),
}

impl Geo {
    /// Opens the country list, and the operator's file if there is one.
    ///
    /// # Errors
    /// [`GeoError`] when a file is not a location file.
    pub fn open(city_file: Option<&Path>) -> Result<Self, GeoError> {
        let countries = Reader::from_source(COUNTRIES).map_err(GeoError::Embedded)?;
        let cities = city_file.map(|path| {
            Reader::open_readfile(path)
                .map_err(|source| GeoError::File { path: path.to_owned(), source })
        });
        Ok(Self { countries, cities: cities.transpose()? })
    }

    /// The place of an address; empty for addresses that belong to nowhere, such as private ones.
    pub fn place(&self, address: ClientAddress) -> Place {
        if !is_public(address.ip()) {
            return Place::default();
        }
        let from_cities = self.cities.as_ref().and_then(|cities| look_up(cities, address));
        match from_cities {
            Some(record) if record.country().is_some() => record.place(),
            _ => look_up(&self.countries, address).map(|record| record.place()).unwrap_or_default(),
        }
    }
}

fn look_up<'a, S: AsRef<[u8]>>(
    reader: &'a Reader<S>,
    address: ClientAddress,
) -> Option<PlaceRecord<'a>> {
    let found = reader.lookup(address.ip()).and_then(|found| found.decode::<PlaceRecord<'_>>());
    // A damaged record must not cost the event: its place is then unknown. The address must not be logged.
    found
        .inspect_err(|_| tracing::debug!("a record of the location file cannot be read"))
        .ok()
        .flatten()
}

/// Whether an address can belong to a place. The lists say nonsense about those that cannot.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_multicast()
                || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast())
        }
    }
}

/// What the two kinds of file have; the other kind's fields stay empty.
#[derive(Deserialize, Default)]
#[serde(default)]
struct PlaceRecord<'a> {
    country_code: Option<&'a str>,
    state1: Option<&'a str>,
    #[serde(borrow)]
    city: Option<City<'a>>,
    country: Option<Country<'a>>,
    subdivisions: Vec<Named<'a>>,
}

/// A name alone, or a record with one.
#[derive(Deserialize)]
#[serde(untagged)]
enum City<'a> {
    Flat(&'a str),
    #[serde(borrow)]
    Nested(Named<'a>),
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Country<'a> {
    #[serde(borrow)]
    iso_code: Option<&'a str>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    names: Option<Names<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Names<'a> {
    #[serde(borrow)]
    en: Option<&'a str>,
}

impl PlaceRecord<'_> {
    fn country(&self) -> Option<&str> {
        let code = self.country_code.or_else(|| self.country.as_ref()?.iso_code)?;
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        // `ZZ` is the registries' word for unknown.
        (is_code && code != "ZZ").then_some(code)
    }

    fn place(&self) -> Place {
        let nested = |named: &Named<'_>| named.names.as_ref().and_then(|names| names.en).map(kept);
        Place {
            country: self.country().map(str::to_owned),
            region: self
                .state1
                .map(kept)
                .or_else(|| self.subdivisions.first().and_then(nested))
                .filter(|name| !name.is_empty()),
            city: match &self.city {
                Some(City::Flat(name)) => Some(kept(name)),
                Some(City::Nested(named)) => nested(named),
                None => None,
            }
            .filter(|name| !name.is_empty()),
        }
    }
}

fn kept(name: &str) -> String {
    let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    name.get(..end).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(geo: &Geo, address: &str) -> Option<String> {
        geo.place(ClientAddress::new(address.parse().unwrap())).country
    }

    #[test]
    fn well_known_addresses_are_where_they_are() {
        let geo = Geo::open(None).unwrap();
        let check = |address: &str, expected: Option<&str>| {
            assert_eq!(country(&geo, address).as_deref(), expected, "{address}");
        };
        check("193.0.6.139", Some("NL")); // RIPE NCC
        check("2001:67c:2e8:22::c100:68b", Some("NL"));
        check("202.12.29.175", Some("AU")); // APNIC
        check("::ffff:193.0.6.139", Some("NL"));
        for nowhere in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "100.64.0.1",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "0.0.0.0",
        ] {
            check(nowhere, None);
        }
    }

    #[test]
    fn both_kinds_of_city_record_are_read() {
        let flat: PlaceRecord<'_> =
            serde_json::from_str(r#"{"country_code":"DE","state1":"Bavaria","city":"Munich"}"#)
                .unwrap();
        let nested: PlaceRecord<'_> = serde_json::from_str(
            r#"{"country":{"iso_code":"DE"},"subdivisions":[{"iso_code":"BY","names":{"en":"Bavaria"}}],
                "city":{"geoname_id":1,"names":{"de":"München","en":"Munich"}}}"#,
        )
        .unwrap();
        let munich = Place {
            country: Some("DE".to_owned()),
            region: Some("Bavaria".to_owned()),
            city: Some("Munich".to_owned()),
        };
        assert_eq!(flat.place(), munich);
        assert_eq!(nested.place(), munich);
        let unknown: PlaceRecord<'_> =
            serde_json::from_str(r#"{"country_code":"ZZ","city":""}"#).unwrap();
        assert_eq!(unknown.place(), Place::default());
    }

    #[test]
    fn a_file_of_another_kind_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("city.mmdb");
        std::fs::write(&path, "not a location file").unwrap();
        assert!(matches!(Geo::open(Some(&path)), Err(GeoError::File { .. })));
    }
}
