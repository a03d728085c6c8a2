//! Conversations of real programs, read and written to the same bytes.
//!
//! The recorder and what it recorded with stand in `tests/fixtures/record.py`.

use std::collections::HashMap;

use bytes::BytesMut;
use mysql_wire::{
    AuthPlugin, AuthResponse, Binary, Capabilities, ClientHello, Column, ColumnType, Command,
    CursorFlags, Encode, EofPacket, ErrPacket, Execute, Greeting, ListedColumn, Login, LoginReply,
    Nonce, OkPacket, Packet, PacketReader, PacketWriter, Password, PrepareOk, QueryReply,
    RowWriter, Text, TextRow, Time, Value, ValueType, auth, read_binary_row, read_text_row,
};

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn encoded(packet: &impl Encode) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.encode(&mut payload);
    payload
}

#[derive(Clone, Default)]
struct Statement {
    parameters: u16,
    columns: Vec<Vec<u8>>,
    types: Vec<ValueType>,
    long: Vec<u16>,
}

/// What a conversation held, for the tests to look at.
#[derive(Default)]
pub(crate) struct Replayed {
    commands: Vec<u8>,
    pub(crate) text_rows: Vec<Vec<Option<Vec<u8>>>>,
    /// The columns and payload of each row in the binary form.
    binary_rows: Vec<(Vec<Vec<u8>>, Vec<u8>)>,
    parameters: Vec<String>,
    errors: Vec<u16>,
    tracked: usize,
    cursors: usize,
}

struct Replay {
    lines: std::vec::IntoIter<(char, BytesMut)>,
    agreed: Capabilities,
    extended: bool,
    /// Whether a byte behind the number of columns says that they are described.
    flagged: bool,
    nonce: Nonce,
    statements: HashMap<u32, Statement>,
    found: Replayed,
}

const PAYLOAD_MAX: usize = 1 << 20;
/// MariaDB's capability of a further field in descriptions of columns, which neither side here offers; one client does.
const EXTENDED_METADATA: u32 = 1 << 3;
/// MariaDB's capability of leaving descriptions out, which neither side here offers; its own client does.
const CACHE_METADATA: u32 = 1 << 4;

/// The description of a column without MariaDB's further field, which stands behind the six names.
fn described(payload: &[u8], extended: bool) -> Vec<u8> {
    if !extended {
        return payload.to_vec();
    }
    let names = (0..6).fold(0, |at, _| at + 1 + usize::from(payload[at]));
    let behind = names + 1 + usize::from(payload[names]);
    [&payload[..names], &payload[behind..]].concat()
}

/// All packets of one direction's block; each command begins at zero.
fn packets(mut block: BytesMut, mut sequence: u8) -> Vec<Packet> {
    let mut found: Vec<Packet> = Vec::new();
    while !block.is_empty() {
        let mut reader = PacketReader::new(PAYLOAD_MAX);
        reader.expect(if block[3] == 0 { 0 } else { sequence });
        let packet = reader.next(&mut block).unwrap().expect("whole packets");
        sequence = packet.sequence.wrapping_add(1);
        found.push(packet);
    }
    found
}

/// Replays a conversation: every packet is decoded, and written again to the bytes it came as.
pub(crate) fn replay(name: &str) -> Replayed {
    let path = format!("{}/tests/fixtures/captures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<(char, BytesMut)> = text
        .lines()
        .map(|line| (line.chars().next().unwrap(), BytesMut::from(&unhex(&line[2..])[..])))
        .collect();
    let mut lines = lines.into_iter();
    let greeting = packets(lines.next().unwrap().1, 0).remove(0);
    let greeting = Greeting::decode(&greeting.payload).map(|read| {
        assert_eq!(encoded(&read), greeting.payload);
        (read.nonce, read.capabilities, read.mariadb_capabilities)
    });
    let (nonce, offered, extension) = greeting.unwrap();
    let mut replay = Replay {
        lines,
        agreed: Capabilities::default(),
        extended: false,
        flagged: false,
        nonce,
        statements: HashMap::new(),
        found: Replayed::default(),
    };
    let login = packets(replay.lines.next().unwrap().1, 1).remove(0);
    let Ok(ClientHello::Login(login)) = ClientHello::decode(&login.payload) else {
        panic!("a login")
    };
    replay.agreed = login.head.capabilities.intersection(offered);
    let both = login.head.mariadb_capabilities & extension;
    replay.extended = both & EXTENDED_METADATA != 0;
    replay.flagged = both & CACHE_METADATA != 0;
    replay.check_login(&login);
    replay.finish_login();
    while let Some((side, block)) = replay.lines.next() {
        assert_eq!(side, 'C', "{name}");
        let commands = packets(block, 0);
        replay.commands(&commands);
    }
    replay.found
}

fn check_proof(nonce: &Nonce, response: AuthResponse<'_>) {
    let verifier = auth::native::Verifier::of(&Password::new(b"correct horse").unwrap()).unwrap();
    assert!(verifier.verify(nonce, response));
    let wrong = auth::native::Verifier::of(&Password::new(b"correct horsf").unwrap()).unwrap();
    assert!(!wrong.verify(nonce, response));
}

impl Replay {
    fn check_login(&self, login: &Login<'_>) {
        assert_eq!(login.user, b"reader");
        assert_eq!(login.database, Some(&b"shop"[..]));
        assert!(login.head.capabilities.contains(Capabilities::PROTOCOL_41));
        if AuthPlugin::from_name(login.plugin) == Some(AuthPlugin::NativePassword) {
            check_proof(&self.nonce, login.response);
        }
    }

    /// The server's word on a login, and what it asks for in between.
    fn finish_login(&mut self) {
        loop {
            let (_, block) = self.lines.next().expect("a reply to the login");
            let sequence = block[3];
            let reply = packets(block, sequence).remove(0).payload;
            match LoginReply::decode(&reply, self.agreed).unwrap() {
                LoginReply::Ok(ok) => {
                    assert_eq!(encoded(&ok.on(self.agreed)), reply);
                    return;
                }
                LoginReply::Switch(switch) => {
                    assert_eq!(encoded(&switch), reply);
                    self.nonce = switch.nonce().unwrap();
                    let (_, block) = self.lines.next().unwrap();
                    let sequence = block[3];
                    let answer = packets(block, sequence).remove(0).payload;
                    check_proof(&self.nonce, AuthResponse::new(&answer));
                }
                LoginReply::Err(_) | LoginReply::More(_) => panic!("not in these"),
            }
        }
    }

    fn commands(&mut self, commands: &[Packet]) {
        for (at, packet) in commands.iter().enumerate() {
            let payload = &packet.payload;
            self.found.commands.push(payload[0]);
            let command = Command::decode(payload, self.agreed).unwrap();
            if let Command::ChangeUser(change) = &command {
                assert_eq!(change.user, b"reader");
                assert_eq!(change.database, Some(&b"shop"[..]));
            }
            assert_eq!(encoded(&command.on(self.agreed)), payload[..], "{payload:x?}");
            match &command {
                Command::CloseStatement(_) | Command::Quit => {}
                Command::SendLongData(piece) => {
                    let statement = self.statements.get_mut(&piece.statement).unwrap();
                    statement.long.push(piece.parameter);
                }
                Command::ChangeUser(_) => self.finish_login(),
                answered => {
                    assert_eq!(at, commands.len() - 1, "one answered command at a time");
                    let (side, block) = self.lines.next().expect("an answer");
                    assert_eq!(side, 'S');
                    self.answer(answered, &packets(block, 1));
                }
            }
        }
    }

    fn answer(&mut self, command: &Command<'_>, packets: &[Packet]) {
        let first = &packets[0].payload;
        if first[0] == 0xff {
            let error = ErrPacket::decode(first).unwrap();
            assert_eq!(encoded(&error), first[..]);
            self.found.errors.push(error.number);
            return;
        }
        match command {
            Command::Query(_) => self.rows_or_ok(packets, None),
            Command::Prepare(_) => self.prepared(packets),
            Command::Execute(execute) => self.executed(*execute, packets),
            Command::Fetch { statement, .. } => {
                let columns = self.statements[statement].columns.clone();
                self.rows(packets, &columns, true);
            }
            Command::FieldList { .. } => {
                let (end, columns) = packets.split_last().unwrap();
                assert!(EofPacket::ends_rows(&end.payload, self.agreed));
                for column in columns {
                    let read = Column::decode(&column.payload, self.agreed).unwrap();
                    assert_eq!(encoded(&ListedColumn(read)), column.payload);
                }
            }
            Command::Statistics => assert!(first.starts_with(b"Uptime: ")),
            Command::SetMultiStatements(_) => {
                EofPacket::decode(first, self.agreed).unwrap();
            }
            _ => self.ok(first),
        }
    }

    fn ok(&mut self, payload: &[u8]) {
        let ok = OkPacket::decode(payload, self.agreed).unwrap();
        self.found.tracked += ok.changes.len();
        assert_eq!(encoded(&ok.on(self.agreed)), payload);
    }

    fn rows_or_ok(&mut self, packets: &[Packet], statement: Option<u32>) {
        let mut first = packets[0].payload.to_vec();
        if self.flagged && first[0] != 0 {
            assert_eq!(first.pop(), Some(1), "columns are described");
        }
        let count = match QueryReply::decode(&first, self.agreed).unwrap() {
            QueryReply::Ok(_) => return self.ok(&first),
            QueryReply::Err(_) => panic!("told apart before"),
            QueryReply::Columns(count) => count,
        };
        let columns: Vec<Vec<u8>> = packets[1..=count]
            .iter()
            .map(|packet| described(&packet.payload, self.extended))
            .collect();
        let read: Vec<Column<'_>> =
            columns.iter().map(|column| Column::decode(column, self.agreed).unwrap()).collect();
        let mut rest = &packets[1 + count..];
        let mut writer = PacketWriter::new(1);
        let middle = EofPacket::decode(&rest[0].payload, self.agreed);
        let cursor =
            middle.is_ok_and(|eof| eof.status.contains(mysql_wire::StatusFlags::CURSOR_EXISTS));
        let status = middle.map(|eof| eof.status).unwrap_or_default();
        if cursor {
            self.found.cursors += 1;
            writer.cursor_head(&read, self.agreed, status);
        } else {
            writer.result_head(&read, self.agreed, status);
        }
        let head = usize::from(writer.sequence() - 1);
        let written: Vec<Packet> = self::packets(BytesMut::from(writer.as_bytes()), 1);
        for (at, (ours, theirs)) in written.iter().zip(packets).enumerate() {
            let extended = self.extended && (1..=count).contains(&at);
            let theirs = if at == 0 { first.clone() } else { described(&theirs.payload, extended) };
            assert_eq!(ours.payload, theirs);
        }
        if let Some(statement) = statement {
            self.statements.get_mut(&statement).unwrap().columns = columns.clone();
        }
        rest = &packets[head..];
        if !cursor {
            self.rows(rest, &columns, statement.is_some());
        } else {
            assert!(rest.is_empty());
        }
    }

    fn rows(&mut self, packets: &[Packet], columns: &[Vec<u8>], binary: bool) {
        let (end, rows) = packets.split_last().unwrap();
        assert!(EofPacket::ends_rows(&end.payload, self.agreed));
        let eof = EofPacket::decode(&end.payload, self.agreed).unwrap();
        assert_eq!(encoded(&eof.end_of_rows(self.agreed)), end.payload);
        let columns: Vec<Column<'_>> =
            columns.iter().map(|column| Column::decode(column, self.agreed).unwrap()).collect();
        for row in rows {
            assert!(!EofPacket::ends_rows(&row.payload, self.agreed));
            let mut writer = PacketWriter::new(0);
            if binary {
                let values = read_binary_row(&row.payload, &columns).unwrap();
                writer.row::<Binary>(columns.len(), |out| {
                    for (value, column) in values.iter().zip(&columns) {
                        put(out, value, column);
                    }
                });
                let raw = columns.iter().map(encoded).collect();
                self.found.binary_rows.push((raw, row.payload.to_vec()));
            } else {
                let values = read_text_row(&row.payload, columns.len()).unwrap();
                writer.row::<Text>(columns.len(), |out| {
                    for value in &values {
                        match value {
                            Some(value) => out.bytes(value),
                            None => out.null(),
                        }
                    }
                });
                let owned = values.iter().map(|value| value.map(<[u8]>::to_vec)).collect();
                self.found.text_rows.push(owned);
            }
            assert_eq!(writer.as_bytes()[4..], row.payload[..]);
        }
    }

    fn prepared(&mut self, packets: &[Packet]) {
        let ok = PrepareOk::decode(&packets[0].payload).unwrap();
        assert_eq!(encoded(&ok), packets[0].payload);
        let mut writer = PacketWriter::new(1);
        let after_parameters = usize::from(ok.parameters)
            + usize::from(ok.parameters > 0 && !self.agreed.contains(Capabilities::DEPRECATE_EOF));
        let columns: Vec<Vec<u8>> = packets[1 + after_parameters..]
            .iter()
            .take(usize::from(ok.columns))
            .map(|packet| described(&packet.payload, self.extended))
            .collect();
        let columns: Vec<Column<'_>> =
            columns.iter().map(|column| Column::decode(column, self.agreed).unwrap()).collect();
        writer.prepared(ok, &columns, self.agreed, mysql_wire::StatusFlags::AUTOCOMMIT);
        assert_eq!(usize::from(writer.sequence()) - 1, packets.len());
        let statement = Statement { parameters: ok.parameters, ..Statement::default() };
        self.statements.insert(ok.statement, statement);
    }

    fn executed(&mut self, execute: Execute<'_>, packets: &[Packet]) {
        let agreed = self.agreed;
        let statement = self.statements.get_mut(&execute.statement).unwrap();
        let long = std::mem::take(&mut statement.long);
        let is_long = |at: usize| long.iter().any(|known| usize::from(*known) == at);
        let parameters = execute
            .parameters(statement.parameters, &mut statement.types, agreed, &is_long)
            .unwrap();
        let shown = parameters.iter().map(|parameter| format!("{:?}", parameter.value));
        self.found.parameters.extend(shown);
        let types_follow = execute.body.get(parameters.len().div_ceil(8)) == Some(&1);
        if types_follow && !agreed.contains(Capabilities::QUERY_ATTRIBUTES) {
            let body = Execute::body_of(&parameters, agreed);
            // One driver writes moments longer than they must be.
            assert!(body == execute.body || body.len() < execute.body.len());
            let again = Execute { body: &body, ..execute };
            let again =
                again.parameters(statement.parameters, &mut statement.types, agreed, &is_long);
            assert_eq!(again, Ok(parameters));
        }
        let cursor = execute.flags.contains(CursorFlags::READ_ONLY);
        let before = self.found.cursors;
        self.rows_or_ok(packets, Some(execute.statement));
        assert_eq!(self.found.cursors > before, cursor);
    }
}

fn put(out: &mut impl RowWriter, value: &Value<'_>, column: &Column<'_>) {
    let narrow = |value: i64| i32::try_from(value).unwrap();
    match (*value, column.kind) {
        (Value::Null | Value::LongData, _) => out.null(),
        (Value::Int(value), ColumnType::Tiny) => out.i8(i8::try_from(value).unwrap()),
        (Value::Int(value), ColumnType::Short) => out.i16(i16::try_from(value).unwrap()),
        (Value::Int(value), ColumnType::Long | ColumnType::Int24) => out.i32(narrow(value)),
        (Value::Int(value), _) => out.i64(value),
        (Value::UInt(value), ColumnType::Tiny) => out.u8(u8::try_from(value).unwrap()),
        (Value::UInt(value), ColumnType::Short) => out.u16(u16::try_from(value).unwrap()),
        (Value::UInt(value), ColumnType::Year) => out.year(u16::try_from(value).unwrap()),
        (Value::UInt(value), ColumnType::Long | ColumnType::Int24) => {
            out.u32(u32::try_from(value).unwrap());
        }
        (Value::UInt(value), _) => out.u64(value),
        (Value::Float(value), _) => out.f32(value),
        (Value::Double(value), _) => out.f64(value),
        (Value::Bytes(bytes), _) => out.bytes(bytes),
        (Value::Date(date), _) => out.date(date),
        (Value::DateTime(moment), _) => out.date_time(moment, column.decimals),
        (Value::Time(span), _) => out.time(span, column.decimals),
    }
}

const CONVERSATIONS: &[&str] = &["pymysql", "connector", "mysql2", "cli", "raw", "raw_tracking"];

#[test]
fn conversations_of_real_programs_are_read_and_written_to_the_same_bytes() {
    for name in CONVERSATIONS {
        let found = replay(name);
        assert!(found.commands.contains(&0x01), "{name} says goodbye");
    }
}

#[test]
fn the_conversations_hold_each_command() {
    let mut seen: Vec<u8> = CONVERSATIONS.iter().flat_map(|name| replay(name).commands).collect();
    seen.sort_unstable();
    seen.dedup();
    // All but DEBUG, which no program here sends.
    let all = [1, 2, 3, 4, 9, 0x0c, 0x0e, 0x11, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1f];
    assert_eq!(seen, all);
}

#[test]
fn the_raw_conversations_hold_cursors_tracking_long_data_and_errors() {
    let (plain, tracking) = (replay("raw"), replay("raw_tracking"));
    for found in [&plain, &tracking] {
        assert_eq!(found.cursors, 1);
        assert_eq!(found.errors, [1094]);
        assert_eq!(found.parameters, ["Int(4)", "Int(2)", "LongData", "Null"]);
    }
    assert_eq!(plain.tracked, 0);
    assert!(tracking.tracked > 0);
}

#[test]
fn the_parameters_of_a_driver_are_the_values_it_was_given() {
    let found = replay("connector");
    let text = |bytes: &[u8]| format!("{:?}", Value::Bytes(bytes));
    let span = Time { negative: false, hours: 26, minute: 0, second: 0, micros: 5 };
    assert_eq!(found.parameters[0], "UInt(41)");
    assert_eq!(found.parameters[1], text("größe".as_bytes()));
    assert_eq!(found.parameters[2], text(b"\x00\xff"));
    assert_eq!(found.parameters[3], "Null");
    assert_eq!(found.parameters[4], text(b"-1.50"));
    assert!(found.parameters[5].contains("year: 2026, month: 11, day: 25"));
    assert_eq!(found.parameters[6], format!("{:?}", Value::Time(span)));
}

#[test]
fn values_of_the_binary_form_are_written_as_the_text_the_server_sends() {
    let as_text = replay("pymysql").text_rows;
    let binary = replay("mysql2").binary_rows;
    let wide: Vec<_> = binary.iter().filter(|(columns, _)| columns.len() == 28).collect();
    assert_eq!(wide.len(), 4);
    for ((columns, row), expected) in wide.iter().zip(&as_text) {
        let columns: Vec<Column<'_>> = columns
            .iter()
            .map(|column| Column::decode(column, Capabilities::PROTOCOL_41).unwrap())
            .collect();
        let values = read_binary_row(row, &columns).unwrap();
        let mut writer = PacketWriter::new(0);
        writer.row::<Text>(columns.len(), |out: &mut TextRow<'_>| {
            for (value, column) in values.iter().zip(&columns) {
                put(out, value, column);
            }
        });
        let ours = read_text_row(&writer.as_bytes()[4..], columns.len()).unwrap();
        for ((ours, theirs), column) in ours.iter().zip(expected).zip(&columns) {
            assert_eq!(*ours, theirs.as_deref(), "{}", String::from_utf8_lossy(column.name));
        }
    }
}

/// The client's packets of a conversation with a server of `caching_sha2_password`.
fn sha2_packets(name: &str) -> Vec<Vec<u8>> {
    let path = format!("{}/tests/fixtures/captures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let of_client = text.lines().filter_map(|line| line.strip_prefix("C "));
    of_client
        .flat_map(|line| {
            let block = BytesMut::from(&unhex(line)[..]);
            let sequence = block[3];
            packets(block, sequence).into_iter().map(|packet| packet.payload.to_vec())
        })
        .collect()
}

#[test]
fn real_clients_prove_by_sha2_and_send_the_password_when_asked() {
    let nonce = Nonce::from_random(std::array::from_fn(|at| 33 + u8::try_from(at).unwrap()));
    let password = Password::new(b"correct horse").unwrap();
    let verifier = auth::sha2::Verifier::of(&password).unwrap();
    for client in ["pymysql", "connector", "mysql2"] {
        for tls in [false, true] {
            let mut sent =
                sha2_packets(&format!("sha2_{client}_{}", if tls { "tls" } else { "plain" }));
            if tls {
                let request = sent.remove(0);
                assert!(matches!(ClientHello::decode(&request), Ok(ClientHello::Ssl(_))));
            }
            let Ok(ClientHello::Login(login)) = ClientHello::decode(&sent[0]) else {
                panic!("{client}: a login")
            };
            assert_eq!(AuthPlugin::from_name(login.plugin), Some(AuthPlugin::CachingSha2Password));
            assert!(verifier.verify(&nonce, login.response), "{client}");
            assert_eq!(encoded(&login), sent[0], "{client}");
            match sent.get_mut(1) {
                Some(full) if tls => {
                    assert_eq!(Password::decode(full).unwrap().as_bytes(), password.as_bytes());
                }
                // One of them sends the password in the open when it is asked: only ask over TLS.
                Some(full) if client == "connector" => {
                    assert_eq!(Password::decode(full).unwrap().as_bytes(), password.as_bytes());
                }
                Some(asked) => assert_eq!(asked[..], [mysql_wire::PUBLIC_KEY_REQUEST], "{client}"),
                None => assert!(!tls, "{client} gave up"),
            }
        }
    }
}

#[test]
fn a_conversation_cut_at_any_byte_is_an_error_or_waits() {
    for name in ["pymysql", "mysql2", "raw_tracking"] {
        let path = format!("{}/tests/fixtures/captures/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let block = BytesMut::from(&unhex(&line[2..])[..]);
            let sequence = block[3];
            for packet in packets(block, sequence) {
                for cut in 0..packet.payload.len() {
                    decode_all(&packet.payload[..cut]);
                }
            }
        }
    }
}

/// Whatever the bytes are, no decoder panics.
fn decode_all(payload: &[u8]) {
    let columns =
        [Column::named(b"a", ColumnType::LongLong), Column::named(b"b", ColumnType::Time)];
    for agreed in [
        Capabilities::PROTOCOL_41,
        Capabilities::from_bits(u32::MAX),
        Capabilities::PROTOCOL_41 | Capabilities::DEPRECATE_EOF,
    ] {
        if let Ok(Command::Execute(execute)) = Command::decode(payload, agreed) {
            let _ = execute.parameters(2, &mut Vec::new(), agreed, &|_| false);
        }
        let _ = LoginReply::decode(payload, agreed);
        let _ = QueryReply::decode(payload, agreed);
        let _ = EofPacket::decode(payload, agreed);
        let _ = Column::decode(payload, agreed);
    }
    let _ = ClientHello::decode(payload).is_ok();
    let _ = Greeting::decode(payload);
    let _ = PrepareOk::decode(payload);
    let _ = read_text_row(payload, 3);
    let _ = read_binary_row(payload, &columns);
}
