//! Whom an address names, and how it must be spoken to.

use std::net::IpAddr;

use http::Uri;
use rustls::pki_types::ServerName;

/// The other end of a request.
pub(crate) struct Target {
    /// Host and port as they were written, for the `Host` field.
    pub(crate) authority: String,
    /// Name or address to connect to.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Who must prove to be at the other end; none on this machine without TLS.
    pub(crate) name: Option<ServerName<'static>>,
}

impl Target {
    /// None when the address is not absolute, names a user, or would leave the machine unencrypted.
    pub(crate) fn of(address: &Uri) -> Option<Self> {
        let authority = address.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let (name, port) = match address.scheme_str()? {
            "https" => (Some(ServerName::try_from(host.clone()).ok()?), 443),
            "http" if is_here(&host) => (None, 80),
            _ => return None,
        };
        let port = authority.port_u16().unwrap_or(port);
        Some(Self { authority: authority.to_string(), host, port, name })
    }
}

fn is_here(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        let check = |address: &str, expected: Option<(&str, u16, bool)>| {
            let target = Target::of(&address.parse().unwrap());
            let found = target
                .as_ref()
                .map(|found| (found.host.as_str(), found.port, found.name.is_some()));
            assert_eq!(found, expected, "{address}");
        };
        check("https://ca.example/directory", Some(("ca.example", 443, true)));
        check("https://ca.example:8443", Some(("ca.example", 8443, true)));
        check("https://[::1]:14000/dir", Some(("::1", 14000, true)));
        check("http://127.0.0.1:9000/x", Some(("127.0.0.1", 9000, false)));
        check("http://[::1]/x", Some(("::1", 80, false)));
        // A name is whatever somebody's resolver says it is.
        check("http://localhost/x", None);
        check("http://ca.example/x", None);
        check("http://127.0.0.1.example/x", None);
        check("http://user@127.0.0.1/x", None);
        check("https://user:word@ca.example/x", None);
        check("ftp://ca.example/x", None);
        check("/directory", None);
    }
}
