//! Every order in which two threads can meet in the limiter, in the places of
//! running queries and among the principals that are remembered.
//!
//! Other tests of this crate do not run with the feature: loom's primitives work only within a model.

use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use loom::sync::Arc;
use loom::sync::atomic::AtomicBool;
use loom::thread;

use crate::address::ClientAddress;
use crate::limits::{InFlight, Limiter, LimitsConfig};
use crate::live::{Live, LiveSession};
use crate::policy::{Class, Policy};
use crate::principal::Principal;
use crate::session::SessionHash;

const NOW: Duration = Duration::from_secs(1_000);

#[test]
fn a_quota_of_one_is_given_once() {
    loom::model(|| {
        let config = LimitsConfig { read: 1, api_burst: None, ..LimitsConfig::default() };
        let limiter = Arc::new(Limiter::new(config));
        let client = ClientAddress::network("192.0.2.1".parse().unwrap());
        let policy = Policy::public(Class::Read);
        let request = limiter.request(&policy, &Principal::Anonymous, &client, None).unwrap();
        let other = thread::spawn({
            let (limiter, request) = (Arc::clone(&limiter), request);
            move || limiter.count(&request, NOW).retry_after.is_none()
        });
        let here = limiter.count(&request, NOW).retry_after.is_none();
        assert!(here ^ other.join().unwrap(), "both or neither were let in");
    });
}

#[test]
fn one_place_is_taken_once_and_comes_back() {
    loom::model(|| {
        let places = InFlight::default();
        let client = ClientAddress::network("192.0.2.1".parse().unwrap());
        let limiter = Limiter::new(LimitsConfig::default());
        let subject = limiter.subject(&Principal::Anonymous, &client);
        let other = thread::spawn({
            let places = places.clone();
            move || places.enter(subject, 1, NOW)
        });
        let here = places.enter(subject, 1, NOW);
        let there = other.join().unwrap();
        assert!(here.is_ok() ^ there.is_ok(), "both or neither got the place");
        drop((here, there));
        assert!(places.enter(subject, 1, NOW).is_ok(), "the place did not come back");
    });
}

#[test]
fn nothing_read_before_a_revocation_is_believed_after_it() {
    loom::model(|| {
        let live = Arc::new(Live::new());
        let store_has_it = Arc::new(AtomicBool::new(true));
        let (now, hash) = (Timestamp::from_second(1_000_000).unwrap(), SessionHash([1; 32]));
        let reader = thread::spawn({
            let (live, store_has_it) = (Arc::clone(&live), Arc::clone(&store_has_it));
            move || {
                let epoch = live.epoch();
                if store_has_it.load(Ordering::SeqCst) {
                    live.keep_session(epoch, &SessionHash([1; 32]), &session(now));
                }
            }
        });
        store_has_it.store(false, Ordering::SeqCst);
        live.forget_all();
        // From here the revocation is acknowledged.
        assert!(live.session(&hash, now, |_| ()).is_none(), "believed although it was revoked");
        reader.join().unwrap();
        assert!(live.session(&hash, now, |_| ()).is_none(), "taken in although it was revoked");
    });
}

fn session(now: Timestamp) -> LiveSession {
    LiveSession {
        principal: std::sync::Arc::new(Principal::Anonymous),
        idle: SignedDuration::from_mins(1),
        last_seen_at: now,
        stored_at: now,
        expires_at: now,
        fresh_until: None,
        read_at: now,
    }
}
