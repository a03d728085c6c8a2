//! Damaged files, newer files, locked settings.

use std::fs;
use std::path::Path;

use warehouse::{
    Config, DatabaseSpec, FileProbe, Incident, Migration, OpenError, Warehouse, probe_file,
};

use crate::read_and_write::{SHOP, row};

fn with_one_order(dir: &Path) {
    let (warehouse, _) = Warehouse::open(Config::for_test(dir), &[SHOP]).unwrap();
    let mut writer = warehouse.writer("shop").unwrap();
    writer.commit(9, |batch| batch.append("orders", row("a", 1))).unwrap();
    writer.checkpoint().unwrap();
}

#[test]
fn a_damaged_file_is_set_aside_whole_and_an_empty_one_takes_its_place() {
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    let file = dir.path().join("shop.duckdb");
    let mut bytes = fs::read(&file).unwrap();
    bytes[..4096 * 3].fill(0xAA);
    fs::write(&file, &bytes).unwrap();

    let (warehouse, incidents) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    let [Incident::FileSetAside { database: "shop", kept }] = incidents.as_slice() else {
        panic!("{incidents:?}")
    };
    assert_eq!(fs::read(kept).unwrap(), bytes);
    assert_eq!(warehouse.writer("shop").unwrap().offset(), 0);
}

/// Copies the files of a database with 1 order at its checkpoint (offset 9) and 100 more in its log (offsets 10 to 109).
fn with_a_log(to: &Path) {
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    let (warehouse, _) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    let mut writer = warehouse.writer("shop").unwrap();
    for number in 10..110 {
        writer.commit(number, |batch| batch.append("orders", row("b", number))).unwrap();
    }
    for name in ["shop.duckdb", "shop.duckdb.wal"] {
        fs::copy(dir.path().join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_damaged_log_is_set_aside_and_the_checkpoint_stays() {
    let dir = tempfile::tempdir().unwrap();
    with_a_log(dir.path());
    let log = dir.path().join("shop.duckdb.wal");
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    fs::write(&log, &bytes).unwrap();

    let (warehouse, incidents) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    let [Incident::LogSetAside { database: "shop", kept }] = incidents.as_slice() else {
        panic!("{incidents:?}")
    };
    assert_eq!(fs::read(kept).unwrap(), bytes);
    assert_eq!(warehouse.writer("shop").unwrap().offset(), 9);
}

#[test]
fn a_torn_log_stands_at_a_whole_batch() {
    let whole = tempfile::tempdir().unwrap();
    with_a_log(whole.path());
    let log = fs::read(whole.path().join("shop.duckdb.wal")).unwrap();
    for cut in [0, 1, 7, log.len() / 3, log.len() / 2, log.len() - 1] {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(whole.path().join("shop.duckdb"), dir.path().join("shop.duckdb")).unwrap();
        fs::write(dir.path().join("shop.duckdb.wal"), &log[..cut]).unwrap();
        let (warehouse, _) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
        let offset = warehouse.writer("shop").unwrap().offset();
        let rows = warehouse.read_blocking("SELECT count(*) FROM shop.orders", &[]).unwrap();
        assert!((9..109).contains(&offset), "cut at {cut}");
        assert_eq!(rows.rows[0][0].as_u64().unwrap() + 8, offset, "cut at {cut}");
    }
}

#[test]
fn a_file_that_took_the_process_down_is_tried_elsewhere_first() {
    fn fails(_: &Path) -> FileProbe {
        FileProbe::Fails
    }
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    fs::write(dir.path().join("shop.opening"), "").unwrap();
    let config = Config { probe: Some(fails), ..Config::for_test(dir.path()) };
    let (_, incidents) = Warehouse::open(config, &[SHOP]).unwrap();
    assert!(matches!(incidents.as_slice(), [Incident::FileSetAside { .. }]), "{incidents:?}");

    let (_, incidents) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    assert!(incidents.is_empty(), "the note of the first open was removed");
}

#[test]
fn a_sound_file_survives_a_kill_during_opening() {
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    fs::write(dir.path().join("shop.opening"), "").unwrap();
    let config = Config { probe: Some(probe_file), ..Config::for_test(dir.path()) };
    let (warehouse, incidents) = Warehouse::open(config, &[SHOP]).unwrap();
    assert!(incidents.is_empty(), "{incidents:?}");
    assert_eq!(warehouse.writer("shop").unwrap().offset(), 9);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    let older = DatabaseSpec { name: "shop", migrations: &[Migration { version: 1, sql: "" }] };
    let refused = Warehouse::open(Config::for_test(dir.path()), &[older]);
    assert!(matches!(refused, Err(OpenError::NewerSchema { found: 2, known: 1, .. })));
    let (warehouse, _) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    assert_eq!(warehouse.writer("shop").unwrap().offset(), 9);
}

#[test]
fn a_failed_migration_leaves_the_file_as_it_was() {
    const STEPS: &[Migration] = &[
        SHOP.migrations[0],
        SHOP.migrations[1],
        Migration {
            version: 3,
            sql: "CREATE TABLE shop.half (a INTEGER); SELECT no_such_function()",
        },
    ];
    let dir = tempfile::tempdir().unwrap();
    with_one_order(dir.path());
    let broken = DatabaseSpec { name: "shop", migrations: STEPS };
    assert!(matches!(
        Warehouse::open(Config::for_test(dir.path()), &[broken]),
        Err(OpenError::Migration { version: 3, .. })
    ));
    let (warehouse, incidents) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    assert!(incidents.is_empty());
    let tables = warehouse
        .read_blocking("SELECT table_name FROM duckdb_tables() WHERE table_name = 'half'", &[])
        .unwrap();
    assert!(tables.rows.is_empty());
}
