//! What an HTTP/2 client may send beside requests and bodies, counted.
//!
//! h2 bounds what such frames cost in memory; this bounds what they cost in work. Pings, settings, resets, empty frames
//! and their like are paid from a budget that time, new requests and what the client takes of its answers fill up. A
//! browser stays far below it; a connection that spends it does nothing else, and is ended.

use std::time::Duration;

/// Frames a connection may send at once without doing anything.
pub(super) const BUDGET_MAX: u32 = 1_000;
const PER_SECOND: u32 = 10;
const PER_REQUEST: u32 = 2;
/// What a client takes of its answers it acknowledges, about twice per window at worst.
const BYTES_PER_CREDIT: usize = 1 << 10;
/// A reset throws away work, so a request that is reset is never paid by itself.
const RESET_COST: u32 = 4;
/// A body in smaller pieces is more frames than bytes.
const SMALL_DATA_BYTES: u32 = 256;

const PREFACE_BYTES: u32 = 24;
const HEAD_BYTES: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;

/// The budget was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many frames that ask for nothing")]
pub(super) struct Flood;

/// Follows the frames of one connection.
pub(super) struct Frames {
    /// Bytes of the preface or of a payload that are still to come.
    skip: u32,
    head: [u8; HEAD_BYTES],
    head_bytes: usize,
    budget: u32,
    sent_bytes: usize,
    /// Since the connection began, as all times here.
    filled: Duration,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            skip: PREFACE_BYTES,
            head: [0; HEAD_BYTES],
            head_bytes: 0,
            budget: BUDGET_MAX,
            sent_bytes: 0,
            filled: Duration::ZERO,
        }
    }

    /// Bytes came in.
    pub(super) fn received(&mut self, mut bytes: &[u8], now: Duration) -> Result<(), Flood> {
        while let Some((&first, rest)) = bytes.split_first() {
            if self.skip > 0 {
                let skipped = (self.skip as usize).min(bytes.len());
                bytes = bytes.get(skipped..).unwrap_or_default();
                self.skip -= u32::try_from(skipped).unwrap_or(self.skip);
                continue;
            }
            if let Some(place) = self.head.get_mut(self.head_bytes) {
                *place = first;
            }
            self.head_bytes += 1;
            bytes = rest;
            if self.head_bytes == HEAD_BYTES {
                self.head_bytes = 0;
                self.frame(now)?;
            }
        }
        Ok(())
    }

    /// The client took bytes of answers.
    pub(super) fn sent(&mut self, bytes: usize) {
        let total = self.sent_bytes + bytes;
        self.sent_bytes = total % BYTES_PER_CREDIT;
        self.fill(u32::try_from(total / BYTES_PER_CREDIT).unwrap_or(BUDGET_MAX));
    }

    fn frame(&mut self, now: Duration) -> Result<(), Flood> {
        let [high, middle, low, kind, ..] = self.head;
        let payload = u32::from_be_bytes([0, high, middle, low]);
        self.skip = payload;
        let cost = match kind {
            HEADERS => {
                self.fill(PER_REQUEST);
                0
            }
            DATA => u32::from(payload < SMALL_DATA_BYTES),
            RST_STREAM => RESET_COST,
            _ => 1,
        };
        if self.budget < cost {
            self.fill_by_time(now);
        }
        self.budget = self.budget.checked_sub(cost).ok_or(Flood)?;
        Ok(())
    }

    fn fill(&mut self, credit: u32) {
        self.budget = self.budget.saturating_add(credit).min(BUDGET_MAX);
    }

    fn fill_by_time(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.filled).as_secs();
        let seconds = u32::try_from(passed).unwrap_or(BUDGET_MAX);
        self.filled += Duration::from_secs(u64::from(seconds));
        self.fill(seconds.saturating_mul(PER_SECOND));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;

    fn frame(kind: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        [&length[1..], &[kind, 0, 0, 0, 0, 1], &vec![0; payload]].concat()
    }

    fn started() -> Frames {
        let mut frames = Frames::new();
        frames.received(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Duration::ZERO).unwrap();
        frames
    }

    /// How many of these a connection may send in one go, its clock standing still.
    fn allowed(frame: &[u8]) -> usize {
        let mut frames = started();
        (0..100_000).find(|_| frames.received(frame, Duration::ZERO).is_err()).unwrap_or(usize::MAX)
    }

    #[test]
    fn what_asks_for_nothing_is_bounded_at_the_limit_and_one_past_it() {
        let budget = BUDGET_MAX as usize;
        assert_eq!(allowed(&frame(PING, 8)), budget);
        assert_eq!(allowed(&frame(DATA, 0)), budget);
        assert_eq!(allowed(&frame(DATA, 255)), budget);
        assert_eq!(allowed(&frame(RST_STREAM, 4)), budget / 4);
        assert_eq!(allowed(&frame(200, 0)), budget);
        assert_eq!(allowed(&[frame(HEADERS, 20), frame(RST_STREAM, 4)].concat()), 499);
    }

    #[test]
    fn requests_bodies_and_taken_answers_are_free() {
        assert_eq!(allowed(&frame(HEADERS, 20)), usize::MAX);
        assert_eq!(allowed(&frame(DATA, 16_384)), usize::MAX);
        let mut frames = started();
        for _ in 0..10_000 {
            frames.sent(1 << 10);
            frames.received(&frame(WINDOW_UPDATE, 4), Duration::ZERO).unwrap();
        }
    }

    #[test]
    fn time_fills_the_budget() {
        let mut frames = started();
        let ping = frame(PING, 8);
        let begin = Duration::from_secs(60);
        for _ in 0..BUDGET_MAX {
            frames.received(&ping, begin).unwrap();
        }
        for _ in 0..60 * PER_SECOND {
            frames.received(&ping, begin).unwrap();
        }
        assert_eq!(frames.received(&ping, begin), Err(Flood));
    }

    #[test]
    fn frames_are_followed_wherever_the_reads_cut_them() {
        let bytes: Vec<u8> = std::iter::once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec())
            .chain((0..BUDGET_MAX as usize).map(|place| frame(PING, place % 20)))
            .collect::<Vec<_>>()
            .concat();
        for step in [1, 2, 7, 9, 10, 4096] {
            let mut frames = Frames::new();
            let received = |chunk| frames.received(chunk, Duration::ZERO).is_ok();
            assert!(bytes.chunks(step).all(received), "{step}");
            assert_eq!(frames.received(&frame(PING, 8), Duration::ZERO), Err(Flood), "{step}");
        }
    }
}
