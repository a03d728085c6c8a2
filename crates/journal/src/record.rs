//! The bytes of one record: `length u32 LE, CRC-32C u32 LE, payload`.
//!
//! The top bit of the length word marks the first record of a group; the lower 31 bits are the payload's length. The
//! checksum covers length word and payload and starts from the segment's salt.

/// Bytes before the payload.
pub(crate) const HEAD_BYTES: usize = 8;
/// The longest payload the format can hold.
pub(crate) const PAYLOAD_BYTES_MAX: usize = (GROUP_START - 1) as usize;

const GROUP_START: u32 = 1 << 31;

/// Whether a record opens a group: everything before it was durable when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    First,
    Later,
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded<'a> {
    Record {
        place: Place,
        payload: &'a [u8],
    },
    /// The head asks for more bytes than there are: so many, head included.
    Short(usize),
    Bad,
}

/// The head of a record. `payload` must not be longer than [`PAYLOAD_BYTES_MAX`].
pub(crate) fn head(salt: u32, place: Place, payload: &[u8]) -> [u8; HEAD_BYTES] {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX) & !GROUP_START;
    let word = match place {
        Place::First => length | GROUP_START,
        Place::Later => length,
    };
    let sum = checksum(salt, word, payload);
    let mut head = [0; HEAD_BYTES];
    let (word_bytes, sum_bytes) = head.split_at_mut(4);
    word_bytes.copy_from_slice(&word.to_le_bytes());
    sum_bytes.copy_from_slice(&sum.to_le_bytes());
    head
}

/// Reads the record at the start of `bytes`.
pub(crate) fn decode(salt: u32, bytes: &[u8]) -> Decoded<'_> {
    let Some((word, rest)) = bytes.split_first_chunk::<4>() else {
        return Decoded::Short(HEAD_BYTES);
    };
    let Some((sum, rest)) = rest.split_first_chunk::<4>() else {
        return Decoded::Short(HEAD_BYTES);
    };
    let word = u32::from_le_bytes(*word);
    let length = (word & !GROUP_START) as usize;
    let Some(payload) = rest.get(..length) else { return Decoded::Short(HEAD_BYTES + length) };
    if checksum(salt, word, payload) != u32::from_le_bytes(*sum) {
        return Decoded::Bad;
    }
    let place = if word & GROUP_START == 0 { Place::Later } else { Place::First };
    Decoded::Record { place, payload }
}

/// Whether zeros could pass as a record under this salt; such a salt is not used.
pub(crate) fn salt_accepts_zeros(salt: u32) -> bool {
    matches!(decode(salt, &[0; HEAD_BYTES]), Decoded::Record { .. })
}

fn checksum(salt: u32, word: u32, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(salt, &word.to_le_bytes()), payload)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(salt: u32, place: Place, payload: &[u8]) -> Vec<u8> {
        [&head(salt, place, payload)[..], payload].concat()
    }

    #[test]
    fn checksum_is_crc32c_of_length_and_payload() {
        // An empty record is the CRC-32C of four zero bytes, 0x48674bc7, behind them.
        let record = encode(0, Place::Later, &[]);
        assert_eq!(record, [0, 0, 0, 0, 0xc7, 0x4b, 0x67, 0x48]);
        let record = encode(0, Place::Later, b"123456789");
        let sum = u32::from_le_bytes(record[4..8].try_into().unwrap());
        assert_eq!(sum, crc32c::crc32c(b"\x09\x00\x00\x00123456789"));
    }

    proptest! {
        #[test]
        fn decode_gives_back_what_was_encoded(
            salt: u32,
            first: bool,
            payload in prop::collection::vec(any::<u8>(), 0..300),
            behind in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let place = if first { Place::First } else { Place::Later };
            let bytes = [encode(salt, place, &payload), behind].concat();
            prop_assert_eq!(decode(salt, &bytes), Decoded::Record { place, payload: &payload });
        }

        #[test]
        fn a_flipped_bit_never_gives_a_record(
            salt: u32,
            payload in prop::collection::vec(any::<u8>(), 0..100),
            bit in any::<prop::sample::Index>(),
        ) {
            let mut bytes = encode(salt, Place::First, &payload);
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let is_record = matches!(decode(salt, &bytes), Decoded::Record { .. });
            prop_assert!(!is_record);
        }

        #[test]
        fn a_cut_record_is_short(payload in prop::collection::vec(any::<u8>(), 0..100), cut in any::<prop::sample::Index>()) {
            let bytes = encode(7, Place::First, &payload);
            let cut = cut.index(bytes.len());
            let wanted = if cut < HEAD_BYTES { HEAD_BYTES } else { bytes.len() };
            prop_assert_eq!(decode(7, &bytes[..cut]), Decoded::Short(wanted));
        }

        #[test]
        fn another_salt_does_not_read_it(payload in prop::collection::vec(any::<u8>(), 0..100), salt: u32, other: u32) {
            prop_assume!(salt != other);
            let bytes = encode(salt, Place::First, &payload);
            prop_assert_eq!(decode(other, &bytes), Decoded::Bad);
        }
    }
}
