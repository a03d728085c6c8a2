//! A server reads arbitrary bytes as a whole connection: login, then commands.
//!
//! No panic, no payload beyond the bound, and what was read is written and read back as the same.

#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mysql_wire::{Capabilities, ClientHello, Command, Encode, Password, PacketReader};

const PAYLOAD_BYTES_MAX: usize = 4096;

fn written(packet: &impl Encode) -> Vec<u8> {
    let mut payload = Vec::new();
    packet.encode(&mut payload);
    payload
}

fuzz_target!(|data: &[u8]| {
    let mut input = BytesMut::from(data);
    let mut reader = PacketReader::new(PAYLOAD_BYTES_MAX);
    reader.expect(1);
    let Ok(Some(first)) = reader.next(&mut input) else { return };
    assert!(first.payload.len() <= PAYLOAD_BYTES_MAX);
    let agreed = match ClientHello::decode(&first.payload) {
        Ok(ClientHello::Login(login)) => {
            let again = written(&login);
            let read = match ClientHello::decode(&again) {
                Ok(ClientHello::Login(read)) => read,
                Ok(ClientHello::Ssl(_)) | Err(_) => panic!("a written login is read"),
            };
            assert_eq!(read.user, login.user);
            assert_eq!(read.response.as_bytes(), login.response.as_bytes());
            assert_eq!(read.attributes, login.attributes);
            login.head.capabilities
        }
        Ok(ClientHello::Ssl(request)) => request.capabilities,
        Err(_) => Capabilities::PROTOCOL_41,
    };
    let mut types = Vec::new();
    loop {
        reader.expect(0);
        let Ok(Some(mut packet)) = reader.next(&mut input) else { return };
        if let Ok(command) = Command::decode(&packet.payload, agreed) {
            if let Command::Execute(execute) = &command {
                for count in [0, 1, 3, 200] {
                    let _ = execute.parameters(count, &mut types, agreed, &|at| at % 3 == 1);
                }
            }
            let again = written(&command.on(agreed));
            assert!(Command::decode(&again, agreed).is_ok(), "a written command is read");
        }
        let _ = Password::decode(&mut packet.payload);
    }
});
