//! A client reads arbitrary bytes as each reply of a server.
//!
//! The first byte says what was agreed on. No panic, and a list is no longer than what was announced within its bound.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mysql_wire::{
    Capabilities, Column, ColumnType, EofPacket, Greeting, LoginReply, PrepareOk, QueryReply,
    SESSION_CHANGES_MAX, read_binary_row, read_text_row,
};

fuzz_target!(|data: &[u8]| {
    let Some((agreed, payload)) = data.split_first() else { return };
    let agreed = [
        Capabilities::PROTOCOL_41,
        Capabilities::PROTOCOL_41 | Capabilities::SESSION_TRACK,
        Capabilities::PROTOCOL_41 | Capabilities::DEPRECATE_EOF,
        Capabilities::from_bits(u32::MAX),
    ][usize::from(agreed % 4)];
    let _ = Greeting::decode(payload);
    if let Ok(LoginReply::Ok(ok)) = LoginReply::decode(payload, agreed) {
        assert!(ok.changes.len() <= SESSION_CHANGES_MAX);
    }
    let _ = QueryReply::decode(payload, agreed);
    let _ = EofPacket::decode(payload, agreed);
    let _ = Column::decode(payload, agreed);
    let _ = PrepareOk::decode(payload);
    let _ = read_text_row(payload, 5);
    let columns: Vec<Column<'_>> =
        ColumnType::ALL.iter().map(|kind| Column::named(b"c", *kind)).collect();
    for some in columns.windows(3) {
        let _ = read_binary_row(payload, some);
    }
    let _ = read_binary_row(payload, &columns);
});
