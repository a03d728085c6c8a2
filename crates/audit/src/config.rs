//! Where the log is, and every bound it is under.

use std::path::PathBuf;
use std::time::Duration;

/// Where the log is, and its bounds.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of its files; made when missing.
    pub dir: PathBuf,
    /// From this size on a new file is begun. Default 16 MiB.
    pub rotate_bytes: u64,
    /// From this age on a new file is begun. Default one day.
    pub rotate_age: Duration,
    /// How long files are kept. Default 366 days.
    pub keep: Duration,
    /// Most files kept, whatever their age. Default 1000.
    pub files_max: usize,
}

impl Config {
    /// The defaults, in that folder.
    #[must_use]
    pub const fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            rotate_bytes: 16 << 20,
            rotate_age: Duration::from_secs(86_400),
            keep: Duration::from_secs(366 * 86_400),
            files_max: 1000,
        }
    }
}
