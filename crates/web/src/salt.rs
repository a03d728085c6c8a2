//! The random salt of each day, made when the day begins and destroyed when it
//! can no longer be needed.
//!
//! Days are days of UTC. Today's salt makes today's numbers; yesterday's is kept so that a visit can go on over midnight. When a
//! day begins, the salt of the day before yesterday is destroyed, at most 48 hours after it was made. A restart finds today's salt in the file, so
//! nobody is counted twice because of it.
//!
//! The file is replaced as a whole: new file, `fsync`, rename, `fsync` of the folder; then the bytes of the old one are overwritten
//! through the handle that still holds it. Journaling and copy-on-write file systems may keep a copy of overwritten bytes: whoever needs more than
//! that puts the data folder on an encrypted disk.
//!
//! # Failure
//! A salt that cannot be written is not used: the event is refused as long as the disk refuses, and nothing is counted under a
//! number that a restart would change.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use crate::identity::{ClientAddress, DayKey, VisitorIds, VisitorSecret};

const FILE_NAME: &str = "visitor-salts";
const FIRST_LINE: &str = "shelduck visitor salts 1";
const FILE_BYTES_MAX: u64 = 4_096;
const MICROS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;
/// How long after midnight a visit of yesterday can still go on: its timeout, and a minute for requests under way.
const CARRY_OVER_MICROS: i64 = crate::visits::TIMEOUT_MICROS + 60_000_000;

/// A day of UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The day of a time in microseconds since 1970.
    pub(crate) fn of(micros: i64) -> Self {
        Self(i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(i32::MAX))
    }

    fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    fn after(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The random part of a day's key. Erased from memory when dropped; cannot be printed.
#[derive(Clone)]
pub(crate) struct Salt(Zeroizing<[u8; 32]>);

impl Salt {
    #[cfg(test)]
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn random() -> Result<Self, SaltError> {
        let mut salt = Self(Zeroizing::new([0; 32]));
        getrandom::fill(&mut *salt.0).map_err(SaltError::Random)?;
        Ok(salt)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &*self.0
    }
}

/// Why there is no salt for a day.
#[derive(Debug, thiserror::Error)]
pub enum SaltError {
    /// The operating system gave no random number.
    #[error("no random number from the operating system")]
    Random(#[source] getrandom::Error),
    /// A file operation failed.
    #[error("cannot {step} {}", .path.display())]
    Io {
        /// What was being done.
        step: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The day is so long over that its salt is destroyed.
    #[error("the day of this time is over and its salt is destroyed")]
    Over,
    /// The file is not what this program writes.
    #[error("{} is damaged in line {line}; remove it to begin the day with a new salt", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The first line that makes no sense.
        line: usize,
    },
}

/// The salts of the days that can still be needed, and the visitor numbers made with them.
pub struct Salts {
    dir: PathBuf,
    secret: VisitorSecret,
    days: RwLock<Arc<[SaltedDay]>>,
}

#[derive(Clone)]
struct SaltedDay {
    day: Day,
    salt: Salt,
    key: DayKey,
}

impl Salts {
    /// Reads the salts of a data folder and makes today's when it is missing.
    ///
    /// # Errors
    /// [`SaltError`]; a damaged file is an error, because new salts would count today's visitors twice.
    pub fn open(dir: &Path, secret: VisitorSecret, now_micros: i64) -> Result<Self, SaltError> {
        let days = load(&dir.join(FILE_NAME))?
            .into_iter()
            .map(|(day, salt)| SaltedDay::new(&secret, day, salt))
            .collect();
        let salts = Self { dir: dir.to_owned(), secret, days: RwLock::new(days) };
        salts.advance(now_micros)?;
        Ok(salts)
    }

    /// Makes the salt of the day this time is in, if it is new, and destroys those that are over. To be called now and then, so
    /// that salts end on time when no event comes; events call it when their day has none.
    ///
    /// # Errors
    /// [`SaltError`] when the file could not be replaced; then the salts are as before.
    pub fn advance(&self, now_micros: i64) -> Result<(), SaltError> {
        let today = Day::of(now_micros);
        if self.is_settled(today) {
            return Ok(());
        }
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        // The salt of a day that has not come yet stays: a clock set back for a moment must not change tomorrow's numbers.
        let mut next: Vec<SaltedDay> =
            days.iter().filter(|salted| is_needed(salted.day, today)).cloned().collect();
        if !next.iter().any(|salted| salted.day == today) {
            next.push(SaltedDay::new(&self.secret, today, Salt::random()?));
            next.sort_by_key(|salted| salted.day);
        }
        store(&self.dir, &next)?;
        *days = next.into();
        Ok(())
    }

    /// What a visitor is called at this time on this site.
    ///
    /// # Errors
    /// [`SaltError`] when the day needs a new salt and it could not be stored, or is over.
    pub fn visitor_ids(
        &self,
        at_micros: i64,
        site: &str,
        address: ClientAddress,
        user_agent: &str,
    ) -> Result<VisitorIds, SaltError> {
        let today = Day::of(at_micros);
        let mut days = self.snapshot();
        if !days.iter().any(|salted| salted.day == today) {
            self.advance(at_micros)?;
            days = self.snapshot();
        }
        let number = |day: Day| {
            let salted = days.iter().find(|salted| salted.day == day)?;
            Some(salted.key.visitor(site, address, user_agent))
        };
        let is_early = at_micros.rem_euclid(MICROS_PER_DAY) <= CARRY_OVER_MICROS;
        Ok(VisitorIds {
            today: number(today).ok_or(SaltError::Over)?,
            yesterday: if is_early { number(today.before()) } else { None },
        })
    }

    fn snapshot(&self) -> Arc<[SaltedDay]> {
        Arc::clone(&self.days.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_settled(&self, today: Day) -> bool {
        let days = self.snapshot();
        days.iter().any(|salted| salted.day == today)
            && days.iter().all(|salted| is_needed(salted.day, today))
    }
}

impl SaltedDay {
    fn new(secret: &VisitorSecret, day: Day, salt: Salt) -> Self {
        let key = DayKey::new(secret, day, &salt);
        Self { day, salt, key }
    }
}

fn is_needed(day: Day, today: Day) -> bool {
    (today.before()..=today.after()).contains(&day)
}

fn load(path: &Path) -> Result<Vec<(Day, Salt)>, SaltError> {
    let io = |step| move |source| SaltError::Io { step, path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::new());
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io("open")(error)),
        Ok(file) => file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(io("read"))?,
    };
    let mut lines = text.lines();
    let malformed = |line| SaltError::Malformed { path: path.to_owned(), line };
    if lines.next() != Some(FIRST_LINE) {
        return Err(malformed(1));
    }
    lines
        .enumerate()
        .map(|(number, line)| parse_line(line).ok_or_else(|| malformed(number + 2)))
        .collect()
}

fn parse_line(line: &str) -> Option<(Day, Salt)> {
    let (day, hex) = line.split_once(' ')?;
    let mut salt = Salt(Zeroizing::new([0; 32]));
    if hex.len() != 2 * salt.0.len() || !hex.is_ascii() {
        return None;
    }
    for (position, byte) in salt.0.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * position..2 * position + 2)?, 16).ok()?;
    }
    Some((Day(day.parse().ok()?), salt))
}

fn store(dir: &Path, days: &[SaltedDay]) -> Result<(), SaltError> {
    let path = dir.join(FILE_NAME);
    let fresh = dir.join("visitor-salts.new");
    let io = |step, path: &Path| {
        let path = path.to_owned();
        move |source| SaltError::Io { step, path, source }
    };
    let mut text = Zeroizing::new(format!("{FIRST_LINE}\n"));
    for salted in days {
        text.push_str(&format!("{} ", salted.day.0));
        for byte in salted.salt.bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
    }
    // What a crash left of an earlier try.
    erase(&fresh);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(io("create", &fresh))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let old = OpenOptions::new().write(true).open(&path).ok();
    let replaced = written.map_err(io("write", &fresh)).and_then(|()| {
        std::fs::rename(&fresh, &path).map_err(io("replace", &path))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("sync", dir))
    });
    match (&replaced, old) {
        (Ok(()), Some(old)) => overwrite(old),
        (Ok(()), None) => {}
        (Err(_), _) => erase(&fresh),
    }
    replaced
}

/// Removes a file after overwriting it; a file that is not there is fine.
fn erase(path: &Path) {
    if let Ok(file) = OpenOptions::new().write(true).open(path) {
        overwrite(file);
        if let Err(error) = std::fs::remove_file(path) {
            tracing::warn!(%error, path = %path.display(), "cannot remove an old salt file");
        }
    }
}

fn overwrite(mut file: File) {
    let done = file.metadata().and_then(|metadata| {
        io::copy(&mut io::repeat(0).take(metadata.len()), &mut file)?;
        file.sync_all()
    });
    if let Err(error) = done {
        tracing::warn!(%error, "cannot overwrite an old salt file");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = MICROS_PER_DAY;
    const START: i64 = 20_000 * DAY;

    fn secret() -> VisitorSecret {
        VisitorSecret::new(vec![9; 32]).unwrap()
    }

    fn ids(salts: &Salts, at: i64) -> VisitorIds {
        let address = ClientAddress::new("198.51.100.7".parse().unwrap());
        salts.visitor_ids(at, "a.example", address, "Mozilla/5.0").unwrap()
    }

    fn file(dir: &Path) -> String {
        std::fs::read_to_string(dir.join(FILE_NAME)).unwrap()
    }

    #[test]
    fn a_restart_keeps_the_days_numbers() {
        let dir = tempfile::tempdir().unwrap();
        let before = ids(&Salts::open(dir.path(), secret(), START).unwrap(), START + HOUR);
        let after =
            ids(&Salts::open(dir.path(), secret(), START + 2 * HOUR).unwrap(), START + 3 * HOUR);
        assert_eq!(before, after);
        let other = tempfile::tempdir().unwrap();
        let elsewhere = ids(&Salts::open(other.path(), secret(), START).unwrap(), START + HOUR);
        assert_ne!(before.today, elsewhere.today, "the secret alone must not give the number");
    }

    #[test]
    fn yesterdays_number_is_known_only_right_after_midnight() {
        let dir = tempfile::tempdir().unwrap();
        let salts = Salts::open(dir.path(), secret(), START).unwrap();
        let evening = ids(&salts, START + 23 * HOUR);
        let morning = ids(&salts, START + DAY + 1);
        assert_eq!(morning.yesterday, Some(evening.today));
        assert_ne!(morning.today, evening.today);
        assert_eq!(ids(&salts, START + DAY + HOUR).yesterday, None);
        assert_eq!(ids(&salts, START + DAY + HOUR).today, morning.today);
        assert_eq!(evening.yesterday, None);
    }

    #[test]
    fn a_salt_is_gone_from_the_file_48_hours_after_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let salts = Salts::open(dir.path(), secret(), START).unwrap();
        let first = file(dir.path()).lines().nth(1).unwrap().to_owned();
        let inode = File::open(dir.path().join(FILE_NAME)).unwrap();
        salts.advance(START + DAY).unwrap();
        assert!(file(dir.path()).contains(&first));
        salts.advance(START + 2 * DAY - 1).unwrap();
        assert!(file(dir.path()).contains(&first));
        salts.advance(START + 2 * DAY).unwrap();
        assert!(!file(dir.path()).contains(&first));
        assert_eq!(file(dir.path()).lines().count(), 3);
        let mut old = Vec::new();
        (&inode).read_to_end(&mut old).unwrap();
        assert!(
            !old.is_empty() && old.iter().all(|byte| *byte == 0),
            "the old file is overwritten"
        );
    }

    #[test]
    fn a_clock_set_back_for_a_moment_changes_no_number() {
        let dir = tempfile::tempdir().unwrap();
        let salts = Salts::open(dir.path(), secret(), START).unwrap();
        let yesterday = ids(&salts, START).today;
        let today = ids(&salts, START + DAY).today;
        assert_eq!(ids(&salts, START + DAY - HOUR).today, yesterday);
        salts.advance(START + DAY - HOUR).unwrap();
        assert_eq!(ids(&salts, START + DAY).today, today);
    }

    #[test]
    fn only_the_owner_may_read_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("visitor-salts.new"), "left over").unwrap();
        Salts::open(dir.path(), secret(), START).unwrap();
        let mode = std::fs::metadata(dir.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_with_its_line() {
        let good = format!("{FIRST_LINE}\n20000 {}\n", "ab".repeat(32));
        let check = |text: &str, expected: Option<usize>| {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
            let line = match Salts::open(dir.path(), secret(), START) {
                Ok(_) => None,
                Err(SaltError::Malformed { line, .. }) => Some(line),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(line, expected, "{text:?}");
        };
        check(&good, None);
        check("", Some(1));
        check("other", Some(1));
        check(&good.replace("ab\n", "a\n"), Some(2));
        check(&good.replace("ab\n", "xx\n"), Some(2));
        check(&good.replace("20000", "today"), Some(2));
        check(&format!("{good}\n"), Some(3));
    }

    #[test]
    fn a_folder_that_cannot_be_written_refuses_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let salts = Salts::open(dir.path(), secret(), START).unwrap();
        let before = ids(&salts, START).today;
        std::fs::remove_dir_all(dir.path()).unwrap();
        assert!(matches!(salts.advance(START + DAY), Err(SaltError::Io { step: "create", .. })));
        assert_eq!(ids(&salts, START).today, before);
    }
}
