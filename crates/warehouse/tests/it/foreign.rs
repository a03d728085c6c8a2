//! SQL of others: what is admitted and what it answers, and that nothing gets
//! out of the databases it was admitted to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use warehouse::arrow::util::display::array_value_to_string;
use warehouse::{
    AdmitError, Admitted, AnswerError, AnswerLimits, Config, DatabaseSpec, Grants, Migration,
    Refusal, TableName, Value, Warehouse,
};

use super::escapes::{ESCAPES, HONEST};

const SHOP: DatabaseSpec = DatabaseSpec {
    name: "shop",
    migrations: &[Migration {
        version: 1,
        sql: "CREATE TABLE shop.orders AS SELECT i AS number, 'item ' || i % 3 AS name, (i * 1.5)::DECIMAL(18, 3) AS price,
                  TIMESTAMP '2026-01-01' + INTERVAL (i) HOUR AS ordered_at, [i, i + 1] AS parts FROM range(10) t(i);
              CREATE TABLE shop.customers AS SELECT 1 AS id, 'Ada' AS name;",
    }],
};
const OTHER: DatabaseSpec = DatabaseSpec {
    name: "other",
    migrations: &[Migration {
        version: 1,
        sql: "CREATE TABLE other.hidden AS SELECT 'canary 5b1f' AS secret;
              CREATE TABLE other.orders AS SELECT 'canary 5b1f' AS secret;",
    }],
};
const LIMITS: AnswerLimits =
    AnswerLimits { rows_max: 1_000, bytes_max: 4 << 20, deadline: Duration::from_secs(20) };
const CANARY: &str = "canary 5b1f";

struct World {
    dir: tempfile::TempDir,
    warehouse: Warehouse,
    grants: Grants,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("outside.csv"), format!("secret\n{CANARY}\n")).unwrap();
        let config = Config::for_test(&dir.path().join("warehouse"));
        let (warehouse, _) = Warehouse::open(config, &[SHOP, OTHER]).unwrap();
        fs::write(dir.path().join("warehouse/inside.csv"), format!("secret\n{CANARY}\n")).unwrap();
        Self { dir, warehouse, grants: Grants::of(["shop"]) }
    }

    fn admit(&self, sql: &str) -> Result<Admitted, Refusal> {
        match self.warehouse.admit(sql, Some("shop"), &self.grants) {
            Ok(admitted) => Ok(admitted),
            Err(AdmitError::Refused(refusal)) => Err(refusal),
            Err(AdmitError::Read(error)) => panic!("{sql}: {error}"),
        }
    }

    /// All of an answer as text, row by row.
    async fn ask(&self, sql: &str, params: Vec<Value>) -> Result<Vec<String>, String> {
        let admitted = self.admit(sql).map_err(|refusal| refusal.to_string())?;
        let answer = self.warehouse.answer(admitted, params, LIMITS).await;
        let mut answer = answer.map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        while let Some(batch) = answer.next().await {
            let batch = batch.map_err(|error| error.to_string())?;
            for row in 0..batch.num_rows() {
                let cells = batch.columns().iter();
                let cells = cells.map(|column| array_value_to_string(column, row).unwrap());
                rows.push(cells.collect::<Vec<_>>().join("|"));
            }
        }
        Ok(rows)
    }

    /// What lies in the folder, by content; the engine's own spill folder left out.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn look(dir: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, into);
                } else {
                    into.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        let mut files = BTreeMap::new();
        look(self.dir.path(), &mut files);
        files
    }
}

#[tokio::test]
async fn honest_questions_are_answered() {
    let world = World::new();
    let mut wrong = Vec::new();
    for (sql, expected) in HONEST {
        let rows = world.ask(sql, Vec::new()).await;
        if rows.as_deref().map(|rows| rows.join(";")) != Ok((*expected).to_owned()) {
            wrong.push(format!("{sql}\n  {rows:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_escapes() {
    let world = World::new();
    let before = world.files();
    for sql in ESCAPES {
        let answer = world.ask(sql, Vec::new()).await;
        if let Ok(rows) = &answer {
            panic!("{sql}\nwas answered: {rows:?}");
        }
        let words = answer.unwrap_err();
        assert!(!words.contains(CANARY) && !words.contains("hidden\""), "{sql}: {words}");
        assert!(!words.contains(world.dir.path().to_str().unwrap()), "{sql}: {words}");
    }
    assert_eq!(before, world.files(), "no file was made or changed");
    let hidden = world.warehouse.read_blocking("SELECT secret FROM other.hidden", &[]).unwrap();
    assert_eq!(hidden.rows, [[Value::from(CANARY)]]);
    assert_eq!(world.ask("SELECT count(*) FROM orders", Vec::new()).await.unwrap(), ["10"]);
}

#[test]
fn a_hidden_table_and_a_missing_one_are_refused_in_the_same_words() {
    let world = World::new();
    for (hidden, missing) in [
        ("SELECT * FROM other.hidden", "SELECT * FROM other.missing"),
        ("SELECT * FROM other.main.hidden", "SELECT * FROM other.main.missing"),
        ("SELECT * FROM other.hidden", "SELECT * FROM nowhere.hidden"),
        ("SELECT * FROM warehouse_state", "SELECT * FROM warehouse_stats"),
    ] {
        let words = |sql: &str| {
            let name = sql.rsplit(' ').next().unwrap().to_owned();
            world.admit(sql).unwrap_err().to_string().replace(&name, "X")
        };
        assert_eq!(words(hidden), words(missing));
    }
    assert_eq!(
        world.warehouse.admit("SELECT 1", Some("other"), &world.grants).unwrap_err().to_string(),
        "There is no database other."
    );
    assert_eq!(
        world.warehouse.admit("SELECT 1", Some("nowhere"), &world.grants).unwrap_err().to_string(),
        "There is no database nowhere."
    );
}

#[test]
fn what_it_reads_is_known_by_full_names() {
    let world = World::new();
    let tables = |sql: &str| {
        let admitted = world.admit(sql).unwrap();
        admitted.tables().iter().map(|name| name.table.clone()).collect::<Vec<_>>()
    };
    let both = "WITH c AS (FROM Customers) SELECT * FROM shop.main.ORDERS, c, main.orders";
    assert_eq!(tables(both), ["customers", "orders"]);
    assert_eq!(tables("SELECT 1"), Vec::<String>::new());
    let visible = world.warehouse.tables(&world.grants);
    let name = |table: &str| TableName { database: "shop".to_owned(), table: table.to_owned() };
    assert_eq!(visible, [name("customers"), name("orders")]);
}

#[tokio::test]
async fn values_are_bound_and_counted() {
    let world = World::new();
    let found =
        world.ask("SELECT name FROM orders WHERE number = ?", vec![Value::from(4_u64)]).await;
    assert_eq!(found.unwrap(), ["item 1"]);
    let injected =
        world.ask("SELECT name FROM orders WHERE name = ?", vec![Value::from("' OR 1=1 --")]).await;
    assert_eq!(injected.unwrap(), Vec::<String>::new());
    let admitted = world.admit("SELECT name FROM orders WHERE number = ?").unwrap();
    let few = world.warehouse.answer(admitted, Vec::new(), LIMITS).await;
    assert!(matches!(few, Err(AnswerError::Parameters { wanted: 1, given: 0 })));
    let numbered = "SELECT name FROM orders WHERE number = $2 AND price > $1";
    let numbered = world.ask(numbered, vec![Value::from(1.0), Value::from(4_u64)]).await;
    assert_eq!(numbered.unwrap(), ["item 1"]);
}

#[tokio::test]
async fn answers_end_at_their_limits_and_say_so() {
    let world = World::new();
    let limits = AnswerLimits { rows_max: 2_500, ..LIMITS };
    let admitted = world.admit("FROM range(100000)").unwrap();
    let mut answer = world.warehouse.answer(admitted, Vec::new(), limits).await.unwrap();
    while answer.next().await.is_some() {}
    assert_eq!((answer.rows(), answer.is_truncated()), (2_500, true));

    let limits = AnswerLimits { rows_max: u64::MAX, bytes_max: 100_000, ..LIMITS };
    let admitted = world.admit("FROM range(1000000)").unwrap();
    let mut answer = world.warehouse.answer(admitted, Vec::new(), limits).await.unwrap();
    while answer.next().await.is_some() {}
    assert!(answer.is_truncated() && answer.rows() < 20_000, "{}", answer.rows());

    let limits = AnswerLimits { rows_max: 10, ..LIMITS };
    let admitted = world.admit("FROM range(10)").unwrap();
    let mut answer = world.warehouse.answer(admitted, Vec::new(), limits).await.unwrap();
    while answer.next().await.is_some() {}
    assert_eq!((answer.rows(), answer.is_truncated()), (10, false), "exactly full is whole");
}

#[tokio::test]
async fn what_nobody_waits_for_gives_its_reader_back() {
    let world = World::new();
    let endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
    for _ in 0..8 {
        let admitted = world.admit(endless).unwrap();
        let limits = AnswerLimits { deadline: Duration::from_millis(50), ..LIMITS };
        let mut answer = match world.warehouse.answer(admitted, Vec::new(), limits).await {
            Err(error) => {
                assert!(matches!(error, AnswerError::Deadline), "{error}");
                continue;
            }
            Ok(answer) => answer,
        };
        assert!(matches!(answer.next().await, Some(Err(AnswerError::Deadline))));
        assert!(answer.next().await.is_none(), "nothing comes after an error");
    }
    assert_eq!(world.ask("SELECT 1", Vec::new()).await.unwrap(), ["1"]);
    // One that is taken from slowly and then left.
    let admitted = world.admit("FROM range(100000000)").unwrap();
    let limits = AnswerLimits { rows_max: u64::MAX, bytes_max: u64::MAX, ..LIMITS };
    let mut answer = world.warehouse.answer(admitted, Vec::new(), limits).await.unwrap();
    assert!(answer.next().await.unwrap().is_ok());
    drop(answer);
    assert_eq!(world.ask("SELECT 2", Vec::new()).await.unwrap(), ["2"]);
}

#[test]
fn texts_that_break_parsers_are_refused() {
    let world = World::new();
    let deep = |open: &str, close: &str, times: usize| {
        format!("SELECT {}1{}", open.repeat(times), close.repeat(times))
    };
    for sql in [
        deep("(", ")", 50_000),
        deep("[", "]", 50_000),
        deep("- ", "", 50_000),
        deep("NOT ", "", 50_000),
        deep("CASE WHEN 1 THEN ", " END", 10_000),
        deep("(SELECT ", ")", 10_000),
        deep("abs(", ")", 10_000),
        format!("SELECT {}", vec!["1"; 50_000].join(" + ")),
        "SELECT '".to_owned(),
        "SELECT \"".to_owned(),
        "SELECT /* ".to_owned(),
        "SELECT $$".to_owned(),
        "SELECT 1\0; DROP TABLE orders".to_owned(),
        " ".repeat(300_000),
        String::new(),
        ";".to_owned(),
        "--".to_owned(),
    ] {
        assert!(world.admit(&sql).is_err(), "{}", &sql[..sql.len().min(60)]);
    }
}

/// A query in the making: a table, a name that is only sometimes one of a common table expression, nested at random.
fn query(depth: u32) -> BoxedStrategy<String> {
    let names = prop::sample::select(vec!["orders", "hidden", "Hidden", "shop.orders"]);
    let leaf = names.prop_map(|name| format!("SELECT 1 FROM {name}")).boxed();
    if depth == 0 {
        return leaf;
    }
    let inner = query(depth - 1);
    let cte = prop::sample::select(vec!["orders", "hidden"]);
    prop_oneof![
        leaf,
        (prop::bool::ANY, prop::collection::vec((cte, inner.clone()), 1..3), inner.clone())
            .prop_map(|(recursive, expressions, last)| {
                let mut seen = std::collections::BTreeSet::new();
                let parts: Vec<String> = expressions
                    .into_iter()
                    .filter(|(name, _)| seen.insert(*name))
                    .map(|(name, inner)| format!("{name} AS ({inner})"))
                    .collect();
                let keyword = if recursive { "WITH RECURSIVE" } else { "WITH" };
                format!("{keyword} {} {last}", parts.join(", "))
            }),
        (inner.clone(), inner.clone())
            .prop_map(|(one, two)| format!("SELECT 1 FROM ({one}) a, ({two}) b")),
        (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("({one}) UNION ALL ({two})")),
        (inner.clone(), inner)
            .prop_map(|(one, two)| format!("SELECT ({one} LIMIT 1) WHERE EXISTS ({two})")),
    ]
    .boxed()
}

/// The oracle is the engine: where the hidden table does not exist it must be able to bind whatever was admitted.
#[test]
fn what_was_admitted_binds_where_hidden_tables_do_not_exist() {
    let (world, bare) = (World::new(), World::new());
    let dir = bare.dir.path().join("bare");
    let (warehouse, _) = Warehouse::open(Config::for_test(&dir), &[SHOP]).unwrap();
    let bare = World { warehouse, ..bare };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let admitted = std::cell::Cell::new(0);
    let outcome = runner.run(&query(2), |sql| {
        if world.admit(&sql).is_ok() {
            admitted.set(admitted.get() + 1);
            // Bound as a whole, but not run: some of these would never end.
            let there = bare.admit(&format!("SELECT 1 FROM ({sql}) AS bound LIMIT 0"));
            prop_assert!(there.is_ok(), "{sql}: {there:?}");
            let answer = bare.warehouse.answer(there.unwrap(), Vec::new(), LIMITS);
            let answer = runtime.block_on(answer);
            prop_assert!(!matches!(answer, Err(AnswerError::Engine(_))), "{sql}: {answer:?}");
        }
        Ok(())
    });
    outcome.unwrap();
    assert!((100..900).contains(&admitted.get()), "{} of 1000 were admitted", admitted.get());
}
