//! Packets at every cut, every border of their length, and out of order.

use super::*;

fn written(payloads: &[&[u8]]) -> Vec<u8> {
    let mut writer = PacketWriter::new(0);
    for payload in payloads {
        writer.payload(|buffer| buffer.extend_from_slice(payload));
    }
    writer.as_bytes().to_vec()
}

#[test]
fn a_packet_is_found_when_its_last_byte_came_and_not_before() {
    let bytes = written(&[b"select 1", b"", b"x"]);
    assert_eq!(&bytes[..5], [8, 0, 0, 0, b's']);
    for cut in 0..bytes.len() {
        let mut reader = PacketReader::new(100);
        let mut input = BytesMut::new();
        let mut found = Vec::new();
        for part in [&bytes[..cut], &bytes[cut..]] {
            input.extend_from_slice(part);
            while let Some(packet) = reader.next(&mut input).unwrap() {
                found.push((packet.sequence, packet.payload.to_vec()));
            }
        }
        let expected = vec![(0, b"select 1".to_vec()), (1, Vec::new()), (2, b"x".to_vec())];
        assert_eq!(found, expected, "cut at {cut}");
        assert!(input.is_empty());
    }
}

#[test]
fn long_payloads_are_split_where_the_protocol_says_and_joined_again() {
    // Frames by the manual: a full frame is followed by another, even an empty one.
    let max = FRAME_BYTES_MAX;
    for (length, frames) in
        [(max - 1, 1), (max, 2), (max + 1, 2), (2 * max - 1, 2), (2 * max, 3), (2 * max + 7, 3)]
    {
        let payload: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let bytes = written(&[&payload, b"next"]);
        assert_eq!(bytes.len(), length + 4 * frames + 8, "{length}");
        let mut reader = PacketReader::new(length.max(4));
        let mut input = BytesMut::from(bytes.as_slice());
        let packet = reader.next(&mut input).unwrap().unwrap();
        assert_eq!(usize::from(packet.sequence), frames - 1);
        assert!(packet.payload == payload, "{length}");
        assert_eq!(reader.next(&mut input).unwrap().unwrap().payload, b"next"[..]);
    }
}

#[test]
fn a_payload_at_the_bound_passes_and_one_past_it_is_refused_by_its_header() {
    let mut reader = PacketReader::new(8);
    let mut input = BytesMut::from(&written(&[b"12345678"])[..]);
    assert!(reader.next(&mut input).unwrap().is_some());
    let mut reader = PacketReader::new(8);
    let mut input = BytesMut::from(&[9, 0, 0, 0][..]);
    let refused = reader.next(&mut input).err();
    assert_eq!(refused, Some(FrameError::TooLarge { bytes: 9, max: 8 }));
}

#[test]
fn the_bound_holds_for_joined_payloads_too() {
    let bound = FRAME_BYTES_MAX + 10;
    let mut input = BytesMut::from(&written(&[&vec![7; bound + 1]])[..]);
    let refused = PacketReader::new(bound).next(&mut input).err();
    assert_eq!(refused, Some(FrameError::TooLarge { bytes: bound + 1, max: bound }));
}

#[test]
fn a_number_out_of_order_is_refused() {
    let mut reader = PacketReader::new(8);
    let mut input = BytesMut::from(&[1, 0, 0, 1, 3][..]);
    let refused = reader.next(&mut input).err();
    assert_eq!(refused, Some(FrameError::OutOfOrder { expected: 0, got: 1 }));
    assert_eq!(refused.map(FrameError::code), Some(crate::ErrorCode::NetPacketsOutOfOrder));
}

#[test]
fn numbers_wrap_after_255_and_begin_again_at_a_command() {
    let mut writer = PacketWriter::new(0);
    writer.follow(254);
    writer.payload(|_| {});
    writer.payload(|_| {});
    assert_eq!(writer.as_bytes(), [0, 0, 0, 255, 0, 0, 0, 0]);
    writer.begin_command();
    assert_eq!(writer.sequence(), 0);
    let first = writer.swap(vec![1, 2]);
    assert_eq!(first.len(), 8);
    assert!(writer.as_bytes().is_empty());
}
