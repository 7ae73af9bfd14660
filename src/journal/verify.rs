//! Looks through a journal's files without changing anything: the journal's part of
//! `minsheng verify`.
//!
//! It reads what recovery would read and tells what recovery would do. It takes no lock: beside a
//! running daemon the end of a newest segment may look torn, since it is being written.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::recovery::{self, Examined};
use super::segment::Place;
use super::{Disk, JournalError, Sequence, Stream};

/// What the files hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The segments of both streams, `posts` first, oldest first.
    pub files: Vec<FileReport>,
}

/// What one segment file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Its stream.
    pub stream: Stream,
    /// Number of whole records.
    pub records: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// The first record; [`Sequence::NONE`] where there is none.
    pub first: Sequence,
    /// The last record; [`Sequence::NONE`] where there is none.
    pub last: Sequence,
    /// The end that the next start would cut: never acknowledged, no loss.
    pub torn: Option<ByteRange>,
    /// Bytes that cannot be read as records.
    pub damage: Vec<ByteRange>,
}

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ByteRange {
    /// The first.
    pub start: u64,
    /// The one after the last.
    pub end: u64,
}

impl VerifyReport {
    /// Are all bytes records, but for torn ends?
    pub fn is_sound(&self) -> bool {
        self.files.iter().all(|file| file.damage.is_empty())
    }

    /// Number of whole records.
    pub fn records(&self) -> u64 {
        self.files.iter().map(|file| file.records).sum()
    }

    /// Number of bytes that cannot be read as records, without torn ends.
    pub fn damaged_bytes(&self) -> u64 {
        self.files.iter().flat_map(|file| &file.damage).map(|range| range.end - range.start).sum()
    }

    /// The last record of either stream.
    pub fn highest(&self) -> Sequence {
        self.files.iter().map(|file| file.last).max().unwrap_or_default()
    }
}

/// Reads every segment in `dir`. Fails where a file cannot be read at all, was renamed, or is from
/// a later version of the program.
pub fn verify(disk: &dyn Disk, dir: &Path) -> Result<VerifyReport, JournalError> {
    let listed = recovery::survey(disk, dir)?;
    // Without any sound header no record can be told from garbage, whatever the salt.
    let salt = recovery::known_salt(&listed).unwrap_or_default();
    let mut files = Vec::new();
    for places in &listed {
        for (nth, (place, header)) in places.iter().enumerate() {
            let bound = places.get(nth + 1).map(|(next, _)| next.first);
            let examined = recovery::examine(disk, place, header, header.salt.unwrap_or(salt), bound)?;
            files.push(FileReport::new(place, examined));
        }
    }
    Ok(VerifyReport { files })
}

impl FileReport {
    fn new(place: &Place, examined: Examined) -> Self {
        let range = |range: std::ops::Range<u64>| ByteRange { start: range.start, end: range.end };
        Self {
            path: place.path.clone(),
            stream: place.stream,
            records: examined.extent.records,
            bytes: examined.bytes,
            first: Sequence(examined.first),
            last: Sequence(examined.extent.last),
            torn: examined.torn.map(range),
            damage: examined.damage.into_iter().map(range).collect(),
        }
    }
}
