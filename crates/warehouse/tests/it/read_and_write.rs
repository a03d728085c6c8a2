//! Batches, offsets, reads and their deadlines.

use std::time::Duration;

use warehouse::{
    Columns, Config, DatabaseSpec, Kind, Migration, ReadError, Value, Warehouse, WriteError,
};

pub(crate) const SHOP: DatabaseSpec = DatabaseSpec {
    name: "shop",
    migrations: &[
        Migration {
            version: 1,
            sql: "CREATE TABLE shop.orders (name VARCHAR NOT NULL, number UBIGINT);",
        },
        Migration { version: 2, sql: "ALTER TABLE shop.orders ADD COLUMN price DECIMAL(18, 3)" },
    ],
};

pub(crate) fn row(name: &str, number: u64) -> Columns {
    let mut columns = Columns::new(&[Kind::Text, Kind::U64, Kind::Decimal]);
    columns.text(name);
    columns.u64(number);
    columns.opt_decimal(Some(1_500));
    columns.end_row().unwrap();
    columns
}

fn count(warehouse: &Warehouse) -> u64 {
    warehouse.read_blocking("SELECT count(*) FROM shop.orders", &[]).unwrap().rows[0][0]
        .as_u64()
        .unwrap()
}

#[test]
fn rows_and_offset_commit_together_and_survive_reopening() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (warehouse, incidents) =
            Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
        assert!(incidents.is_empty());
        let mut writer = warehouse.writer("shop").unwrap();
        assert_eq!(writer.offset(), 0);
        writer.commit(17, |batch| batch.append("orders", row("a", 1))).unwrap();
        let failed = writer.commit(18, |batch| {
            batch.append("orders", row("b", 2))?;
            batch.execute("INSERT INTO shop.orders VALUES (NULL, 3, NULL)", &[])?;
            Ok(())
        });
        assert!(matches!(failed, Err(WriteError::Engine(_))));
        assert_eq!((writer.offset(), count(&warehouse)), (17, 1));
        assert!(matches!(
            writer.commit(16, |_| Ok(())),
            Err(WriteError::OffsetBehind { offset: 16, committed: 17 })
        ));
    }
    let (warehouse, incidents) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    assert!(incidents.is_empty());
    assert_eq!((warehouse.writer("shop").unwrap().offset(), count(&warehouse)), (17, 1));
    let rows = warehouse.read_blocking("SELECT * FROM shop.orders", &[]).unwrap();
    assert_eq!(rows.columns, ["name", "number", "price"]);
    assert_eq!(
        rows.rows,
        [[Value::from("a"), Value::from(1_u64), Value::Decimal { unscaled: 1_500, scale: 3 }]]
    );
}

#[test]
fn a_bad_row_is_refused_without_its_neighbours() {
    let mut columns = Columns::new(&[Kind::Text, Kind::U64]);
    columns.text("good");
    columns.u64(1);
    columns.end_row().unwrap();
    columns.text("wrong kind");
    columns.text("here");
    assert!(matches!(columns.end_row(), Err(WriteError::Column { column: 1 })));
    columns.text("too short");
    assert!(matches!(columns.end_row(), Err(WriteError::Column { column: 1 })));
    columns.text("good again");
    columns.opt_u64(None);
    columns.end_row().unwrap();
    assert_eq!(columns.len(), 2);
}

#[test]
fn a_database_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (warehouse, _) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    let writer = warehouse.writer("shop").unwrap();
    assert!(matches!(warehouse.writer("shop"), Err(WriteError::NoWriter(_))));
    assert!(matches!(warehouse.writer("other"), Err(WriteError::NoWriter(_))));
    drop(writer);
    assert!(warehouse.writer("shop").is_ok());
}

#[tokio::test]
async fn a_read_past_its_deadline_is_interrupted_and_frees_its_slot() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { readers: 1, ..Config::for_test(dir.path()) };
    let (warehouse, _) = Warehouse::open(config, &[SHOP]).unwrap();
    let endless =
        "SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b".to_owned();
    let late = warehouse.read(endless, vec![], Duration::from_millis(50)).await;
    assert!(matches!(late, Err(ReadError::Deadline)));
    let next = warehouse
        .read("SELECT ?::INTEGER + 1".to_owned(), vec![Value::from(41)], Duration::from_secs(60))
        .await;
    assert_eq!(next.unwrap().rows, [[Value::from(42)]]);
}

#[test]
fn sql_cannot_leave_the_folder_or_change_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.csv");
    std::fs::write(&secret, "canary\n").unwrap();
    let (warehouse, _) = Warehouse::open(Config::for_test(dir.path()), &[SHOP]).unwrap();
    let attacks = [
        format!("SELECT * FROM read_csv('{}')", secret.display()),
        format!("SELECT * FROM read_text('{}')", secret.display()),
        format!("COPY (SELECT 1) TO '{}'", outside.path().join("out.csv").display()),
        format!("ATTACH '{}' AS other", outside.path().join("other.duckdb").display()),
        "INSTALL httpfs".to_owned(),
        "LOAD httpfs".to_owned(),
        "SET enable_external_access = true".to_owned(),
        "SET allowed_directories = ['/']".to_owned(),
        "SET memory_limit = '100GB'".to_owned(),
        "SET autoload_known_extensions = true".to_owned(),
    ];
    for sql in &attacks {
        assert!(
            matches!(warehouse.read_blocking(sql, &[]), Err(ReadError::Engine(_))),
            "{sql} was allowed"
        );
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}
