//! The one thing all packets can do: append themselves to a payload.

/// A packet that can be written.
pub trait Encode {
    /// Appends the payload of this packet, without its header.
    fn encode(&self, payload: &mut Vec<u8>);
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, payload: &mut Vec<u8>) {
        (**self).encode(payload);
    }
}
