//! Rows at the borders of their forms; what servers send is in `tests/it`.

use super::*;
use crate::{ColumnFlags, ColumnType};

fn text(write: impl FnOnce(&mut TextRow<'_>)) -> Vec<u8> {
    let mut buffer = Vec::new();
    write(&mut Text::begin(&mut buffer, 1));
    buffer
}

fn binary(columns: usize, write: impl FnOnce(&mut BinaryRow<'_>)) -> Vec<u8> {
    let mut buffer = Vec::new();
    write(&mut Binary::begin(&mut buffer, columns));
    buffer
}

#[test]
fn whole_numbers_are_their_digits() {
    assert_eq!(text(|row| row.i64(i64::MIN)), b"\x14-9223372036854775808");
    assert_eq!(text(|row| row.u64(u64::MAX)), b"\x1418446744073709551615");
    assert_eq!(text(|row| row.i8(-128)), b"\x04-128");
    assert_eq!(text(|row| row.year(0)), b"\x040000");
    assert_eq!(text(|row| row.year(1901)), b"\x041901");
}

#[test]
fn decimals_keep_their_scale() {
    let cases: &[(i128, u8, &[u8])] = &[
        (0, 0, b"0"),
        (0, 2, b"0.00"),
        (5, 2, b"0.05"),
        (-5, 2, b"-0.05"),
        (12345, 2, b"123.45"),
        (-100, 2, b"-1.00"),
        (100, 3, b"0.100"),
        (i128::from(i64::MIN), 1, b"-922337203685477580.8"),
        (i128::MIN, 38, b"-1.70141183460469231731687303715884105728"),
        (i128::MAX, 0, b"170141183460469231731687303715884105727"),
    ];
    for (unscaled, scale, expected) in cases {
        let bytes = text(|row| row.decimal(*unscaled, *scale));
        assert_eq!(bytes[0] as usize, expected.len());
        assert_eq!(&bytes[1..], *expected, "{unscaled} {scale}");
    }
    // No DECIMAL has such a scale, and no such length is written.
    let bytes = text(|row| row.decimal(1, u8::MAX));
    assert_eq!(usize::from(bytes[0]), bytes.len() - 1);
}

#[test]
fn what_mysql_has_no_number_for_is_null() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(text(|row| row.f64(value)), [NULL]);
        assert_eq!(binary(1, |row| row.f64(value)), [0, 4]);
    }
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(text(|row| row.f32(value)), [NULL]);
        assert_eq!(binary(1, |row| row.f32(value)), [0, 4]);
    }
}

#[test]
fn a_text_behind_each_width_of_its_length_is_read_back() {
    for length in [0, 1, 250, 251, 65_535, 65_536, 16_777_215, 16_777_216] {
        let value = vec![b'v'; length];
        let row = text(|row| {
            row.bytes(&value);
            row.null();
        });
        assert!(read_text_row(&row, 2) == Ok(vec![Some(&value[..]), None]), "{length}");
    }
    assert!(read_text_row(b"\x01a", 2).is_err());
    assert!(read_text_row(b"\x01a\x01b", 1).is_err());
}

#[test]
fn nulls_of_the_binary_form_stand_in_the_bitmap() {
    for columns in [1, 5, 6, 7, 13, 14, 15] {
        let row = binary(columns, |row| (0..columns).for_each(|_| row.null()));
        let mut expected = vec![0_u8; 1 + (columns + 9) / 8];
        (0..columns).for_each(|at| expected[1 + (at + 2) / 8] |= 1 << ((at + 2) % 8));
        assert_eq!(row, expected, "{columns}");
    }
}

#[test]
fn a_row_that_was_not_finished_has_nulls_and_one_that_goes_on_is_cut() {
    let tiny = Column::named(b"a", ColumnType::Tiny);
    let short = binary(3, |row| row.i8(7));
    let read = read_binary_row(&short, &[tiny; 3]);
    assert_eq!(read, Ok(vec![Value::Int(7), Value::Null, Value::Null]));
    let long = binary(1, |row| {
        row.i8(7);
        row.i64(8);
        row.null();
    });
    assert_eq!(read_binary_row(&long, &[tiny]), Ok(vec![Value::Int(7)]));
}

#[test]
fn the_sign_of_a_column_decides_what_its_bytes_mean() {
    let unsigned =
        Column { flags: ColumnFlags::UNSIGNED, ..Column::named(b"a", ColumnType::LongLong) };
    let row = binary(1, |row| row.u64(u64::MAX));
    assert_eq!(read_binary_row(&row, &[unsigned]), Ok(vec![Value::UInt(u64::MAX)]));
    let signed = Column::named(b"a", ColumnType::LongLong);
    assert_eq!(read_binary_row(&row, &[signed]), Ok(vec![Value::Int(-1)]));
}

#[test]
fn a_buffer_is_not_made_anew_for_the_next_row() {
    let mut writer = PacketWriter::new(0);
    let mut capacity = 0;
    for round in 0..3 {
        writer.clear();
        for number in 0..1000 {
            writer.row::<Text>(2, |row| {
                row.i64(number);
                row.bytes(b"a text of some length");
            });
        }
        if round > 0 {
            assert_eq!(writer.capacity(), capacity);
        }
        capacity = writer.capacity();
    }
}
