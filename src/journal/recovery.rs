//! What the files hold after a crash: reads them all once and makes them fit to be continued.
//!
//! A torn tail is what a power cut leaves of records that were never acknowledged: bytes at the end
//! of a stream's newest segment with no whole record behind them. It is cut. Everything else that
//! is no record is damage: the bytes stay where they are, a copy goes to `damaged/`, the records
//! around them are kept, and the report tells of it at every start until the segment is gone. A
//! disk that reorders writes can leave such a hole among records that nobody was promised; it is
//! told as damage too, since the files cannot say which it is.
//!
//! Records at the end of a segment whose numbers reach into the next segment's were voided by the
//! writer after a failed disk call; they are cut.
//!
//! What always holds: a whole record below its bound is never removed. What is left is made
//! durable before anyone is told of it: a killed process may have left records in the system's
//! memory only. A number that lost bytes may have borne is not given again.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::local::{Extent, Segment};
use super::segment::{FRAME, HEADER, Header, Place, Step, Walk, read_exact};
use super::{Disk, DiskFile, JournalError, Sequence, Stream};

/// What opening found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OpenReport {
    /// The last record there is.
    pub highest: Sequence,
    /// Number of records in both streams.
    pub records: u64,
    /// Number of bytes read in both streams.
    pub bytes: u64,
    /// Ends of files that were cut; the rest of a power cut or of a failed write.
    pub cut: Vec<Cut>,
    /// Bytes that cannot be read as records; someone should know of new ones.
    pub damage: Vec<Damage>,
}

/// Bytes removed from the end of a file, none of them ever acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// The segment file.
    pub path: PathBuf,
    /// Where it ends now.
    pub offset: u64,
    /// How much was cut.
    pub bytes: u64,
}

/// Bytes that cannot be read as records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The segment file.
    pub path: PathBuf,
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
    /// Their copy; `None` where it could not be made, for want of space for instance.
    pub kept: Option<PathBuf>,
    /// An earlier start has already reported and copied them.
    pub known: bool,
}

/// A directory made fit.
pub(super) struct Recovered {
    /// By stream, oldest first.
    pub(super) segments: [Vec<Arc<Segment>>; 2],
    pub(super) start: Start,
    pub(super) report: OpenReport,
}

/// Where the writer begins.
pub(super) struct Start {
    /// The next sequence to give.
    pub(super) next: u64,
    pub(super) salt: u32,
    /// By stream: the newest segment's file, where it can be continued.
    pub(super) files: [Option<Box<dyn DiskFile>>; 2],
}

/// Recovers `dir`, whose lock the caller holds.
pub(super) fn recover(disk: &dyn Disk, dir: &Path) -> Result<Recovered, JournalError> {
    let listed = survey(disk, dir)?;
    // All headers are read before anything is changed: data from the future stays as it is.
    let salt = match known_salt(&listed) {
        Some(salt) => salt,
        None => disk.salt().map_err(|error| JournalError::io("draw a salt for", dir, error))?,
    };
    let mut segments = [Vec::new(), Vec::new()];
    let mut files = [None, None];
    let mut report = OpenReport::default();
    let mut given = 0;
    for (slot, places) in listed.into_iter().enumerate() {
        let bounds: Vec<u64> = places.iter().skip(1).map(|(place, _)| place.first).collect();
        for (nth, (place, header)) in places.into_iter().enumerate() {
            let bound = bounds.get(nth).copied();
            let salt = header.salt.unwrap_or(salt);
            let examined = examine(disk, &place, &header, salt, bound)?;
            given = given.max(examined.may_have_given(&place));
            report.highest = report.highest.max(Sequence(examined.extent.last));
            report.bytes += examined.bytes;
            // Died while it was made: its header was not yet synced, and nothing is behind it.
            let unmade = examined.bytes < HEADER || examined.bytes == HEADER && !header.damage.is_empty();
            if bound.is_none() && unmade {
                remove(disk, dir, &place)?;
                report.cut.push(Cut { path: place.path, offset: 0, bytes: examined.bytes });
                continue;
            }
            // Older segments were synced before their follower was made.
            if bound.is_none() || examined.torn.is_some() {
                let file = mend(disk, &place, &examined, &mut report)?;
                if bound.is_none() && header.salt.is_some() {
                    renew_header(file.as_ref(), &place, salt)?;
                }
                files[slot] = Some(file).filter(|_| bound.is_none() && header.salt.is_some());
            }
            for gap in &examined.damage {
                report.damage.push(set_aside(disk, dir, &place, gap));
            }
            report.records += examined.extent.records;
            segments[slot].push(Arc::new(Segment::new(place, salt, examined.extent)));
        }
    }
    disk.sync_dir(dir).map_err(|error| JournalError::io("sync", dir, error))?;
    Ok(Recovered { segments, start: Start { next: given + 1, salt, files }, report })
}

/// Every segment with its header, by stream, oldest first.
pub(super) fn survey(disk: &dyn Disk, dir: &Path) -> Result<[Vec<(Place, Header)>; 2], JournalError> {
    let mut found = [Vec::new(), Vec::new()];
    for stream in Stream::ALL {
        let places = Place::list(disk, dir, stream).map_err(|error| JournalError::io("list", dir, error))?;
        for place in places {
            let file = open(disk, &place)?;
            let header = Header::read(file.as_ref(), &place)?;
            found[stream.index()].push((place, header));
        }
    }
    Ok(found)
}

/// The journal's salt, from the newest header that tells it.
pub(super) fn known_salt(listed: &[Vec<(Place, Header)>; 2]) -> Option<u32> {
    listed.iter().find_map(|places| places.iter().rev().find_map(|(_, header)| header.salt))
}

/// What one segment holds.
pub(super) struct Examined {
    /// Reaches to the end of the last whole record.
    pub(super) extent: Extent,
    /// Sequence of the first record; 0 where there is none.
    pub(super) first: u64,
    /// Length of the file.
    pub(super) bytes: u64,
    /// Bytes that are no records: in the header, among records and, where a torn tail is out of the
    /// question, behind them.
    pub(super) damage: Vec<Range<u64>>,
    /// Bytes at the end that are no records of this segment, and were never acknowledged.
    pub(super) torn: Option<Range<u64>>,
    /// Bytes at the end in which the last numbers may have been.
    lost_end: u64,
}

impl Examined {
    /// The highest number that may have been given to a record of this segment.
    fn may_have_given(&self, place: &Place) -> u64 {
        self.extent.last.max(place.first.saturating_sub(1)) + self.lost_end / FRAME as u64
    }
}

/// Reads a whole segment. `bound` is the first sequence of the segment behind it.
pub(super) fn examine(
    disk: &dyn Disk,
    place: &Place,
    header: &Header,
    salt: u32,
    bound: Option<u64>,
) -> Result<Examined, JournalError> {
    let failed = |error| JournalError::io("read", &place.path, error);
    let file = open(disk, place)?;
    let bytes = file.len().map_err(failed)?;
    let between = place.first.saturating_sub(1)..bound.unwrap_or(u64::MAX);
    let mut walk = Walk::new(file, salt, HEADER.min(bytes)..bytes, between);
    let extent = Extent::empty(HEADER.min(bytes));
    let damage = header.damage.clone();
    let mut found = Examined { extent, first: 0, bytes, damage, torn: None, lost_end: 0 };
    while let Some(step) = walk.step().map_err(failed)? {
        match step {
            Step::Record { offset, sequence, payload } => {
                if found.extent.records == 0 {
                    found.first = sequence;
                }
                found.extent.enter(sequence, offset, (FRAME + payload.len()) as u64);
            }
            Step::Damage(gap) => found.damage.push(gap),
            Step::Tail(gap) => {
                let voided = bound.is_some() && walk.is_beyond_bound(gap.start).map_err(failed)?;
                let newest = bound.is_none() && header.salt.is_some();
                if !voided {
                    found.lost_end = gap.end - gap.start;
                }
                if voided || newest {
                    found.torn = Some(gap);
                } else {
                    found.damage.push(gap);
                }
            }
        }
    }
    found.extent.gaps.clone_from(&found.damage);
    Ok(found)
}

/// Cuts what is torn and makes the rest durable; gives the file.
fn mend(
    disk: &dyn Disk,
    place: &Place,
    examined: &Examined,
    report: &mut OpenReport,
) -> Result<Box<dyn DiskFile>, JournalError> {
    let path = &place.path;
    let file = disk.open_to_write(path).map_err(|error| JournalError::io("open", path, error))?;
    if let Some(gap) = &examined.torn {
        file.set_len(gap.start).map_err(|error| JournalError::io("cut", path, error))?;
        report.cut.push(Cut { path: path.clone(), offset: gap.start, bytes: gap.end - gap.start });
    }
    file.sync().map_err(|error| JournalError::io("sync", path, error))?;
    Ok(file)
}

/// Writes a header again that is known to be right. The process before may have died of a failed
/// sync of this very header; then memory shows what the medium lacks, and only a new write makes a
/// new sync mean something. A copy that had rotted is mended by the way.
fn renew_header(file: &dyn DiskFile, place: &Place, salt: u32) -> Result<(), JournalError> {
    let written = file.write_at(0, &Header::encode(place, salt)).and_then(|()| file.sync());
    written.map_err(|error| JournalError::io("renew the header of", &place.path, error))
}

fn remove(disk: &dyn Disk, dir: &Path, place: &Place) -> Result<(), JournalError> {
    let removed = disk.remove(&place.path).and_then(|()| disk.sync_dir(dir));
    removed.map_err(|error| JournalError::io("remove", &place.path, error))
}

fn open(disk: &dyn Disk, place: &Place) -> Result<Box<dyn DiskFile>, JournalError> {
    disk.open(&place.path).map_err(|error| JournalError::io("open", &place.path, error))
}

/// Copies damaged bytes to `damaged/`. That a copy cannot be made keeps nobody from starting: the
/// bytes stay in their segment.
fn set_aside(disk: &dyn Disk, dir: &Path, place: &Place, gap: &Range<u64>) -> Damage {
    let to = dir.join("damaged");
    let copy = to.join(format!("{}.{}-{}", place.file_name(), gap.start, gap.end));
    let bytes = gap.end - gap.start;
    let (kept, known) = match copy_aside(disk, place, gap, &to, &copy) {
        Ok(known) => (Some(copy), known),
        Err(error) => {
            let path = copy.display();
            tracing::warn!(path = %path, %error, "damaged bytes of the journal could not be copied aside");
            (None, false)
        }
    };
    Damage { path: place.path.clone(), offset: gap.start, bytes, kept, known }
}

/// Makes the copy where there is none yet; tells whether there was.
fn copy_aside(disk: &dyn Disk, place: &Place, gap: &Range<u64>, to: &Path, copy: &Path) -> io::Result<bool> {
    disk.create_dir(to)?;
    match disk.open(copy) {
        Ok(there) if there.len()? == gap.end - gap.start => return Ok(true),
        // A crash cut the copying short.
        Ok(_) => disk.remove(copy)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let from = disk.open(&place.path)?;
    let file = disk.create(copy)?;
    let mut piece = vec![0; 1 << 20];
    let mut at = gap.start;
    while at < gap.end {
        let length = (gap.end - at).min(piece.len() as u64) as usize;
        read_exact(from.as_ref(), at, &mut piece[..length])?;
        file.write_at(at - gap.start, &piece[..length])?;
        at += length as u64;
    }
    file.sync()?;
    disk.sync_dir(to)?;
    Ok(false)
}
