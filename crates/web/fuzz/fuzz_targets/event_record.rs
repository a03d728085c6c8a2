//! Any bytes as a record of the journal.
//!
//! Whatever they are: no panic, and a record that is read is written back as one that reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use web::record::Record;

fuzz_target!(|data: &[u8]| {
    if let Ok(record) = Record::decode(data) {
        let bytes = record.encode().expect("every record can be written");
        assert_eq!(Record::decode(&bytes).as_ref(), Ok(&record));
    }
});
