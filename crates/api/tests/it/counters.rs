//! Several gates that count together in a real Redis.

use std::sync::Arc;
use std::time::Duration;

use api::store::{RedisAddress, RedisCounters};
use testkit::Redis;

use crate::{Ask, World};

/// Two servers that count together, and may each be asked ten times a minute by an address.
async fn servers(redis: &Redis) -> [(World, Arc<RedisCounters>); 2] {
    let mut servers = Vec::new();
    for _ in 0..2 {
        let world = World::guarded(|config| {
            config.limits.monitoring = 10;
            config.limits.servers_min = 2;
        });
        let address = RedisAddress::parse(&redis.url()).unwrap();
        let counters = RedisCounters::start(&address).await.unwrap();
        world.gate.share_counters(Arc::<RedisCounters>::clone(&counters));
        servers.push((world, counters));
    }
    servers.try_into().unwrap_or_else(|_| unreachable!("two were made"))
}

/// How many of so many requests each lets through, asked by turns.
async fn through(servers: &[(World, Arc<RedisCounters>)], times: u32, address: &str) -> [u32; 2] {
    let mut through = [0; 2];
    for _ in 0..times {
        for ((world, _), through) in servers.iter().zip(&mut through) {
            let answer = world.send(Ask::get("/health").from(address)).await;
            *through += u32::from(answer.status == 200);
        }
    }
    through
}

async fn until(servers: &[(World, Arc<RedisCounters>)], connected: bool) {
    let all = async {
        while servers.iter().any(|(_, counters)| counters.is_connected() != connected) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
}

#[tokio::test]
async fn gates_on_one_redis_allow_one_quota_their_part_without_it_and_one_again_with_it() {
    let mut redis = Redis::start().unwrap();
    let servers = servers(&redis).await;
    assert_eq!(through(&servers, 3, "198.51.100.1").await, [3, 3], "ten were not used");
    assert_eq!(through(&servers, 8, "198.51.100.1").await, [2, 2], "ten are used");
    assert_eq!(through(&servers, 8, "198.51.100.2").await, [5, 5], "of another address");

    redis.kill().unwrap();
    assert_eq!(through(&servers, 8, "198.51.100.3").await, [5, 5], "half of it each, never all");
    assert_eq!(through(&servers, 8, "198.51.100.1").await, [0, 0], "what was counted is known");
    until(&servers, false).await;

    redis.restart().unwrap();
    until(&servers, true).await;
    let [(first, _), _] = &servers;
    for _ in 0..10 {
        assert_eq!(first.send(Ask::get("/health").from("198.51.100.4")).await.status, 200);
    }
    assert_eq!(through(&servers, 1, "198.51.100.4").await, [0, 0], "all ten went to the first");
}

#[tokio::test]
async fn a_frozen_redis_makes_gates_slower_once_and_open_never() {
    let redis = Redis::start().unwrap();
    let servers = servers(&redis).await;
    redis.freeze().unwrap();
    let asked = through(&servers, 12, "198.51.100.1");
    let let_in = tokio::time::timeout(Duration::from_secs(60), asked).await.unwrap();
    assert_eq!(let_in, [5, 5]);
    redis.thaw().unwrap();
}
