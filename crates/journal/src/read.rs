//! Reading durable records, across segments, and naming what is lost.

use std::io;

use crate::Offset;
use crate::error::{Hole, HoleCause, ReadError};
use crate::journal::Entry;
use crate::segment::{Segment, Stop, View};
use crate::writer::Shared;

/// Durable records from `from` on: at least one if there is one, then as many as `bytes_max` allows.
pub(crate) fn read(
    shared: &Shared,
    from: Offset,
    bytes_max: usize,
) -> Result<Vec<Entry>, ReadError> {
    let durable = shared.durable();
    if from > durable {
        return Err(ReadError::Ahead { from, durable });
    }
    let segments: Vec<Segment> = shared.segments().clone();
    let oldest = segments.first().map_or(durable, |segment| Offset(segment.first));
    if from < oldest {
        return Err(ReadError::Trimmed { from, oldest });
    }
    let mut entries = Vec::new();
    let mut bytes_left = bytes_max;
    let mut at = from.0;
    let start = segments.partition_point(|segment| segment.first <= from.0).saturating_sub(1);
    for (index, segment) in segments.iter().enumerate().skip(start) {
        let next_first = segments.get(index + 1).map_or(durable.0, |next| next.first);
        let end = next_first.min(durable.0);
        let view = View { file: &segment.file, first: segment.first, salt: segment.salt, end };
        let stop = view
            .walk(at, bytes_left, |found| {
                entries.push(Entry {
                    offset: Offset(found.offset),
                    next: Offset(found.next),
                    bytes: found.payload.to_vec(),
                });
            })
            .map_err(io_error(segment))?;
        match stop {
            Stop::Enough(_) => break,
            // What is whole is given first; the next read begins at the damage.
            Stop::Bad(_) if !entries.is_empty() => break,
            Stop::Bad(bad) => return Err(name_damage(view, bad).map_err(io_error(segment))?),
            Stop::End => {
                let used = end.saturating_sub(at);
                bytes_left = bytes_left.saturating_sub(usize::try_from(used).unwrap_or(usize::MAX));
                at = end;
                if at >= durable.0 || (bytes_left == 0 && !entries.is_empty()) {
                    break;
                }
            }
        }
    }
    Ok(entries)
}

/// Says whether `bad` lies inside a whole record, or where the log goes on behind it.
fn name_damage(view: View<'_>, bad: u64) -> io::Result<ReadError> {
    const STEP_BYTES: usize = 1 << 20;
    let mut at = view.first;
    let mut is_inside = false;
    while at < bad && !is_inside {
        let stop =
            view.walk(at, STEP_BYTES, |found| is_inside |= found.offset < bad && bad < found.next)?;
        at = match stop {
            Stop::Enough(next) => next,
            Stop::End => view.end,
            Stop::Bad(hole) if hole >= bad => break,
            Stop::Bad(hole) => view.search(hole, None)?.unwrap_or(view.end),
        };
    }
    if is_inside {
        return Ok(ReadError::NotABoundary(Offset(bad)));
    }
    let to = view.search(bad, None)?.unwrap_or(view.end);
    let cause = if view.reaches(bad)? { HoleCause::Damaged } else { HoleCause::Missing };
    Ok(ReadError::Damaged(Hole { from: Offset(bad), to: Offset(to), cause }))
}

fn io_error(segment: &Segment) -> impl FnOnce(io::Error) -> ReadError {
    let path = segment.path.clone();
    move |source| ReadError::Io { step: "read", path, source }
}
