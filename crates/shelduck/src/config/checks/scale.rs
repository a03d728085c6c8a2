//! Several servers as one.

use api::PostureItem;
use api::store::RedisAddress;
use secrecy::ExposeSecret;

use super::super::Config;
use super::Subject;

const COUNTERS: Subject =
    Subject::new("shared_counters", "Servers that count together can reach their counters safely");

const WRITE_IT: &str =
    "write it like rediss://:password@host:6379/0, or on this machine unix:///run/redis/redis.sock";

pub(super) fn counters(config: &Config) -> PostureItem {
    let Some(url) = &config.scale.redis_url else {
        return COUNTERS.not_applicable("scale.redis_url is not set: limits are counted here");
    };
    if config.scale.servers == 0 {
        return COUNTERS.refused("scale.servers is 0", "set scale.servers to how many there are");
    }
    // Nothing of the value may get into the answer: it holds a password.
    match RedisAddress::parse(url.expose_secret()) {
        Err(error) => COUNTERS.refused(format!("scale.redis_url is {error}"), WRITE_IT),
        Ok(address) if address.is_readable_on_the_way() => COUNTERS.warned(
            "scale.redis_url crosses the network without TLS; others there could read its password and change counts",
            WRITE_IT,
        ),
        Ok(_) => COUNTERS.passed("scale.redis_url is encrypted, or stays on this machine"),
    }
}
