//! Each packet against another codec: what one side writes, the other reads.
//!
//! The other one is `mysql_common`, which the clients of many programs in Rust stand on.

use std::{collections::HashMap, sync::Arc};

use mysql_common::{
    Value as TheirValue,
    collations::{Collation as TheirCollation, CollationId},
    constants::{CapabilityFlags, StatusFlags as TheirStatus},
    io::ParseBuf,
    packets as theirs,
    proto::{Binary as TheirBinary, MyDeserialize, MySerialize, Text as TheirText},
    row::RowDeserializer,
    value::ServerSide,
};
use mysql_wire::{
    Attributes, AuthPlugin, AuthResponse, AuthSwitch, Binary, Capabilities, ChangeUser,
    ClientHello, Collation, Column, ColumnFlags, ColumnType, Command, CursorFlags, Date, DateTime,
    Encode, EofPacket, ErrPacket, Greeting, Login, LongData, Nonce, OkPacket, PacketWriter,
    Parameter, PrepareOk, Query, RowFormat, RowWriter, SessionChange, SslRequest, StatusFlags,
    Text, Time, Value,
};
use proptest::{collection::vec, prelude::*};

fn ours(packet: &impl Encode) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.encode(&mut payload);
    payload
}

fn written(packet: &impl MySerialize) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.serialize(&mut payload);
    payload
}

fn read<'de, T: MyDeserialize<'de>>(payload: &'de [u8], context: T::Ctx) -> T {
    let mut buffer = ParseBuf(payload);
    if let Some(size) = T::SIZE {
        assert!(payload.len() >= size, "their fixed size");
    }
    let packet = T::deserialize(context, &mut buffer).expect("their side reads it");
    assert!(buffer.0.is_empty(), "nothing is left over");
    packet
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    "[a-z0-9_@.äß]{0,20}".prop_map(String::into_bytes)
}

fn nonce() -> impl Strategy<Value = Nonce> {
    any::<[u8; 20]>().prop_map(Nonce::from_random)
}

fn plugin() -> impl Strategy<Value = AuthPlugin> {
    prop::sample::select(vec![
        AuthPlugin::NativePassword,
        AuthPlugin::CachingSha2Password,
        AuthPlugin::ClearPassword,
    ])
}

fn all_statuses() -> StatusFlags {
    StatusFlags::from_bits(TheirStatus::all().bits())
}

const LOGIN: Capabilities = Capabilities::from_bits(
    Capabilities::LONG_PASSWORD.bits()
        | Capabilities::PROTOCOL_41.bits()
        | Capabilities::SECURE_CONNECTION.bits()
        | Capabilities::PLUGIN_AUTH.bits()
        | Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA.bits()
        | Capabilities::CONNECT_WITH_DB.bits()
        | Capabilities::CONNECT_ATTRS.bits(),
);

fn flags(capabilities: Capabilities) -> CapabilityFlags {
    CapabilityFlags::from_bits_retain(capabilities.bits())
}

fn kinds() -> impl Strategy<Value = ColumnType> {
    // Types that the other codec knows as well.
    let known: Vec<ColumnType> = ColumnType::ALL
        .iter()
        .copied()
        .filter(|kind| mysql_common::constants::ColumnType::try_from(kind.number()).is_ok())
        .collect();
    assert!(known.len() >= ColumnType::ALL.len() - 1);
    prop::sample::select(known)
}

fn values() -> impl Strategy<Value = Vec<(TheirValue, u8)>> {
    let date = (0_u16..10_000, 0_u8..=12, 0_u8..=31, 0_u8..24, 0_u8..60, 0_u8..60)
        .prop_flat_map(|date| (Just(date), prop_oneof![Just(0), 0_u32..1_000_000]))
        .prop_map(|((a, b, c, d, e, f), micros)| TheirValue::Date(a, b, c, d, e, f, micros));
    let time = (any::<bool>(), 0_u32..34, 0_u8..24, 0_u8..60, 0_u8..60)
        .prop_flat_map(|time| (Just(time), prop_oneof![Just(0), 0_u32..1_000_000]))
        .prop_map(|((a, b, c, d, e), micros)| TheirValue::Time(a, b, c, d, e, micros));
    let value = prop_oneof![
        Just(TheirValue::NULL),
        vec(any::<u8>(), 0..300).prop_map(TheirValue::Bytes),
        any::<i64>().prop_map(TheirValue::Int),
        any::<u64>().prop_map(TheirValue::UInt),
        (-1e30_f32..1e30).prop_map(TheirValue::Float),
        (-1e300_f64..1e300).prop_map(TheirValue::Double),
        date,
        time,
    ];
    vec((value, 0_u8..=6), 0..40)
}

/// Their value as ours; a zero time keeps no sign on the line.
fn as_ours(value: &TheirValue) -> Value<'_> {
    match *value {
        TheirValue::NULL => Value::Null,
        TheirValue::Bytes(ref bytes) => Value::Bytes(bytes),
        TheirValue::Int(value) => Value::Int(value),
        TheirValue::UInt(value) => Value::UInt(value),
        TheirValue::Float(value) => Value::Float(value),
        TheirValue::Double(value) => Value::Double(value),
        TheirValue::Date(year, month, day, hour, minute, second, micros) => {
            Value::DateTime(DateTime {
                date: Date { year, month, day },
                hour,
                minute,
                second,
                micros,
            })
        }
        TheirValue::Time(sign, days, hour, minute, second, micros) => {
            let hours = days * 24 + u32::from(hour);
            let negative = sign && (hours, minute, second, micros) != (0, 0, 0, 0);
            Value::Time(Time { negative, hours, minute, second, micros })
        }
    }
}

fn column_of<'a>(value: &Value<'_>) -> Column<'a> {
    let kind = mysql_wire::ValueType::of(value);
    let flags = if kind.unsigned { ColumnFlags::UNSIGNED } else { ColumnFlags::default() };
    Column { flags, ..Column::named(b"c", kind.kind) }
}

fn put(out: &mut impl RowWriter, value: &Value<'_>, decimals: u8) {
    match *value {
        Value::Int(value) => out.i64(value),
        Value::UInt(value) => out.u64(value),
        Value::Float(value) => out.f32(value),
        Value::Double(value) => out.f64(value),
        Value::Bytes(bytes) => out.bytes(bytes),
        Value::Date(date) => out.date(date),
        Value::DateTime(moment) => out.date_time(moment, decimals),
        Value::Time(span) => out.time(span, decimals),
        Value::Null | Value::LongData => out.null(),
    }
}

fn row<F: RowFormat>(values: &[(Value<'_>, u8)]) -> Vec<u8> {
    let mut writer = PacketWriter::new(0);
    writer.row::<F>(values.len(), |out| {
        values.iter().for_each(|(value, decimals)| put(out, value, *decimals));
    });
    writer.as_bytes()[4..].to_vec()
}

fn described(columns: &[Column<'_>]) -> Arc<[theirs::Column]> {
    columns.iter().map(|column| read(&ours(column), ())).collect()
}

proptest! {
    #[test]
    fn greetings(
        version in "[0-9.]{1,20}-[A-Za-z]{0,20}", id in any::<u32>(), nonce in nonce(),
        collation in any::<u8>(), plugin in plugin(),
    ) {
        let greeting = Greeting {
            server_version: version.as_bytes(), connection_id: id, nonce, capabilities: LOGIN,
            mariadb_capabilities: 0, collation, status: StatusFlags::AUTOCOMMIT, plugin: plugin.name(),
        };
        let payload = ours(&greeting);
        let theirs: theirs::HandshakePacket<'_> = read(&payload, ());
        prop_assert_eq!(theirs.server_version_ref(), greeting.server_version);
        prop_assert_eq!(theirs.connection_id(), id);
        prop_assert_eq!(theirs.nonce(), nonce.as_bytes().to_vec());
        prop_assert_eq!(theirs.capabilities(), flags(LOGIN));
        prop_assert_eq!(theirs.default_collation(), collation);
        prop_assert_eq!(theirs.auth_plugin_name_ref(), Some(plugin.name()));
        let again = written(&theirs);
        prop_assert_eq!(Greeting::decode(&again), Ok(greeting));
    }

    #[test]
    fn logins(
        user in name(), response in vec(1_u8..255, 0..255), database in name(), plugin in plugin(),
        pairs in prop::collection::hash_map("[a-z]{0,9}", "[a-z]{0,300}", 0..5), optional in 0_u32..8,
    ) {
        let dropped = [
            Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA, Capabilities::CONNECT_WITH_DB, Capabilities::CONNECT_ATTRS,
        ];
        let capabilities = (0..3).filter(|at| optional & (1 << at) != 0)
            .fold(LOGIN, |all, at| all.without(dropped[at]));
        let attributes = pairs.iter().map(|(k, v)| (k.as_bytes(), v.as_bytes())).collect();
        let has = |flag| capabilities.contains(flag);
        let login = Login {
            head: SslRequest { capabilities, payload_bytes_max: 1 << 24, collation: 45, mariadb_capabilities: 0 },
            user: &user, response: AuthResponse::new(&response),
            database: (has(Capabilities::CONNECT_WITH_DB) && !database.is_empty()).then_some(&database),
            plugin: plugin.name(), attributes: Attributes::new(attributes), zstd_level: None,
        };
        let payload = ours(&login);
        let theirs: theirs::HandshakeResponse<'_> = read(&payload, ());
        prop_assert_eq!(theirs.user(), &user);
        prop_assert_eq!(theirs.scramble_buf(), &response);
        prop_assert_eq!(theirs.db_name().unwrap_or_default(), login.database.unwrap_or_default());
        prop_assert_eq!(theirs.auth_plugin().map(theirs::AuthPlugin::as_bytes), Some(plugin.name()));
        let told = has(Capabilities::CONNECT_ATTRS).then(|| pairs.clone());
        prop_assert_eq!(theirs.connect_attributes(), told);
        let again = written(&theirs);
        let Ok(ClientHello::Login(read)) = ClientHello::decode(&again) else { panic!("a login") };
        prop_assert_eq!(read.user, &user[..]);
        prop_assert_eq!(read.response.as_bytes(), &response[..]);
        prop_assert_eq!(read.database, login.database);
        prop_assert_eq!(read.plugin, plugin.name());
        if has(Capabilities::CONNECT_ATTRS) {
            let found: HashMap<&[u8], &[u8]> = read.attributes.iter().collect();
            prop_assert_eq!(found, login.attributes.iter().collect());
        }
    }

    #[test]
    fn tls_requests(bits in any::<u32>(), max in any::<u32>(), collation in any::<u8>()) {
        let wanted = Capabilities::from_bits(bits) | Capabilities::SSL | LOGIN;
        let capabilities = Capabilities::from_bits(CapabilityFlags::from_bits_truncate(wanted.bits()).bits());
        let request = SslRequest { capabilities, payload_bytes_max: max, collation, mariadb_capabilities: 0 };
        let payload = ours(&request);
        let theirs: theirs::SslRequest = read(&payload, ());
        prop_assert_eq!(theirs.max_packet_size(), max);
        prop_assert_eq!(theirs.character_set(), collation);
        let again = written(&theirs);
        let Ok(ClientHello::Ssl(read)) = ClientHello::decode(&again) else { panic!("a request") };
        prop_assert_eq!(read, request);
    }

    #[test]
    fn switches_of_the_login(plugin in plugin(), nonce in nonce()) {
        let payload = ours(&AuthSwitch::to(plugin, &nonce));
        let theirs: theirs::AuthSwitchRequest<'_> = read(&payload, ());
        let named = theirs.auth_plugin();
        prop_assert_eq!(named.as_bytes(), plugin.name());
        if plugin != AuthPlugin::ClearPassword {
            prop_assert_eq!(theirs.plugin_data(), nonce.as_bytes());
        }
        let again = written(&theirs);
        prop_assert_eq!(AuthSwitch::decode(&again).unwrap().nonce(), Ok(nonce));
    }

    #[test]
    fn replies(
        rows in any::<u64>(), id in any::<u64>(), status in any::<u16>(), warnings in any::<u16>(),
        info in name(), schema in name(), tracks in any::<bool>(),
    ) {
        let agreed = if tracks { LOGIN | Capabilities::SESSION_TRACK } else { LOGIN };
        let status = StatusFlags::from_bits(status).intersection(all_statuses());
        let ok = OkPacket {
            affected_rows: rows, last_insert_id: id, status, warnings, info: &info,
            changes: vec![SessionChange::Schema(&schema), SessionChange::State(true)],
        };
        let payload = ours(&ok.on(agreed));
        let theirs: theirs::OkPacketDeserializer<'_, theirs::CommonOkPacket> = read(&payload, flags(agreed));
        let theirs = theirs.into_inner();
        prop_assert_eq!(theirs.affected_rows(), rows);
        prop_assert_eq!(theirs.last_insert_id().unwrap_or_default(), id);
        prop_assert_eq!(theirs.warnings(), warnings);
        prop_assert_eq!(theirs.info_ref().unwrap_or_default(), &info);
        prop_assert_eq!(theirs.session_state_info().unwrap().len(), if tracks { 2 } else { 0 });
        let ours_again = OkPacket::decode(&payload, agreed).unwrap();
        prop_assert_eq!(ours_again.info, &info[..]);
    }

    #[test]
    fn ends_of_rows(status in any::<u16>(), warnings in any::<u16>()) {
        let status = StatusFlags::from_bits(status).intersection(all_statuses())
            .without(StatusFlags::SESSION_STATE_CHANGED);
        let eof = EofPacket { warnings, status };
        let old = ours(&eof.end_of_rows(LOGIN));
        let theirs: theirs::OkPacketDeserializer<'_, theirs::OldEofPacket> = read(&old, flags(LOGIN));
        let theirs = theirs.into_inner();
        prop_assert_eq!((theirs.warnings(), theirs.status_flags().bits()), (warnings, status.bits()));
        let agreed = LOGIN | Capabilities::DEPRECATE_EOF | Capabilities::SESSION_TRACK;
        let new = ours(&eof.end_of_rows(agreed));
        let theirs: theirs::OkPacketDeserializer<'_, theirs::ResultSetTerminator> = read(&new, flags(agreed));
        let theirs = theirs.into_inner();
        prop_assert_eq!((theirs.warnings(), theirs.status_flags().bits()), (warnings, status.bits()));
    }

    #[test]
    fn errors(number in 1_u16..0xffff, state in "[0-9A-Z]{5}", message in "\\PC{0,200}") {
        let sqlstate = state.as_bytes().try_into().unwrap();
        let error = ErrPacket { number, sqlstate, message: message.as_bytes() };
        let payload = ours(&error);
        let theirs: theirs::ErrPacket<'_> = read(&payload, flags(LOGIN));
        prop_assert_eq!(theirs.server_error().error_code(), number);
        prop_assert_eq!(theirs.server_error().sql_state_ref().map(theirs::SqlState::as_bytes), Some(sqlstate));
        prop_assert_eq!(theirs.server_error().message_ref(), message.as_bytes());
        prop_assert_eq!(written(&theirs), payload.clone());
        prop_assert_eq!(ErrPacket::decode(&payload), Ok(error));
    }

    #[test]
    fn columns(
        names in (name(), name(), name(), name(), name()), kind in kinds(), collation in any::<u16>(),
        length in any::<u32>(), bits in any::<u16>(), decimals in any::<u8>(),
    ) {
        let known = mysql_common::constants::ColumnFlags::all().bits();
        let column = Column {
            schema: &names.0, table: &names.1, original_table: &names.2, name: &names.3, original_name: &names.4,
            collation: Collation(collation), length, kind, flags: ColumnFlags::from_bits(bits & known), decimals,
        };
        let payload = ours(&column);
        let theirs: theirs::Column = read(&payload, ());
        prop_assert_eq!(theirs.schema_ref(), &names.0);
        prop_assert_eq!(theirs.table_ref(), &names.1);
        prop_assert_eq!(theirs.org_table_ref(), &names.2);
        prop_assert_eq!(theirs.name_ref(), &names.3);
        prop_assert_eq!(theirs.org_name_ref(), &names.4);
        prop_assert_eq!(theirs.character_set(), collation);
        prop_assert_eq!(theirs.column_length(), length);
        prop_assert_eq!(theirs.column_type() as u8, kind.number());
        prop_assert_eq!(theirs.flags().bits(), bits & known);
        prop_assert_eq!(theirs.decimals(), decimals);
        // Not the other way: theirs writes the length where the collation is read.
        prop_assert_eq!(Column::decode(&payload, LOGIN), Ok(column));
    }

    #[test]
    fn rows(values in values()) {
        let values: Vec<(Value<'_>, u8)> =
            values.iter().map(|(value, decimals)| (as_ours(value), *decimals)).collect();
        let columns: Vec<Column<'_>> = values.iter().map(|(value, _)| column_of(value)).collect();
        let binary = row::<Binary>(&values);
        let theirs: RowDeserializer<ServerSide, TheirBinary> = read(&binary, described(&columns));
        for ((value, _), found) in values.iter().zip(theirs.into_inner().unwrap()) {
            let found = match (as_ours(&found), *value) {
                // Theirs is without a sign only where it must be.
                (Value::Int(small), Value::UInt(_)) => Value::UInt(u64::try_from(small).unwrap()),
                (found, _) => found,
            };
            prop_assert_eq!(found, *value);
        }
        let ours = mysql_wire::read_binary_row(&binary, &columns).unwrap();
        prop_assert!(ours.iter().zip(&values).all(|(ours, (value, _))| ours == value));
        let text = row::<Text>(&values);
        let theirs: RowDeserializer<ServerSide, TheirText> = read(&text, described(&columns));
        let ours = mysql_wire::read_text_row(&text, columns.len()).unwrap();
        for (ours, found) in ours.iter().zip(theirs.into_inner().unwrap()) {
            let found = match found {
                TheirValue::Bytes(bytes) => Some(bytes),
                _ => None,
            };
            prop_assert_eq!(*ours, found.as_deref());
        }
    }

    #[test]
    fn doubles_read_back_as_the_same_number(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let text = row::<Text>(&[(Value::Double(value), 0)]);
        let read = mysql_wire::read_text_row(&text, 1).unwrap()[0]
            .map(|text| std::str::from_utf8(text).unwrap().parse::<f64>().unwrap());
        prop_assert_eq!(read.map(f64::to_bits), value.is_finite().then_some(bits));
    }

    #[test]
    fn executions(statement in any::<u32>(), values in values()) {
        let params: Vec<TheirValue> = values.iter().map(|(value, _)| value.clone()).collect();
        let (request, _) = theirs::ComStmtExecuteRequestBuilder::new(statement).build(&params);
        let payload = written(&request);
        let Ok(Command::Execute(execute)) = Command::decode(&payload, LOGIN) else { panic!("an execution") };
        prop_assert_eq!(execute.statement, statement);
        let count = u16::try_from(params.len()).unwrap();
        let read = execute.parameters(count, &mut Vec::new(), LOGIN, &|_| false).unwrap();
        for (parameter, value) in read.iter().zip(&params) {
            prop_assert_eq!(parameter.value, as_ours(value));
        }
        prop_assert_eq!(read.len(), params.len());
        let body = mysql_wire::Execute::body_of(&read, LOGIN);
        prop_assert_eq!(&body[..], execute.body);
    }

    #[test]
    fn pieces_and_ends_of_statements(statement in any::<u32>(), parameter in any::<u16>(), data in vec(any::<u8>(), 0..99)) {
        let theirs = theirs::ComStmtSendLongData::new(statement, parameter, &data[..]);
        let command = Command::SendLongData(LongData { statement, parameter, data: &data });
        prop_assert_eq!(written(&theirs), ours(&command.on(LOGIN)));
        let theirs = theirs::ComStmtClose::new(statement);
        prop_assert_eq!(written(&theirs), ours(&Command::CloseStatement(statement).on(LOGIN)));
    }

    #[test]
    fn prepared_statements(statement in any::<u32>(), columns in any::<u16>(), parameters in any::<u16>(), warnings in any::<u16>()) {
        let ok = PrepareOk { statement, columns, parameters, warnings };
        let payload = ours(&ok);
        let theirs: theirs::StmtPacket = read(&payload, ());
        prop_assert_eq!(theirs.statement_id(), statement);
        prop_assert_eq!(theirs.num_columns(), columns);
        prop_assert_eq!(theirs.num_params(), parameters);
        prop_assert_eq!(theirs.warning_count(), warnings);
        prop_assert_eq!(PrepareOk::decode(&written(&theirs)), Ok(ok));
    }

    #[test]
    fn changes_of_the_user(
        user in name(), response in vec(any::<u8>(), 0..255), database in name(), collation in any::<u16>(), plugin in plugin(),
    ) {
        let change = ChangeUser {
            user: &user, response: AuthResponse::new(&response),
            database: (!database.is_empty()).then_some(&database[..]), collation: Some(collation), plugin: plugin.name(),
            attributes: Attributes::new(vec![(b"_os", b"test")]),
        };
        let payload = ours(&Command::ChangeUser(change).on(LOGIN));
        let theirs: theirs::ComChangeUser<'_> = read(&payload, flags(LOGIN));
        let again = written(&theirs);
        let Ok(Command::ChangeUser(found)) = Command::decode(&again, LOGIN) else { panic!("a change") };
        prop_assert_eq!(found.user, &user[..]);
        prop_assert_eq!(found.response.as_bytes(), &response[..]);
        prop_assert_eq!(found.database.unwrap_or_default(), &database[..]);
        prop_assert_eq!(found.collation, Some(collation));
        prop_assert_eq!(found.plugin, plugin.name());
        prop_assert_eq!(found.attributes.get(b"_os"), Some(&b"test"[..]));
    }

    #[test]
    fn queries_with_attributes_are_read_as_they_were_written(text in vec(any::<u8>(), 0..99), values in values(), name in name()) {
        let agreed = LOGIN | Capabilities::QUERY_ATTRIBUTES;
        let attributes = values.iter()
            .map(|(value, _)| Parameter { name: &name, ..Parameter::of(as_ours(value)) })
            .collect();
        let query = Query { text: &text, attributes };
        let payload = ours(&Command::Query(query.clone()).on(agreed));
        let Ok(Command::Query(found)) = Command::decode(&payload, agreed) else { panic!("a query") };
        prop_assert_eq!(found, query);
    }

    #[test]
    fn any_bytes_as_an_execution_are_read_or_refused(body in vec(any::<u8>(), 0..200), count in any::<u16>(), named in any::<bool>()) {
        let agreed = if named { LOGIN | Capabilities::QUERY_ATTRIBUTES } else { LOGIN };
        for flags in [CursorFlags::default(), CursorFlags::PARAMETER_COUNT_AVAILABLE] {
            let execute = mysql_wire::Execute { statement: 1, flags, body: &body };
            for count in [0, 1, count % 9, count] {
                let mut types = Vec::new();
                if let Ok(read) = execute.parameters(count, &mut types, agreed, &|at| at == 1) {
                    prop_assert!(read.len() >= usize::from(count));
                }
            }
        }
    }
}

#[test]
fn collations_of_mysql_have_the_character_sets_of_the_other_codec() {
    let mut known = 0;
    for number in 1..400_u16 {
        let theirs = TheirCollation::resolve(CollationId::from(number));
        if theirs.charset() == "unknown" {
            continue;
        }
        let found = Collation(number).charset().map(|charset| charset.name());
        let of_interest = ["utf8mb4", "utf8mb3", "ascii", "latin1", "binary"];
        let charset = if theirs.charset() == "utf8" { "utf8mb3" } else { theirs.charset() };
        assert_eq!(found, of_interest.contains(&charset).then_some(charset), "{number}");
        known += 1;
    }
    assert!(known > 250, "{known}");
}
