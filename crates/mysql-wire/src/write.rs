//! The protocol's integers and strings, appended to a buffer.

/// Writing in the protocol's forms; all integers are little-endian.
pub(crate) trait Put {
    fn put_u8(&mut self, value: u8);
    fn put_bytes(&mut self, bytes: &[u8]);

    fn put_u16(&mut self, value: u16) {
        self.put_bytes(&value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.put_bytes(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.put_bytes(&value.to_le_bytes());
    }

    fn put_zeros<const N: usize>(&mut self) {
        self.put_bytes(&[0; N]);
    }

    /// A length-encoded integer in its shortest form.
    fn put_lenenc_int(&mut self, value: u64) {
        let [a, b, c, ..] = value.to_le_bytes();
        match value {
            0..0xfb => self.put_u8(a),
            0xfb..0x1_0000 => self.put_bytes(&[0xfc, a, b]),
            0x1_0000..0x100_0000 => self.put_bytes(&[0xfd, a, b, c]),
            0x100_0000.. => {
                self.put_u8(0xfe);
                self.put_u64(value);
            }
        }
    }

    /// A string behind its length.
    fn put_lenenc_bytes(&mut self, bytes: &[u8]) {
        self.put_lenenc_int(length(bytes));
        self.put_bytes(bytes);
    }

    /// A string that ends with a zero byte. What follows a zero inside of it is left out: it could not be read back.
    fn put_nul_bytes(&mut self, bytes: &[u8]) {
        self.put_bytes(bytes.split(|byte| *byte == 0).next().unwrap_or_default());
        self.put_u8(0);
    }
}

impl Put for Vec<u8> {
    #[inline]
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    #[inline]
    fn put_bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

pub(crate) const fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Reader;

    #[test]
    fn each_border_of_the_length_encoding_takes_its_shortest_form() {
        let borders = [
            (0, 1),
            (0xfa, 1),
            (0xfb, 3),
            (0xffff, 3),
            (0x1_0000, 4),
            (0xff_ffff, 4),
            (0x100_0000, 9),
            (u64::MAX, 9),
        ];
        for (value, bytes) in borders {
            let mut written = Vec::new();
            written.put_lenenc_int(value);
            assert_eq!(written.len(), bytes, "{value}");
            assert_eq!(Reader::new(&written).lenenc_int("number"), Ok(value));
        }
    }

    #[test]
    fn a_zero_inside_a_terminated_string_does_not_shift_the_next_field() {
        let mut written = Vec::new();
        written.put_nul_bytes(b"a\0b");
        assert_eq!(written, b"a\0");
    }
}
