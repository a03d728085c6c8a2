//! A cursor over a payload: each read checks that the bytes are there.

use crate::DecodeError;

/// The first byte of a length-encoded integer that says NULL instead.
pub(crate) const NULL: u8 = 0xfb;

/// What of a payload is still to be read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    left: &'a [u8],
}

type Result<T> = std::result::Result<T, DecodeError>;

impl<'a> Reader<'a> {
    pub(crate) const fn new(payload: &'a [u8]) -> Self {
        Self { left: payload }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    #[cfg(test)]
    pub(crate) const fn len(&self) -> usize {
        self.left.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.left.first().copied()
    }

    pub(crate) fn bytes(&mut self, length: usize, what: &'static str) -> Result<&'a [u8]> {
        let (taken, left) =
            self.left.split_at_checked(length).ok_or(DecodeError::Truncated(what))?;
        self.left = left;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        let (taken, left) = self.left.split_first_chunk().ok_or(DecodeError::Truncated(what))?;
        self.left = left;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8> {
        self.array(what).map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u24(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// A length-encoded integer; NULL is none.
    pub(crate) fn lenenc_int(&mut self, what: &'static str) -> Result<u64> {
        match self.u8(what)? {
            small @ 0..NULL => Ok(u64::from(small)),
            0xfc => self.u16(what).map(u64::from),
            0xfd => self.u24(what).map(u64::from),
            0xfe => self.u64(what),
            NULL | 0xff => Err(DecodeError::Invalid(what)),
        }
    }

    /// A length-encoded string of any length the payload has.
    pub(crate) fn lenenc_bytes(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let length = self.lenenc_int(what)?;
        self.bytes(usize::try_from(length).map_err(|_| DecodeError::Truncated(what))?, what)
    }

    /// A length-encoded string of at most `max` bytes.
    pub(crate) fn lenenc_bytes_max(&mut self, max: usize, what: &'static str) -> Result<&'a [u8]> {
        bounded(self.lenenc_bytes(what)?, max, what)
    }

    /// A length-encoded string, or NULL.
    pub(crate) fn lenenc_bytes_or_null(&mut self, what: &'static str) -> Result<Option<&'a [u8]>> {
        if self.peek() == Some(NULL) {
            self.u8(what)?;
            return Ok(None);
        }
        self.lenenc_bytes(what).map(Some)
    }

    /// A string that ends with a zero byte, which is not part of it.
    pub(crate) fn nul_bytes(&mut self, max: usize, what: &'static str) -> Result<&'a [u8]> {
        let length =
            self.left.iter().position(|byte| *byte == 0).ok_or(DecodeError::Truncated(what))?;
        let text = self.bytes(length, what)?;
        self.u8(what)?;
        bounded(text, max, what)
    }

    /// A string that ends with a zero byte or, as the last field of sloppy writers, with the payload.
    pub(crate) fn nul_bytes_or_rest(&mut self, max: usize, what: &'static str) -> Result<&'a [u8]> {
        if self.left.contains(&0) { self.nul_bytes(max, what) } else { self.rest(max, what) }
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self, max: usize, what: &'static str) -> Result<&'a [u8]> {
        bounded(std::mem::take(&mut self.left), max, what)
    }

    /// Refuses anything behind the last field.
    pub(crate) const fn end(self, last: &'static str) -> Result<()> {
        if self.left.is_empty() { Ok(()) } else { Err(DecodeError::Trailing(last)) }
    }
}

fn bounded<'a>(text: &'a [u8], max: usize, what: &'static str) -> Result<&'a [u8]> {
    if text.len() > max { Err(DecodeError::TooLong { what, max }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_encoded_integers_are_read_as_documented() {
        // The examples and borders of the manual's page on integer types.
        let cases: &[(&[u8], Option<u64>)] = &[
            (&[0xfa], Some(0xfa)),
            (&[0xfc, 0xfb, 0x00], Some(0xfb)),
            (&[0xfc, 0xff, 0xff], Some(0xffff)),
            (&[0xfd, 0x00, 0x00, 0x01], Some(0x01_0000)),
            (&[0xfe, 0, 0, 0, 1, 0, 0, 0, 0], Some(0x0100_0000)),
            (&[0xfe, 255, 255, 255, 255, 255, 255, 255, 255], Some(u64::MAX)),
            (&[0xfb], None),
            (&[0xff], None),
            (&[0xfc, 1], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Reader::new(bytes).lenenc_int("number").ok(), *expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_length_beyond_the_payload_is_no_allocation_and_no_panic() {
        let announced = [0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2];
        assert_eq!(
            Reader::new(&announced).lenenc_bytes("text"),
            Err(DecodeError::Truncated("text"))
        );
    }

    #[test]
    fn a_text_one_past_its_bound_is_refused() {
        assert_eq!(Reader::new(b"abc\0").nul_bytes(3, "name"), Ok(&b"abc"[..]));
        let refused = Err(DecodeError::TooLong { what: "name", max: 2 });
        assert_eq!(Reader::new(b"abc\0").nul_bytes(2, "name"), refused);
        assert_eq!(Reader::new(b"\x03abc").lenenc_bytes_max(2, "name"), refused);
        assert_eq!(Reader::new(b"abc").rest(2, "name"), refused);
        assert_eq!(Reader::new(b"abc").nul_bytes(3, "name"), Err(DecodeError::Truncated("name")));
    }
}
