//! Reads a journal's records without its lock and without changing anything: for commands that look at what is
//! stored while the daemon may run.
//!
//! It gives the whole records of a stream in rising order, as recovery would find them. What is being written at
//! the end of the newest segment is not there yet, and is passed over; damage is stepped over and counted. Where
//! a record must not be missed, [`super::Journal`] is to be asked, which holds the lock.

use std::path::Path;

use super::recovery;
use super::segment::{HEADER, Step, Walk};
use super::{Disk, Entry, JournalError, Sequence, Stream};

/// Calls `each` with every whole record of `stream` in `dir`, in order; gives how many bytes between records
/// could not be read.
///
/// Fails where a file cannot be read at all, was renamed, or is from a later version of the program.
pub fn read_beside(
    disk: &dyn Disk,
    dir: &Path,
    stream: Stream,
    mut each: impl FnMut(Entry),
) -> Result<u64, JournalError> {
    let listed = recovery::survey(disk, dir)?;
    let known = recovery::known_salt(&listed).unwrap_or_default();
    let places = &listed[stream.index()];
    let mut damaged = 0;
    for (nth, (place, header)) in places.iter().enumerate() {
        let failed = |error| JournalError::io("read", &place.path, error);
        let file = disk.open(&place.path).map_err(|error| JournalError::io("open", &place.path, error))?;
        let bytes = file.len().map_err(failed)?;
        let bound = places.get(nth + 1).map_or(u64::MAX, |(next, _)| next.first);
        let between = place.first.saturating_sub(1)..bound;
        let mut walk = Walk::new(file, header.salt.unwrap_or(known), HEADER.min(bytes)..bytes, between);
        while let Some(step) = walk.step().map_err(failed)? {
            match step {
                Step::Record { sequence, payload, .. } => {
                    each(Entry { sequence: Sequence(sequence), payload });
                }
                Step::Damage(gap) => damaged += gap.end - gap.start,
                Step::Tail(_) => {}
            }
        }
    }
    Ok(damaged)
}
