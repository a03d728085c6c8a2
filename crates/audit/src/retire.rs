//! Which files are old enough to be deleted.
//!
//! A file's age is what the file after it says it was begun at, not what the file system says. Only a few are deleted at a
//! time, so that a clock that jumps ahead does not empty the log before somebody notices.

use std::io;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::Config;
use crate::file::{self, File};
use crate::record::Note;

/// How often it is looked.
pub(crate) const EVERY: Duration = Duration::from_secs(3600);
/// Most files deleted at a time.
const AT_ONCE_MAX: usize = 8;

/// A file to delete, and the record that says so.
#[derive(Debug, Clone)]
pub(crate) struct Retired {
    pub(crate) file: File,
    pub(crate) note: Note,
}

/// The files that are too old or too many, oldest first; never the one being written.
pub(crate) fn due(config: &Config, active: u64, now: Timestamp) -> io::Result<Vec<Retired>> {
    let files = file::list(&config.dir)?;
    let surplus = files.len().saturating_sub(config.files_max);
    let mut due = Vec::new();
    for (place, pair) in files.windows(2).enumerate().take(AT_ONCE_MAX) {
        let [file, after] = pair else { break };
        if file.first >= active {
            break;
        }
        // A successor that does not say where it begins cannot attest what was deleted.
        let Some((ended, last)) = after.begin()? else { break };
        let age = Duration::try_from(now.duration_since(ended)).unwrap_or_default();
        if place >= surplus && age < config.keep {
            break;
        }
        due.push(Retired {
            file: file.clone(),
            note: Note::Retire {
                file: file.name(),
                through: after.first - 1,
                last: last.to_string(),
            },
        });
    }
    Ok(due)
}
