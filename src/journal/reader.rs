//! Reads durable records back, in order or one by its number.
//!
//! It decides where in which file to begin. It leaves telling records from garbage to
//! [`Walk`](super::segment::Walk), and never changes a file.
//!
//! What always holds: only records that were durable when the reader was made are given, in rising
//! order. Damage that was known is stepped over; damage found while reading is given once as an
//! error and then counts as known. Reading goes on behind it.

use std::io;
use std::sync::Arc;

use super::local::Segment;
use super::segment::{HEADER, Step, Walk};
use super::{Disk, Entry, JournalError, Sequence};

/// The records of one stream, from one sequence to another; made by [`super::Journal::read`].
///
/// After [`JournalError::Damaged`] the next item is the first record behind the damage; after
/// [`JournalError::Io`] it is the first record of the next segment.
#[must_use = "it reads nothing before it is iterated"]
pub struct Reader {
    disk: Arc<dyn Disk>,
    /// Not yet begun, oldest first.
    segments: std::vec::IntoIter<Arc<Segment>>,
    current: Option<(Arc<Segment>, Walk)>,
    from: Sequence,
    until: Sequence,
}

impl Reader {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        mut segments: Vec<Arc<Segment>>,
        from: Sequence,
        until: Sequence,
    ) -> Self {
        // All records of a segment lie before the first sequence of the next.
        let begun = segments.partition_point(|segment| segment.place.first <= from.0);
        segments.drain(..begun.saturating_sub(1));
        Self { disk, segments: segments.into_iter(), current: None, from, until }
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some((segment, walk)) = &mut self.current else {
                let segment = self.segments.next().filter(|segment| segment.place.first <= self.until.0)?;
                match walk_from(self.disk.as_ref(), &segment, self.from) {
                    Ok(Some(walk)) => self.current = Some((segment, walk)),
                    Ok(None) => {}
                    Err(error) => return Some(Err(error)),
                }
                continue;
            };
            match walk.step() {
                Ok(Some(Step::Record { sequence, payload, .. })) => {
                    let sequence = Sequence(sequence);
                    if sequence > self.until {
                        self.segments = Vec::new().into_iter();
                        self.current = None;
                    } else if sequence >= self.from {
                        return Some(Ok(Entry { sequence, payload }));
                    }
                }
                Ok(Some(Step::Damage(gap) | Step::Tail(gap))) => {
                    if let Some(error) = note(segment, gap) {
                        return Some(Err(error));
                    }
                }
                Ok(None) => self.current = None,
                Err(error) => {
                    let error = JournalError::io("read", &segment.place.path, error);
                    self.current = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// The record at `sequence` in `segment`.
pub(super) fn find(
    disk: &dyn Disk,
    segment: &Segment,
    sequence: Sequence,
) -> Result<Option<Entry>, JournalError> {
    let Some(walk) = walk_from(disk, segment, sequence)? else { return Ok(None) };
    let mut walk = walk.short();
    let mut damaged = None;
    loop {
        match walk.step().map_err(|error| JournalError::io("read", &segment.place.path, error))? {
            Some(Step::Record { sequence: found, payload, .. }) if found == sequence.0 => {
                return Ok(Some(Entry { sequence, payload }));
            }
            Some(Step::Record { sequence: found, .. }) if found > sequence.0 => {
                return damaged.map_or(Ok(None), Err);
            }
            Some(Step::Record { .. }) => {}
            // Perhaps the record lies behind it.
            Some(Step::Damage(gap) | Step::Tail(gap)) => damaged = damaged.or(note(segment, gap)),
            None => return damaged.map_or(Ok(None), Err),
        }
    }
}

/// A walk over the durable part of `segment` that begins at or before `sequence`; `None` where
/// nothing durable can be there.
fn walk_from(disk: &dyn Disk, segment: &Segment, sequence: Sequence) -> Result<Option<Walk>, JournalError> {
    let place = &segment.place;
    let (start, last, end) = {
        let extent = segment.extent();
        if extent.records == 0 || sequence.0 > extent.last {
            return Ok(None);
        }
        let mark = extent.mark_before(sequence.0).map(|(marked, offset)| (offset, marked - 1));
        let (start, last) = mark.unwrap_or((HEADER, place.first.saturating_sub(1)));
        (start, last, extent.end)
    };
    let file = match disk.open(&place.path) {
        // Retention came between the caller's look at the list and now.
        Err(error) if error.kind() == io::ErrorKind::NotFound && segment.extent().dropped => return Ok(None),
        opened => opened.map_err(|error| JournalError::io("open", &place.path, error))?,
    };
    Ok(Some(Walk::new(file, segment.salt, start..end, last..u64::MAX)))
}

/// Counts `gap` as known; an error where it was not.
fn note(segment: &Segment, gap: std::ops::Range<u64>) -> Option<JournalError> {
    let mut extent = segment.extent();
    if extent.gaps.iter().any(|known| known.start <= gap.start && gap.end <= known.end) {
        return None;
    }
    let (path, start, end) = (segment.place.path.clone(), gap.start, gap.end);
    extent.gaps.push(gap);
    tracing::error!(path = %path.display(), start, end, "journal segment is damaged");
    Some(JournalError::Damaged { path, start, end })
}
