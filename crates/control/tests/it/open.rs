//! Opening: new files, old files, damaged files, other people's files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use control::{Control, OpenError};
use tempfile::TempDir;

use crate::{add_user, new_user, store};

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("control.sqlite")
}

/// A store with enough in it to have pages to damage.
fn filled(folder: &TempDir) -> PathBuf {
    let path = file_in(folder);
    let (control, _) = Control::open(&path).unwrap();
    for number in 0..300 {
        add_user(&control, &format!("user-{number:03}-{}", "x".repeat(100)), "viewer");
    }
    drop(control);
    assert!(
        !folder.path().join("control.sqlite-wal").exists(),
        "closing folds the log into the file"
    );
    path
}

fn refused(path: &Path) -> OpenError {
    let before = fs::read(path).ok();
    let error = Control::open(path).unwrap_err();
    assert_eq!(fs::read(path).ok(), before, "a refused file was changed");
    error
}

#[test]
fn what_was_written_is_there_after_reopening() {
    let folder = TempDir::new().unwrap();
    let path = file_in(&folder);
    let (control, opened) = Control::open(&path).unwrap();
    assert!(opened.created);
    let user = add_user(&control, "ada", "admin");
    drop(control);

    let (control, opened) = Control::open(&path).unwrap();
    assert!(!opened.created);
    assert_eq!(opened.migrated_from, None);
    assert_eq!(control.user(user.id).unwrap(), Some(user));
}

#[test]
fn the_files_are_for_the_owner_only() {
    let store = store();
    add_user(&store.control, "ada", "admin");
    let mut seen = Vec::new();
    for entry in fs::read_dir(store.folder.path()).unwrap() {
        let entry = entry.unwrap();
        seen.push(entry.file_name().into_string().unwrap());
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.path()
        );
    }
    seen.sort();
    assert_eq!(
        seen,
        ["control.sqlite", "control.sqlite-shm", "control.sqlite-wal"],
        "no draft stays behind"
    );
}

#[test]
fn a_file_that_was_open_to_others_is_closed_to_them() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    Control::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_empty_file_is_damage_not_a_fresh_start() {
    let folder = TempDir::new().unwrap();
    fs::write(file_in(&folder), b"").unwrap();
    let error = refused(&file_in(&folder));
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("control.sqlite") && message.contains("backup"), "{message}");
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(
        file_in(&folder),
        "not a database, but long enough to hold a header of one hundred bytes".repeat(9),
    )
    .unwrap();
    assert!(matches!(refused(&file_in(&folder)), OpenError::Damaged { .. }));
}

#[test]
fn a_cut_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let whole = fs::read(&path).unwrap();
    for kept in [whole.len() / 4, whole.len() / 2, whole.len() - 4096] {
        fs::write(&path, &whole[..kept]).unwrap();
        let error = refused(&path);
        assert!(
            matches!(error, OpenError::Damaged { .. }),
            "{kept} of {} bytes: {error}",
            whole.len()
        );
    }
}

#[test]
fn an_overwritten_page_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    let whole = fs::read(&path).unwrap();
    let mut refusals = 0;
    for page in 1..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 512].fill(0xff);
        fs::write(&path, &damaged).unwrap();
        assert!(matches!(refused(&path), OpenError::Damaged { .. }), "page {page}");
        refusals += 1;
    }
    assert!(refusals > 10, "the store was too small to damage");
}

#[test]
fn a_log_without_its_file_is_refused() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("control.sqlite-wal"), b"left over").unwrap();
    assert!(matches!(refused(&file_in(&folder)), OpenError::Damaged { .. }));
    assert!(!file_in(&folder).exists());
}

#[test]
fn another_programs_database_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = file_in(&folder);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
        .unwrap();
    assert!(matches!(refused(&path), OpenError::Foreign { .. }));
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = TempDir::new().unwrap();
    let path = filled(&folder);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let error = Control::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 999, .. }), "{error}");
}

#[test]
fn a_missing_folder_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("absent").join("control.sqlite");
    let error = Control::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error}");
    assert!(error.to_string().contains("absent"), "{error}");
}

#[test]
fn a_commit_survives_without_a_clean_close() {
    let store = store();
    let user = add_user(&store.control, "ada", "admin");
    // The files as they are on disk now, without the checkpoint that a clean close would make.
    let copy = TempDir::new().unwrap();
    for name in ["control.sqlite", "control.sqlite-wal"] {
        fs::copy(store.folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let (control, opened) = Control::open(&file_in(&copy)).unwrap();
    assert!(!opened.created);
    assert_eq!(control.user(user.id).unwrap(), Some(user));
}

#[test]
fn stores_opened_at_once_agree_on_one_file() {
    let folder = TempDir::new().unwrap();
    let path = file_in(&folder);
    let barrier = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (path, barrier) = (&path, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let (control, _) = Control::open(path).unwrap();
                control.insert_user(&new_user(&format!("user-{number}"), "viewer")).unwrap();
            });
        }
    });
    let (control, _) = Control::open(&path).unwrap();
    assert_eq!(control.users().unwrap().len(), 8);
}
