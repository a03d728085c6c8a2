//! An append-only log on disk: what it acknowledged survives any crash.
//!
//! Bytes flow in through [`Journal::append`] from any number of tasks and out through [`Journal::read`] in the same
//! order. One writer thread gathers everything that waits into one group, writes it and calls `fdatasync` once for
//! all of it, so the price of a sync is shared by hundreds of appends. The log is a row of segment files, each named
//! by its first [`Offset`]; a record is `length u32 LE, CRC-32C u32 LE, payload`, the checksum covering length and payload.
//!
//! # Promise
//! - `append` answers `Ok` only after `fdatasync` of its group returned: the record is then on stable storage, as far
//!   as the kernel and the drive tell the truth, and every later open finds it, at the offset that was answered.
//! - An append that was answered with an error is not in the log: its bytes are cut off the file, and the cut is synced,
//!   before the error is answered. Only if the disk refuses even that cut *and* the machine then stops may such a record
//!   be found at the next open; no later append is acknowledged before the cut succeeded or a new segment began.
//! - An append that was not answered (process killed, future dropped) is in the log wholly or not at all.
//! - Offsets are byte positions in the log. They only grow and are never given to two acknowledged records, even when
//!   the folder was lost: an empty folder, or one that ends too early, continues at [`Config::first_offset`].
//! - Readers see durable records only, in order.
//!
//! # Invariants
//! - The first record of a group carries a mark. A group is written only after the one before it is durable, so a
//!   marked record proves everything before it was acknowledged. This is how an open tells a torn tail (cut off, counted
//!   in [`Opened::torn_bytes`]) from damage in the middle (kept, reported as a [`Hole`], readable behind it).
//! - Checksums start from a random number kept in the segment header, so bytes inside a payload cannot pose as a record.
//! - A segment ends where the next one begins, whatever its file holds behind that point: a busy writer lays out zeros ahead of
//!   itself, because a sync of bytes that are there already costs a fraction of one that makes a file longer.
//!
//! # Failure
//! - Disk full or a failed write: the group is refused with [`AppendError::Storage`], the file is cut back, and the next
//!   group tries again; nothing needs a restart.
//! - A failed sync: as above, and the file is not trusted any more. Its durable part is read again from the disk and the
//!   next group goes to a new segment.
//! - More waiting bytes than [`Config::queue_bytes_max`]: [`AppendError::Full`] at once; memory stays bounded.
//! - Damage found at open stands in [`Opened::holes`]; damage met by a reader is [`ReadError::Damaged`], with the offset
//!   where the log goes on. Damaged bytes stay on disk: a segment with an unreadable header is renamed to `….damaged`
//!   at open, one with holes when it is trimmed.
//! - Damage in the very last group cannot be told from a torn tail: it is cut off and counted in `torn_bytes`.
//!
//! # Not here
//! What the bytes mean, and who has consumed them: the consumer keeps its offset and calls [`Journal::trim`].

mod config;
mod disk;
mod error;
mod journal;
mod offset;
mod open;
mod queue;
mod read;
mod record;
mod segment;
mod writer;

pub use config::Config;
pub use error::{AppendError, Hole, HoleCause, OpenError, ReadError, TrimError};
pub use journal::{Entry, Journal};
pub use offset::Offset;
pub use open::Opened;
