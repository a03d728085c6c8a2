//! Who else can read a file.
//!
//! Modes alone mislead: where a file has an access control list, the bits of its group are the most that anybody on the list
//! has. systemd gives credentials to a service's user by such a list, on files of root's that look as if a group could read them
//! (`-r--r-----+`); the list itself names that user and nobody else.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::getxattr;
use rustix::io::Errno;

/// Rights of a group or of everybody.
const OTHERS: u32 = 0o077;
const ACCESS_LIST: &str = "system.posix_acl_access";
const ACCESS_LIST_VERSION: u32 = 2;
/// Enough for five hundred entries; a longer list is not closed.
const ACCESS_LIST_BYTES_MAX: usize = 4096;

/// Kinds of entries (`linux/posix_acl.h`).
const USER: u16 = 0x02;
const GROUP_OWNER: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;

/// Whether somebody else than its owner, root and we may read it; what is not there cannot be read.
pub(super) fn is_open(path: &Path) -> bool {
    let Ok(found) = fs::metadata(path) else { return false };
    match access_list(path) {
        Ok(Some(list)) => !is_ours_alone(&list, rustix::process::geteuid().as_raw()),
        Ok(None) => found.permissions().mode() & OTHERS != 0,
        Err(_) => true,
    }
}

/// The same, of a file that is behind the door of that folder when it is in it.
pub(super) fn is_open_in(path: &Path, credentials: Option<&Path>) -> bool {
    let is_behind = credentials.is_some_and(|dir| path.parent() == Some(dir) && !is_open(dir));
    !is_behind && is_open(path)
}

fn access_list(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; ACCESS_LIST_BYTES_MAX];
    match getxattr(path, ACCESS_LIST, bytes.as_mut_slice()) {
        Ok(length) => {
            bytes.truncate(length);
            Ok(Some(bytes))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether a list gives nothing to others than the owner, root and that user; one that cannot be read gives everything.
fn is_ours_alone(list: &[u8], user: u32) -> bool {
    let Some(entries) = entries(list) else { return false };
    let mask = entries.iter().find(|entry| entry.kind == MASK).map_or(7, |entry| entry.rights);
    entries.iter().all(|entry| match entry.kind {
        USER => entry.rights & mask == 0 || entry.id == user || entry.id == 0,
        GROUP_OWNER | GROUP => entry.rights & mask == 0,
        OTHER => entry.rights == 0,
        _ => true,
    })
}

struct Entry {
    kind: u16,
    rights: u16,
    id: u32,
}

/// A version, then entries of eight bytes, all little-endian.
fn entries(list: &[u8]) -> Option<Vec<Entry>> {
    let (version, rest) = list.split_first_chunk::<4>()?;
    let (entries, odd) = rest.as_chunks::<8>();
    if u32::from_le_bytes(*version) != ACCESS_LIST_VERSION || !odd.is_empty() {
        return None;
    }
    let entry = |[a, b, c, d, e, f, g, h]: &[u8; 8]| Entry {
        kind: u16::from_le_bytes([*a, *b]),
        rights: u16::from_le_bytes([*c, *d]),
        id: u32::from_le_bytes([*e, *f, *g, *h]),
    };
    Some(entries.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use rustix::fs::{XattrFlags, setxattr};

    use super::*;

    const NOBODY_ELSE: u32 = u32::MAX;

    /// What systemd writes (`fd_add_uid_acl_permission`): the owner and one user read, by a mask that shows as the group.
    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = ACCESS_LIST_VERSION.to_le_bytes().to_vec();
        for (kind, rights, id) in entries {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(rights.to_le_bytes());
            bytes.extend(id.to_le_bytes());
        }
        bytes
    }

    fn for_user(user: u32, rights: u16) -> Vec<u8> {
        list(&[
            (1, rights, NOBODY_ELSE),
            (USER, rights, user),
            (GROUP_OWNER, 0, NOBODY_ELSE),
            (MASK, rights, NOBODY_ELSE),
            (OTHER, 0, NOBODY_ELSE),
        ])
    }

    fn give(path: &Path, list: &[u8]) {
        setxattr(path, ACCESS_LIST, list, XattrFlags::empty()).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn file(dir: &Path, name: &str, mode: u32) -> std::path::PathBuf {
        let path = dir.join(name);
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_credential_of_systemd_is_closed_though_its_mode_shows_a_group() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "credential", 0o400);
        let (us, other) = (rustix::process::geteuid().as_raw(), 54_321);
        give(&path, &for_user(us, 4));
        // The kernel keeps the mask of the list where the rights of the group stand.
        assert_eq!(mode(&path), 0o440);
        assert!(!is_open(&path));
        give(&path, &for_user(other, 4));
        assert!(mode(&path) == 0o440 && is_open(&path));
        let plain = file(dir.path(), "plain", 0o440);
        assert!(is_open(&plain) && !is_open(&file(dir.path(), "own", 0o400)));
        assert!(!is_open(&dir.path().join("nothing")));
    }

    #[test]
    fn a_file_is_closed_behind_a_folder_of_credentials_that_only_we_can_enter() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), "credential", 0o440);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
        assert!(is_open(&path), "other folders are no reason");
        assert!(!is_open_in(&path, Some(dir.path())));
        give(dir.path(), &for_user(rustix::process::geteuid().as_raw(), 5));
        assert!(mode(dir.path()) == 0o550 && !is_open_in(&path, Some(dir.path())));
        give(dir.path(), &for_user(54_321, 5));
        assert!(is_open_in(&path, Some(dir.path())));
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let through = dir.path().join("..").join(dir.path().file_name().unwrap());
        assert!(is_open_in(&path, Some(&through)));
    }

    #[test]
    fn a_list_is_read_to_the_letter() {
        let alone = |entries: &[(u16, u16, u32)]| is_ours_alone(&list(entries), 7);
        assert!(alone(&[(1, 7, NOBODY_ELSE), (USER, 7, 7), (USER, 7, 0), (USER, 0, 8)]));
        assert!(alone(&[(USER, 4, 8), (MASK, 3, NOBODY_ELSE)]), "the mask takes it away");
        assert!(!alone(&[(USER, 4, 8)]) && !alone(&[(GROUP, 4, 7)]));
        assert!(!alone(&[(GROUP_OWNER, 4, NOBODY_ELSE)]) && !alone(&[(OTHER, 4, NOBODY_ELSE)]));
        for garbled in [&b""[..], b"\x02\0\0", b"\x03\0\0\0", b"\x02\0\0\0x"] {
            assert!(!is_ours_alone(garbled, 7), "{garbled:?}");
        }
    }
}
