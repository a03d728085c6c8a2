//! Packets out of bytes and bytes out of packets: lengths and numbers.
//!
//! A packet is `length u24, number u8, payload`. A payload of [`FRAME_BYTES_MAX`] bytes or more is sent as several; one that is
//! not full, which may be an empty one, is the last. Numbers count up, over both directions, from zero at each command;
//! that is how a mixed-up or spliced conversation is noticed.
//!
//! # Invariants
//! - What is announced beyond the bound is refused at its header: nothing is kept, and nothing reserved, for it.
//! - A payload leaves the reader as the one owner of its bytes, so that a password in it can be wiped.

use bytes::{Buf, BytesMut};

use crate::{FrameError, packet::Encode};

/// The longest payload of a single frame, which says at once that another follows.
pub const FRAME_BYTES_MAX: usize = 0xff_ffff;
/// The bound for payloads before the login, where a client has no need for more.
pub const LOGIN_PAYLOAD_BYTES_MAX: usize = 32 * 1024;

const HEADER_BYTES: usize = 4;

/// A whole payload and the number of its last frame.
pub struct Packet {
    /// The number after which the answer goes on.
    pub sequence: u8,
    /// The payload, joined when it came in several frames.
    pub payload: BytesMut,
}

/// Finds packets in what a connection brought.
pub struct PacketReader {
    expected: u8,
    payload_bytes_max: usize,
    joined: Option<BytesMut>,
}

impl PacketReader {
    /// Expects number zero first and takes payloads of up to `payload_bytes_max` bytes.
    pub const fn new(payload_bytes_max: usize) -> Self {
        Self { expected: 0, payload_bytes_max, joined: None }
    }

    /// Sets another bound, as after the login.
    pub const fn set_payload_bytes_max(&mut self, bytes: usize) {
        self.payload_bytes_max = bytes;
    }

    /// Expects `sequence` next: zero at a command, and during a login the number after the last one written.
    pub const fn expect(&mut self, sequence: u8) {
        self.expected = sequence;
    }

    /// Takes the next packet off `input`, or `None` when it is not all there yet.
    ///
    /// # Errors
    /// A number out of order or more bytes than the bound; the connection has no next packet then.
    pub fn next(&mut self, input: &mut BytesMut) -> Result<Option<Packet>, FrameError> {
        loop {
            let Some([a, b, c, sequence]) = input.first_chunk::<HEADER_BYTES>().copied() else {
                return Ok(None);
            };
            if sequence != self.expected {
                return Err(FrameError::OutOfOrder { expected: self.expected, got: sequence });
            }
            let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
            let bytes = length + self.joined.as_ref().map_or(0, BytesMut::len);
            if bytes > self.payload_bytes_max {
                return Err(FrameError::TooLarge { bytes, max: self.payload_bytes_max });
            }
            if input.len() < HEADER_BYTES + length {
                return Ok(None);
            }
            input.advance(HEADER_BYTES);
            let frame = input.split_to(length);
            self.expected = sequence.wrapping_add(1);
            let payload = match self.joined.take() {
                None => frame,
                Some(mut joined) => {
                    joined.extend_from_slice(&frame);
                    joined
                }
            };
            if length < FRAME_BYTES_MAX {
                return Ok(Some(Packet { sequence, payload }));
            }
            self.joined = Some(payload);
        }
    }
}

/// Collects packets in one reusable buffer, ready for the connection.
#[derive(Default)]
pub struct PacketWriter {
    bytes: Vec<u8>,
    sequence: u8,
}

impl PacketWriter {
    /// A writer whose first packet has the number `sequence`: zero for a greeting or a command.
    pub const fn new(sequence: u8) -> Self {
        Self { bytes: Vec::new(), sequence }
    }

    /// The number of the next packet.
    pub const fn sequence(&self) -> u8 {
        self.sequence
    }

    /// Goes on after the packet with this number.
    pub const fn follow(&mut self, sequence: u8) {
        self.sequence = sequence.wrapping_add(1);
    }

    /// Starts counting anew, as each command does.
    pub const fn begin_command(&mut self) {
        self.sequence = 0;
    }

    /// What was written and not cleared.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[cfg(test)]
    pub(crate) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets what was written, and keeps the buffer and the number.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Gives away what was written; `next` is the buffer to go on with, which is emptied first.
    pub fn swap(&mut self, mut next: Vec<u8>) -> Vec<u8> {
        next.clear();
        std::mem::replace(&mut self.bytes, next)
    }

    /// Appends one packet.
    pub fn put(&mut self, packet: &impl Encode) {
        self.payload(|payload| packet.encode(payload));
    }

    /// Appends one packet whose payload `write` appends to the buffer it is given.
    #[inline]
    pub(crate) fn payload(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEADER_BYTES]);
        write(&mut self.bytes);
        let length = self.bytes.len() - start - HEADER_BYTES;
        if length >= FRAME_BYTES_MAX {
            self.split(start, length);
            return;
        }
        self.head(start, length);
    }

    fn head(&mut self, start: usize, length: usize) {
        let [a, b, c, ..] = length.to_le_bytes();
        if let Some(header) =
            self.bytes.get_mut(start..).and_then(<[u8]>::first_chunk_mut::<HEADER_BYTES>)
        {
            *header = [a, b, c, self.sequence];
        }
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Makes room for the further headers of a long payload, from its end, so that each byte moves once.
    #[cold]
    fn split(&mut self, start: usize, length: usize) {
        let further = length / FRAME_BYTES_MAX;
        self.bytes.resize(self.bytes.len() + further * HEADER_BYTES, 0);
        let first = start + HEADER_BYTES;
        for frame in (1..=further).rev() {
            let from = first + frame * FRAME_BYTES_MAX;
            let to = (from + FRAME_BYTES_MAX).min(first + length);
            self.bytes.copy_within(from..to, from + frame * HEADER_BYTES);
        }
        for frame in 0..=further {
            let at = start + frame * (FRAME_BYTES_MAX + HEADER_BYTES);
            self.head(at, (length - frame * FRAME_BYTES_MAX).min(FRAME_BYTES_MAX));
        }
    }
}

#[cfg(test)]
mod tests;
