//! Days and moments against another library, and the borders of forms.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

use super::*;

fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut buffer = Vec::new();
    put(&mut buffer);
    assert_eq!(usize::from(buffer[0]), buffer.len() - 1);
    String::from_utf8(buffer[1..].to_vec()).unwrap()
}

#[test]
fn days_are_those_of_another_library() {
    let epoch = civil::date(1970, 1, 1);
    for days in (-719_528..2_932_897).step_by(17).chain([-719_528, 0, 2_932_896]) {
        let expected = epoch.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap();
        let date = Date::from_epoch_days(days).unwrap();
        let found = (i16::try_from(date.year).unwrap(), date.month, date.day);
        let wanted = (
            expected.year(),
            u8::try_from(expected.month()).unwrap(),
            u8::try_from(expected.day()).unwrap(),
        );
        assert_eq!(found, wanted, "{days}");
    }
    assert_eq!(Date::from_epoch_days(-719_529), None);
    assert_eq!(Date::from_epoch_days(2_932_897), None);
    assert_eq!(Date::from_epoch_days(i32::MIN), None);
}

#[test]
fn moments_are_those_of_another_library() {
    let mut micros = -62_135_596_800_000_000_i64;
    while micros < 253_402_200_000_000_000 {
        let moment = Timestamp::from_microsecond(micros).unwrap().to_zoned(TimeZone::UTC);
        let expected = moment.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let value = DateTime::from_epoch_micros(micros).unwrap();
        assert_eq!(text(|buffer| put_date_time_text(buffer, value, 6)), expected);
        micros += 7_777_777_777_777_777;
    }
    assert_eq!(DateTime::from_epoch_micros(i64::MAX), None);
    assert_eq!(DateTime::from_epoch_micros(i64::MIN), None);
    let before = DateTime::from_epoch_micros(-1).unwrap();
    let shown = text(|buffer| put_date_time_text(buffer, before, 6));
    assert_eq!(shown, "1969-12-31 23:59:59.999999");
}

#[test]
fn a_span_is_refused_beyond_838_hours() {
    let longest = (839 * 3600) * 1_000_000 - 1;
    let span = Time::from_micros(-longest).unwrap();
    assert_eq!(text(|buffer| put_time_text(buffer, span, 6)), "-838:59:59.999999");
    assert_eq!(Time::from_micros(longest + 1), None);
    assert_eq!(Time::from_micros(i64::MIN), None);
}

#[test]
fn the_binary_form_is_as_short_as_it_can_be() {
    // The examples of the manual's page on the binary protocol.
    let date = Date { year: 2010, month: 10, day: 17 };
    let moment = DateTime { date, hour: 19, minute: 27, second: 30, micros: 1 };
    let cases: &[(DateTime, &[u8])] = &[
        (moment, &[11, 0xda, 7, 10, 17, 19, 27, 30, 1, 0, 0, 0]),
        (DateTime { micros: 0, ..moment }, &[7, 0xda, 7, 10, 17, 19, 27, 30]),
        (DateTime { date, ..DateTime::default() }, &[4, 0xda, 7, 10, 17]),
        (DateTime::default(), &[0]),
    ];
    for (value, expected) in cases {
        let mut buffer = Vec::new();
        put_date_time(&mut buffer, *value);
        assert_eq!(buffer, *expected);
        assert_eq!(read_date_time(&mut Reader::new(&buffer)), Ok(*value));
    }
    let span = Time { negative: true, hours: 120 * 24 + 19, minute: 27, second: 30, micros: 1 };
    let mut buffer = Vec::new();
    put_time(&mut buffer, span);
    assert_eq!(buffer, [12, 1, 120, 0, 0, 0, 19, 27, 30, 1, 0, 0, 0]);
    // The manual's example has more days than TIME holds.
    assert!(read_time(&mut Reader::new(&buffer)).is_err());
}

#[test]
fn no_part_beyond_its_range_is_read() {
    for bytes in [
        &[4, 0x10, 0x27, 1, 1][..],
        &[4, 0, 0, 13, 1],
        &[4, 0, 0, 1, 32],
        &[7, 0, 0, 1, 1, 24, 0, 0],
        &[7, 0, 0, 1, 1, 0, 60, 0],
        &[11, 0, 0, 1, 1, 0, 0, 0, 0x40, 0x42, 0x0f, 0],
        &[5, 0, 0, 1, 1, 1],
    ] {
        assert!(read_date_time(&mut Reader::new(bytes)).is_err(), "{bytes:?}");
    }
    for bytes in [
        &[8, 0, 35, 0, 0, 0, 0, 0, 0][..],
        &[8, 0, 255, 255, 255, 255, 0, 0, 0],
        &[8, 0, 0, 0, 0, 0, 24, 0, 0],
        &[12, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x42, 0x0f, 0],
        &[4, 0, 0, 0, 0],
    ] {
        assert!(read_time(&mut Reader::new(bytes)).is_err(), "{bytes:?}");
    }
}
