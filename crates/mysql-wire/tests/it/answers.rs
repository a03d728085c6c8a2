//! What MariaDB answered, value by value: numbers, times, errors, collations.

use mysql_wire::{
    Collation, Date, DateTime, ErrorCode, PacketWriter, RowWriter, Text, TextRow, Time,
};

use crate::captures::unhex;

/// The text of a value, as a row holds it.
fn shown(write: impl FnOnce(&mut TextRow<'_>)) -> String {
    let mut writer = PacketWriter::new(0);
    writer.row::<Text>(1, write);
    let row = &writer.as_bytes()[4..];
    assert_eq!(usize::from(row[0]), row.len() - 1);
    String::from_utf8(row[1..].to_vec()).unwrap()
}

#[test]
fn floating_point_numbers_are_written_as_mariadb_writes_them() {
    let mut seen = 0;
    for line in include_str!("../fixtures/numbers.txt").lines() {
        let mut fields = line.split(' ');
        let (kind, bytes) = (fields.next().unwrap(), unhex(fields.next().unwrap()));
        let text = match kind {
            "double" => shown(|row| row.f64(f64::from_le_bytes(bytes[..].try_into().unwrap()))),
            _ => shown(|row| row.f32(f32::from_le_bytes(bytes[..].try_into().unwrap()))),
        };
        assert_eq!(Some(text.as_str()), fields.next(), "{line}");
        seen += 1;
    }
    assert!(seen > 1500, "{seen}");
}

fn micros(text: &str) -> u32 {
    text.split_once('.').map_or(0, |(_, digits)| digits.parse().unwrap())
}

fn date_time(text: &str) -> DateTime {
    let part = |from: usize, to: usize| text[from..to].parse::<u16>().unwrap();
    let short = |from, to| u8::try_from(part(from, to)).unwrap();
    DateTime {
        date: Date { year: part(0, 4), month: short(5, 7), day: short(8, 10) },
        hour: short(11, 13),
        minute: short(14, 16),
        second: short(17, 19),
        micros: micros(text),
    }
}

fn time(text: &str) -> Time {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = rest.split([':', '.']);
    let mut next = || parts.next().unwrap().parse::<u32>().unwrap();
    let (hours, minute, second) = (next(), next(), next());
    let short = |value: u32| u8::try_from(value).unwrap();
    Time { negative, hours, minute: short(minute), second: short(second), micros: micros(text) }
}

#[test]
fn times_are_written_as_mariadb_writes_them() {
    for line in include_str!("../fixtures/moments.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let decimals = fields[1].parse().unwrap();
        let text = match fields[0] {
            "datetime" => shown(|row| row.date_time(date_time(fields[2]), decimals)),
            _ => shown(|row| row.time(time(fields[2]), decimals)),
        };
        assert_eq!(text.replace(' ', "T"), fields[3], "{line}");
    }
}

#[test]
fn errors_have_the_states_that_mariadb_gives_them() {
    let mut known = 0;
    for line in include_str!("../fixtures/errors.txt").lines() {
        let (number, state) = line.split_once(' ').unwrap();
        let Some(code) = ErrorCode::from_number(number.parse().unwrap()) else { continue };
        assert_eq!(std::str::from_utf8(code.sqlstate()), Ok(state), "{code:?}");
        known += 1;
    }
    assert!(known >= 20, "{known}");
}

#[test]
fn each_error_has_a_number_of_its_own() {
    for code in ErrorCode::ALL {
        assert_eq!(ErrorCode::from_number(code.number()), Some(*code));
    }
    let asked = [
        1040, 1044, 1045, 1046, 1047, 1049, 1054, 1064, 1094, 1095, 1105, 1142, 1146, 1153, 1158,
        1159, 1203, 1226, 1227, 1235, 1243, 1290, 1305, 1317, 3024, 3159,
    ];
    for number in asked {
        assert!(ErrorCode::from_number(number).is_some(), "{number}");
    }
}

#[test]
fn collations_have_the_character_sets_that_mariadb_gives_them() {
    for line in include_str!("../fixtures/collations.txt").lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let known = Collation(fields[0].parse().unwrap()).charset();
        let of_interest = ["utf8mb4", "utf8mb3", "ascii", "latin1", "binary"];
        let expected = of_interest.contains(&fields[2]).then_some(fields[2]);
        assert_eq!(known.map(|charset| charset.name()), expected, "{line}");
    }
}
