//! Short replies in each form that the capabilities give them.

use super::*;

fn bytes(packet: &impl Encode) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.encode(&mut payload);
    payload
}

const PLAIN: Agreed = Capabilities::PROTOCOL_41;
const TRACKS: Agreed = Capabilities::SESSION_TRACK;
const NO_EOF: Agreed = Capabilities::DEPRECATE_EOF;

#[test]
fn ok_is_as_the_manual_shows_it() {
    let ok = OkPacket::new(StatusFlags::AUTOCOMMIT);
    assert_eq!(bytes(&ok.on(PLAIN)), [0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(bytes(&ok.on(TRACKS)), [0, 0, 0, 2, 0, 0, 0]);
    let told = OkPacket { info: b"hi", ..ok };
    assert_eq!(bytes(&told.on(PLAIN)), [0, 0, 0, 2, 0, 0, 0, 2, b'h', b'i']);
    assert_eq!(bytes(&told.on(TRACKS)), [0, 0, 0, 2, 0, 0, 0, 2, b'h', b'i']);
}

#[test]
fn changes_of_the_session_are_told_to_those_that_asked() {
    let changes = vec![
        SessionChange::SystemVariable { name: b"autocommit", value: b"OFF" },
        SessionChange::Schema(b"web"),
        SessionChange::State(true),
        SessionChange::Other { kind: 3, data: b"\0\x01g" },
    ];
    let ok = OkPacket { changes, ..OkPacket::new(StatusFlags::AUTOCOMMIT) };
    let told = bytes(&ok.on(TRACKS));
    let read = OkPacket::decode(&told, TRACKS).unwrap();
    assert_eq!(read.changes, ok.changes);
    assert!(read.status.contains(StatusFlags::SESSION_STATE_CHANGED));
    // The packet of the manual's page on session tracking, for `SET autocommit = OFF`.
    let manual = b"\0\0\0\x02\x40\0\0\0\x11\0\x0f\x0aautocommit\x03OFF";
    let variable = OkPacket { changes: vec![ok.changes[0]], ..ok.clone() };
    assert_eq!(bytes(&variable.on(TRACKS)), manual);
    let untold = OkPacket::decode(&bytes(&ok.on(PLAIN)), PLAIN).map(|ok| ok.changes.len());
    assert_eq!(untold, Ok(0));
}

#[test]
fn too_many_changes_of_the_session_are_refused() {
    let with = |many| {
        let changes = vec![SessionChange::State(true); many];
        bytes(&OkPacket { changes, ..OkPacket::default() }.on(TRACKS))
    };
    assert!(OkPacket::decode(&with(SESSION_CHANGES_MAX), TRACKS).is_ok());
    assert!(OkPacket::decode(&with(SESSION_CHANGES_MAX + 1), TRACKS).is_err());
}

#[test]
fn rows_end_with_what_the_capabilities_say() {
    let eof = EofPacket { warnings: 3, status: StatusFlags::LAST_ROW_SENT };
    for (agreed, expected) in
        [(PLAIN, &[0xfe, 3, 0, 0x80, 0][..]), (NO_EOF, &[0xfe, 0, 0, 0x80, 0, 3, 0][..])]
    {
        let payload = bytes(&eof.end_of_rows(agreed));
        assert_eq!(payload, expected);
        assert!(EofPacket::ends_rows(&payload, agreed));
        assert_eq!(EofPacket::decode(&payload, agreed), Ok(eof));
    }
    // A row whose first value is longer than 16 MiB begins with the same byte.
    let mut row = vec![0xfe, 0, 0, 0, 1, 0, 0, 0, 0];
    assert!(!EofPacket::ends_rows(&row, PLAIN));
    row.resize(0x100_0009, 0);
    assert!(!EofPacket::ends_rows(&row, NO_EOF));
}

#[test]
fn an_error_carries_its_state_and_at_most_its_bound() {
    let error = ErrPacket::new(ErrorCode::UnknownDatabase, "Unknown database 'x'");
    assert_eq!(bytes(&error), b"\xff\x19\x04#42000Unknown database 'x'");
    assert_eq!(ErrPacket::decode(&bytes(&error)), Ok(error));
    let early = ErrPacket::decode(b"\xff\x10\x04Too many connections").unwrap();
    assert_eq!((early.number, &early.sqlstate), (1040, b"HY000"));
    let long = "é".repeat(MESSAGE_BYTES_MAX);
    let payload = bytes(&ErrPacket::new(ErrorCode::Unknown, &format!("a{long}")));
    let read = ErrPacket::decode(&payload).unwrap();
    assert_eq!(read.message.len(), MESSAGE_BYTES_MAX - 1);
    assert!(std::str::from_utf8(read.message).is_ok());
}

#[test]
fn a_request_for_a_local_file_is_never_answered() {
    assert_eq!(QueryReply::decode(b"\xfb/etc/passwd", PLAIN), Err(DecodeError::LocalFile));
    assert_eq!(QueryReply::decode(&[3], PLAIN), Ok(QueryReply::Columns(3)));
    assert_eq!(QueryReply::decode(&[0xfc, 0, 0x10], PLAIN), Ok(QueryReply::Columns(COLUMNS_MAX)));
    assert!(QueryReply::decode(&[0xfc, 1, 0x10], PLAIN).is_err());
}

#[test]
fn the_replies_of_a_login_are_told_apart() {
    let ok = bytes(&OkPacket::default().on(PLAIN));
    assert!(matches!(LoginReply::decode(&ok, PLAIN), Ok(LoginReply::Ok(_))));
    let more = LoginReply::decode(&[1, 4], PLAIN);
    assert_eq!(more, Ok(LoginReply::More(MoreAuth::FULL)));
    assert!(matches!(LoginReply::decode(b"\xfex\0", PLAIN), Ok(LoginReply::Switch(_))));
    assert!(LoginReply::decode(&[], PLAIN).is_err());
    assert!(LoginReply::decode(&[9], PLAIN).is_err());
}
