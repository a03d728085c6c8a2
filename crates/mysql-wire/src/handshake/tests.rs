//! Greetings and logins at their bounds; real ones stand in `tests/it`.

use super::*;

fn login(capabilities: Capabilities) -> Login<'static> {
    Login {
        head: SslRequest {
            capabilities: capabilities | Capabilities::PROTOCOL_41 | Capabilities::LONG_PASSWORD,
            payload_bytes_max: 1 << 24,
            collation: 45,
            mariadb_capabilities: 0,
        },
        user: b"reader",
        response: AuthResponse::new(b"answer"),
        database: Some(b"web"),
        plugin: b"caching_sha2_password",
        attributes: Attributes::new(vec![(b"_client_name", b"test")]),
        zstd_level: None,
    }
}

fn bytes(packet: &impl Encode) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.encode(&mut payload);
    payload
}

const ALL: Capabilities = Capabilities::from_bits(
    Capabilities::SECURE_CONNECTION.bits()
        | Capabilities::PLUGIN_AUTH.bits()
        | Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA.bits()
        | Capabilities::CONNECT_WITH_DB.bits()
        | Capabilities::CONNECT_ATTRS.bits(),
);

#[test]
fn a_tls_request_is_told_from_a_login() {
    let head = login(ALL).head;
    let request = SslRequest { capabilities: head.capabilities | Capabilities::SSL, ..head };
    let ClientHello::Ssl(read) = ClientHello::decode(&bytes(&request)).unwrap() else {
        panic!("a request")
    };
    assert!(read.capabilities.contains(Capabilities::SSL));
    let payload = bytes(&login(ALL));
    assert!(matches!(ClientHello::decode(&payload), Ok(ClientHello::Login(_))));
    // The head alone, without TLS: a login that was cut.
    let cut = ClientHello::decode(&payload[..LOGIN_HEAD_BYTES]).err();
    assert_eq!(cut, Some(DecodeError::Truncated("user")));
}

#[test]
fn a_login_is_read_in_each_form_of_its_answer() {
    let optional = [
        Capabilities::PLUGIN_AUTH_LENENC_CLIENT_DATA,
        Capabilities::SECURE_CONNECTION,
        Capabilities::CONNECT_WITH_DB,
        Capabilities::PLUGIN_AUTH,
        Capabilities::CONNECT_ATTRS,
    ];
    for chosen in 0_u32..32 {
        let of = |flags: Capabilities, at: usize| {
            if chosen & (1 << at) == 0 { flags } else { flags | optional[at] }
        };
        let capabilities = (0..5).fold(Capabilities::default(), of);
        let payload = bytes(&login(capabilities));
        let read = Login::decode(&payload).unwrap();
        let has = |flag| capabilities.contains(flag);
        assert_eq!(read.user, b"reader");
        assert_eq!(read.response.as_bytes(), b"answer");
        assert_eq!(read.database.is_some(), has(Capabilities::CONNECT_WITH_DB));
        assert_eq!(!read.plugin.is_empty(), has(Capabilities::PLUGIN_AUTH));
        assert_eq!(read.attributes.iter().count(), usize::from(has(Capabilities::CONNECT_ATTRS)));
        assert!(bytes(&read) == payload, "{capabilities:?}");
    }
}

#[test]
fn each_field_of_a_login_is_taken_at_its_bound_and_refused_past_it() {
    let name = [b'a'; USER_BYTES_MAX + 1];
    let with_user = |length| bytes(&Login { user: &name[..length], ..login(ALL) });
    assert!(Login::decode(&with_user(USER_BYTES_MAX)).is_ok());
    assert!(Login::decode(&with_user(USER_BYTES_MAX + 1)).is_err());
    let with_database = |length| bytes(&Login { database: Some(&name[..length]), ..login(ALL) });
    assert!(Login::decode(&with_database(DATABASE_BYTES_MAX)).is_ok());
    assert!(Login::decode(&with_database(DATABASE_BYTES_MAX + 1)).is_err());
    let with_plugin = |length| bytes(&Login { plugin: &name[..length], ..login(ALL) });
    assert!(Login::decode(&with_plugin(PLUGIN_BYTES_MAX)).is_ok());
    assert!(Login::decode(&with_plugin(PLUGIN_BYTES_MAX + 1)).is_err());
    let answer = [b'a'; AUTH_RESPONSE_BYTES_MAX + 1];
    let with_answer =
        |length| bytes(&Login { response: AuthResponse::new(&answer[..length]), ..login(ALL) });
    assert!(Login::decode(&with_answer(AUTH_RESPONSE_BYTES_MAX)).is_ok());
    assert!(Login::decode(&with_answer(AUTH_RESPONSE_BYTES_MAX + 1)).is_err());
}

#[test]
fn attributes_are_bounded_in_number_and_bytes() {
    let with = |pairs| bytes(&Login { attributes: Attributes::new(pairs), ..login(ALL) });
    let pair: (&[u8], &[u8]) = (b"k", b"v");
    assert!(Login::decode(&with(vec![pair; ATTRIBUTES_MAX])).is_ok());
    let refused = Login::decode(&with(vec![pair; ATTRIBUTES_MAX + 1])).err();
    let too_many = DecodeError::TooLong { what: "connection attributes", max: ATTRIBUTES_MAX };
    assert_eq!(refused, Some(too_many));
    // One name of one byte (2) and a value behind a length of three bytes.
    let long = vec![b'v'; ATTRIBUTES_BYTES_MAX - 2 - 3 + 1];
    assert!(Login::decode(&with(vec![(b"k", &long[1..])])).is_ok());
    assert!(Login::decode(&with(vec![(b"k", &long)])).is_err());
}

#[test]
fn the_protocol_before_4_1_is_refused() {
    let old = [0x05, 0xa2, 0, 0, 0x40].iter().chain(b"old_user\0").copied().collect::<Vec<_>>();
    assert!(ClientHello::decode(&old).is_err());
    assert_eq!(ClientHello::decode(&[0; 40]).err(), Some(DecodeError::Invalid("protocol")));
}

#[test]
fn a_greeting_is_read_back() {
    let greeting = Greeting {
        server_version: b"8.0.40-test",
        connection_id: 77,
        nonce: Nonce::from_random([0x5a; 20]),
        capabilities: ALL | Capabilities::LONG_PASSWORD,
        mariadb_capabilities: 0,
        collation: 255,
        status: StatusFlags::AUTOCOMMIT,
        plugin: b"caching_sha2_password",
    };
    let payload = bytes(&greeting);
    assert_eq!(Greeting::decode(&payload), Ok(greeting.clone()));
    for cut in 0..payload.len() - 1 - greeting.plugin.len() {
        assert!(Greeting::decode(&payload[..cut]).is_err(), "cut at {cut}");
    }
    let of_mariadb = Greeting { capabilities: ALL, mariadb_capabilities: 0x1d, ..greeting };
    assert_eq!(Greeting::decode(&bytes(&of_mariadb)), Ok(of_mariadb.clone()));
}
