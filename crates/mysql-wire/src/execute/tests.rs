//! Parameters: how many, which types, which are NULL, which came before.

use super::*;
use crate::{ColumnType, Date, Time};

const PLAIN: Agreed = Capabilities::PROTOCOL_41;
const NAMED: Agreed = Capabilities::QUERY_ATTRIBUTES;

fn execute(body: &[u8]) -> Execute<'_> {
    Execute { statement: 1, flags: CursorFlags::default(), body }
}

fn values() -> Vec<Parameter<'static>> {
    let values = [
        Value::Int(-1),
        Value::Null,
        Value::UInt(u64::MAX),
        Value::Float(1.5),
        Value::Double(-2.5),
        Value::Bytes(b"bytes"),
        Value::Date(Date { year: 2026, month: 11, day: 25 }),
        Value::Time(Time { negative: true, hours: 26, minute: 1, second: 2, micros: 3 }),
        Value::Null,
    ];
    values.into_iter().map(Parameter::of).collect()
}

#[test]
fn types_are_kept_for_executions_that_leave_them_out() {
    let parameters = values();
    for agreed in [PLAIN, NAMED] {
        let body = Execute::body_of(&parameters, agreed);
        let mut types = Vec::new();
        let read = execute(&body).parameters(9, &mut types, agreed, &|_| false);
        assert_eq!(read, Ok(parameters.clone()));
        // The same without types: two of the bitmap, a zero, the values.
        let count = usize::from(agreed == NAMED);
        let described = count + 2 + 1 + 9 * (2 + count);
        let mut again = body[..count + 2].to_vec();
        again.push(0);
        again.extend_from_slice(&body[described..]);
        let read = execute(&again).parameters(9, &mut types, agreed, &|_| false);
        assert_eq!(read, Ok(parameters.clone()));
        let unknown = execute(&again).parameters(9, &mut Vec::new(), agreed, &|_| false);
        assert_eq!(unknown, Err(DecodeError::Invalid("number of parameter types")));
    }
}

#[test]
fn an_execution_is_refused_at_each_cut() {
    let body = Execute::body_of(&values(), PLAIN);
    for cut in 0..body.len() {
        let read = execute(&body[..cut]).parameters(9, &mut Vec::new(), PLAIN, &|_| false);
        assert!(read.is_err(), "cut at {cut}");
    }
    let longer = [&body[..], &[0]].concat();
    let read = execute(&longer).parameters(9, &mut Vec::new(), PLAIN, &|_| false);
    assert_eq!(read, Err(DecodeError::Trailing("parameters")));
}

#[test]
fn a_parameter_whose_pieces_came_before_has_no_bytes() {
    let long = Parameter { value: Value::LongData, ..Parameter::of(Value::Bytes(b"")) };
    let parameters = [long, Parameter::of(Value::Int(5))];
    let body = Execute::body_of(&parameters, PLAIN);
    let read = execute(&body).parameters(2, &mut Vec::new(), PLAIN, &|at| at == 0).unwrap();
    assert_eq!(read[0].value, Value::LongData);
    assert_eq!(read[1].value, Value::Int(5));
}

#[test]
fn attributes_come_behind_the_parameters_and_have_names() {
    let attribute = Parameter { name: b"trace", ..Parameter::of(Value::Bytes(b"id")) };
    let sent = [Parameter::of(Value::Int(5)), attribute];
    let body = Execute::body_of(&sent, NAMED);
    let counted = Execute { flags: CursorFlags::PARAMETER_COUNT_AVAILABLE, ..execute(&body) };
    let read = counted.parameters(1, &mut Vec::new(), NAMED, &|_| false).unwrap();
    assert_eq!(read, sent);
    let fewer = counted.parameters(3, &mut Vec::new(), NAMED, &|_| false);
    assert_eq!(fewer, Err(DecodeError::Invalid("number of parameters")));
}

#[test]
fn a_statement_without_parameters_has_no_body_to_read() {
    for body in [&b""[..], b"\0"] {
        let read = execute(body).parameters(0, &mut Vec::new(), PLAIN, &|_| false);
        assert_eq!(read, Ok(Vec::new()));
    }
    let counted = Execute { flags: CursorFlags::PARAMETER_COUNT_AVAILABLE, ..execute(b"\0") };
    assert_eq!(counted.parameters(0, &mut Vec::new(), NAMED, &|_| false), Ok(Vec::new()));
}

#[test]
fn a_number_of_parameters_beyond_the_bound_is_refused_before_anything_is_reserved() {
    let mut body = Vec::new();
    body.put_lenenc_int(PARAMETERS_MAX as u64 + 1);
    let counted = Execute { flags: CursorFlags::PARAMETER_COUNT_AVAILABLE, ..execute(&body) };
    let read = counted.parameters(0, &mut Vec::new(), NAMED, &|_| false);
    let refused = DecodeError::TooLong { what: "number of parameters", max: PARAMETERS_MAX };
    assert_eq!(read, Err(refused));
}

#[test]
fn a_query_with_attributes_is_as_the_manual_shows_it() {
    // Number of attributes, of sets, bitmap, flag of types, type, name, value, statement.
    let query = Query {
        text: b"select 1",
        attributes: vec![Parameter { name: b"n1", ..Parameter::of(Value::Bytes(b"v1")) }],
    };
    let mut payload = Vec::new();
    query.encode(&mut payload, NAMED);
    assert_eq!(payload, b"\x01\x01\x00\x01\xfd\x00\x02n1\x02v1select 1");
    assert_eq!(Query::read(&mut Reader::new(&payload), NAMED), Ok(query.clone()));
    let without = Query { attributes: Vec::new(), ..query };
    let mut plain = Vec::new();
    without.encode(&mut plain, NAMED);
    assert_eq!(plain, b"\x00\x01select 1");
    assert_eq!(Query::read(&mut Reader::new(&plain), NAMED), Ok(without));
    assert!(Query::read(&mut Reader::new(b"\x00\x02select 1"), NAMED).is_err());
}

#[test]
fn each_type_is_read_in_its_width() {
    for kind in ColumnType::ALL {
        for unsigned in [false, true] {
            let of = ValueType { kind: *kind, unsigned };
            let bytes = [0; 16];
            let mut reader = Reader::new(&bytes);
            let value = Value::read(&mut reader, of).unwrap();
            let mut written = Vec::new();
            value.encode(&mut written, of);
            // Times of zero are a length of zero; all else has its width.
            assert_eq!(written.len(), bytes.len() - reader.len(), "{of:?}");
            assert_eq!(written, bytes[..written.len()]);
        }
    }
}
