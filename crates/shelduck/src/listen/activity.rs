//! What a connection's client did last, and the deadline that follows from it.
//!
//! Written by the stream and by the requests, which on HTTP/2 are tasks of their own; read by the connection's task.
//! Times are milliseconds since the connection began, 0 meaning never.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::config::ListenConfig;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1, where bytes between requests are the next head.
    Http1,
    /// HTTP/2, where bytes are frames of any kind.
    Http2,
}

/// Why a connection was closed on its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    FirstByte,
    Head,
    Idle,
    WriteStall,
}

impl Late {
    /// The label in metrics.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::FirstByte => "first_byte",
            Self::Head => "head",
            Self::Idle => "idle",
            Self::WriteStall => "write_stall",
        }
    }
}

/// The shared notes about one connection.
pub(super) struct Activity {
    start: Instant,
    pub(super) protocol: Protocol,
    has_bytes: AtomicBool,
    requests: AtomicU32,
    in_flight: AtomicU32,
    head_since: AtomicU64,
    idle_since: AtomicU64,
    blocked_since: AtomicU64,
    /// Answers on HTTP/2 of which the client takes nothing at the moment, by request, since when. The socket cannot tell:
    /// each stream has its own window, and pings go on.
    held: Mutex<HashMap<u32, u64>>,
    is_ending: AtomicBool,
}

impl Activity {
    pub(super) fn new(protocol: Protocol) -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            protocol,
            has_bytes: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            in_flight: AtomicU32::new(0),
            head_since: AtomicU64::new(0),
            idle_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            held: Mutex::default(),
            is_ending: AtomicBool::new(false),
        })
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        self.has_bytes.store(true, Relaxed);
        let begins_head = self.protocol == Protocol::Http1 && self.in_flight.load(Relaxed) == 0;
        if begins_head && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// A head is complete; the request is at work until the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Relaxed);
        let number = self.requests.fetch_add(1, Relaxed);
        self.head_since.store(0, Relaxed);
        InFlight { activity: Arc::clone(self), number }
    }

    /// Whether no request is at work.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.load(Relaxed) == 0
    }

    /// No further request is wanted on this connection.
    pub(super) fn end_soon(&self) {
        self.is_ending.store(true, Relaxed);
    }

    /// Whether no further request is wanted.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending.load(Relaxed)
    }

    /// The client does not take what is being sent.
    pub(super) fn blocked(&self) {
        if self.blocked_since.load(Relaxed) == 0 {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    /// The client took something, or there is nothing to take.
    pub(super) fn flowing(&self) {
        self.blocked_since.store(0, Relaxed);
    }

    /// Requests begun so far.
    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// The deadline in force; none while a request is at work and the client takes what it is sent.
    pub(super) fn deadline(&self, config: &ListenConfig) -> Option<(Instant, Late)> {
        let after = |since: u64, limit: Duration| self.start + Duration::from_millis(since) + limit;
        let (head, blocked) = (self.head_since.load(Relaxed), self.blocked_since.load(Relaxed));
        let waiting = if self.in_flight.load(Relaxed) > 0 {
            None
        } else if head > 0 {
            Some((after(head, config.head_deadline), Late::Head))
        } else if self.has_bytes.load(Relaxed) {
            Some((after(self.idle_since.load(Relaxed), config.idle_deadline), Late::Idle))
        } else {
            Some((after(0, config.first_byte_deadline), Late::FirstByte))
        };
        let stalled = [(blocked > 0).then_some(blocked), self.held_longest()];
        let stalled = stalled.into_iter().flatten().min();
        let stalled =
            stalled.map(|since| (after(since, config.write_stall_deadline), Late::WriteStall));
        match (waiting, stalled) {
            (Some(waiting), Some(stalled)) => {
                Some(if stalled.0 < waiting.0 { stalled } else { waiting })
            }
            (one, other) => one.or(other),
        }
    }

    fn held_longest(&self) -> Option<u64> {
        match self.protocol {
            Protocol::Http1 => None,
            Protocol::Http2 => {
                self.held.lock().unwrap_or_else(PoisonError::into_inner).values().min().copied()
            }
        }
    }

    /// How long the connection has been open.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn now(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

/// A request at work.
pub(super) struct InFlight {
    activity: Arc<Activity>,
    number: u32,
}

impl InFlight {
    /// A part of the answer is on its way: until the next is asked for, it is the client's turn.
    pub(super) fn handed_over(&self) {
        if self.activity.protocol == Protocol::Http2 {
            let now = self.activity.now();
            self.held().insert(self.number, now);
        }
    }

    /// The next part of the answer was asked for.
    pub(super) fn asked_for(&self) {
        if self.activity.protocol == Protocol::Http2 {
            self.held().remove(&self.number);
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<u32, u64>> {
        self.activity.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.asked_for();
        self.activity.idle_since.store(self.activity.now(), Relaxed);
        self.activity.in_flight.fetch_sub(1, Relaxed);
    }
}
