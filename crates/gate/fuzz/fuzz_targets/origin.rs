//! Gives the configuration arbitrary origins and addresses to trust.
//!
//! An origin it takes is exactly what a browser would send for that address, and names one host: no pattern, no path, nobody's
//! name in front.

#![no_main]

use gate::GateConfig;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let mut config = GateConfig::default();
    config.cors.api_origins = vec![text.to_owned()];
    let refused = config.faults();
    assert!(refused.iter().all(|fault| fault.key == "cors.api_origins"));
    if refused.is_empty() {
        let url = Url::parse(text).expect("an origin is an address");
        assert_eq!(url.origin().ascii_serialization(), text);
        assert!(matches!(url.scheme(), "http" | "https") && url.host().is_some());
        assert!(url.username().is_empty() && url.password().is_none());
        assert!(!text.contains(['*', ',', ' ', '\\', '?', '#']) && text != "null");
    }
    let mut config = GateConfig::default();
    config.public_url = Some(text.to_owned());
    if config.faults().is_empty() {
        let origin = config.public_origin().expect("an origin");
        config.cors.api_origins = vec![origin];
        assert_eq!(config.faults(), [], "the origin of a public address is an exact one");
    }
});
