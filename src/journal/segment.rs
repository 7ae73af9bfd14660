//! A segment file: its bytes, how they are written, and how records are found in them again.
//!
//! Format 1, all numbers little-endian. Header: two equal copies of 32 bytes (magic `minsheng`,
//! format u32, stream u32, first sequence u64, salt u32, CRC32C of the 28 bytes before). Then
//! records: length u32, sequence u64, CRC32C u32 over salt, length, sequence and payload; payload.
//! Later formats keep the header's layout, so that an older program can refuse them.
//!
//! The salt is a number drawn once per journal. Without it, the text of a post could hold the image
//! of a record, and the search for the next whole record after damage would take it for one: a
//! stranger would write our history. Every header repeats the salt, so that losing one header
//! loses no record.
//!
//! What always holds: a [`Walk`] gives a record only if its checksum fits and its sequence lies
//! between that of the record before and the bound it was given. It never reads past its end.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use crc32c::{crc32c, crc32c_append};

use super::{Disk, DiskFile, JournalError, Stream};

/// Largest payload of one record, in bytes: bounds a length field gone wild.
pub const MAX_PAYLOAD: usize = 1 << 20;
/// Bytes before the first record.
pub(super) const HEADER: u64 = 64;
/// Bytes before each payload.
pub(super) const FRAME: usize = 16;

const COPY: usize = 32;
const MAGIC: &[u8; 8] = b"minsheng";
const FORMAT: u32 = 1;

/// Where a segment lies and what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) stream: Stream,
    /// No record of the segment has a lower sequence, and none of the segments before it counts
    /// from this sequence on.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

impl Place {
    pub(super) fn new(dir: &Path, stream: Stream, first: u64) -> Self {
        Self { stream, first, path: dir.join(format!("{}-{first:020}.seg", stream.name())) }
    }

    /// All segments of `stream` in `dir`, in order.
    pub(super) fn list(disk: &dyn Disk, dir: &Path, stream: Stream) -> io::Result<Vec<Self>> {
        let first = |name: &str| {
            let digits = name.strip_prefix(stream.name())?.strip_prefix('-')?.strip_suffix(".seg")?;
            let plain = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
            digits.parse().ok().filter(|_| plain)
        };
        let names = disk.list(dir)?;
        let mut firsts: Vec<u64> = names.iter().filter_map(|name| first(name)).collect();
        firsts.sort_unstable();
        Ok(firsts.into_iter().map(|first| Self::new(dir, stream, first)).collect())
    }

    /// The file's name without its directory.
    pub(super) fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// What stands at the beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// From a copy whose checksum fits; `None` where neither does.
    pub(super) salt: Option<u32>,
    /// The bytes of copies that are not as written.
    pub(super) damage: Vec<Range<u64>>,
}

impl Header {
    /// The bytes that open a new segment.
    pub(super) fn encode(place: &Place, salt: u32) -> Vec<u8> {
        let mut copy = Vec::with_capacity(COPY);
        copy.extend_from_slice(MAGIC);
        copy.extend_from_slice(&FORMAT.to_le_bytes());
        copy.extend_from_slice(&(place.stream.index() as u32).to_le_bytes());
        copy.extend_from_slice(&place.first.to_le_bytes());
        copy.extend_from_slice(&salt.to_le_bytes());
        copy.extend_from_slice(&crc32c(&copy).to_le_bytes());
        copy.repeat(2)
    }

    /// Reads the header of `file`; refuses a later format and a renamed file.
    pub(super) fn read(file: &dyn DiskFile, place: &Place) -> Result<Self, JournalError> {
        let bytes = file.len().map_err(|error| JournalError::io("measure", &place.path, error))?;
        let mut head = vec![0; bytes.min(HEADER) as usize];
        read_exact(file, 0, &mut head).map_err(|error| JournalError::io("read", &place.path, error))?;
        let mut header = Self { salt: None, damage: Vec::new() };
        for (nth, copy) in head.chunks(COPY).enumerate() {
            let start = (nth * COPY) as u64;
            match copy.split_at_checked(COPY - 4) {
                Some((told, crc)) if crc == crc32c(told).to_le_bytes() && told.starts_with(MAGIC) => {
                    let format = u32_at(told, 8);
                    if format > FORMAT {
                        let path = place.path.clone();
                        return Err(JournalError::Future { path, found: format, known: FORMAT });
                    }
                    if (u32_at(told, 12), u64_at(told, 16)) != (place.stream.index() as u32, place.first) {
                        return Err(JournalError::Misnamed { path: place.path.clone() });
                    }
                    header.salt = header.salt.or(Some(u32_at(told, 24)));
                }
                _ => header.damage.push(start..start + copy.len() as u64),
            }
        }
        Ok(header)
    }
}

/// Adds one record to `out`. The payload is at most [`MAX_PAYLOAD`] bytes long.
pub(super) fn encode(out: &mut Vec<u8>, salt: u32, sequence: u64, payload: &[u8]) {
    debug_assert!(payload.len() <= MAX_PAYLOAD, "appending refuses larger ones");
    let start = out.len();
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    let crc = checksum(salt, &out[start..], payload);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(payload);
}

/// What a [`Walk`] comes upon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A whole record.
    Record { offset: u64, sequence: u64, payload: Bytes },
    /// Bytes that are no record, with a whole record behind them.
    Damage(Range<u64>),
    /// Bytes that are no record, with nothing but such bytes behind them.
    Tail(Range<u64>),
}

/// Goes from record to record through part of a file.
pub(super) struct Walk {
    file: Box<dyn DiskFile>,
    salt: u32,
    offset: u64,
    end: u64,
    /// Sequences of records to come lie strictly between these two.
    last: u64,
    below: u64,
    /// Bytes already read, and where they begin.
    window: Vec<u8>,
    window_at: u64,
    /// How much is read at a time.
    stride: usize,
}

impl Walk {
    /// Walks over `range`, where a record begins, expecting sequences strictly between those of
    /// `between`.
    pub(super) fn new(file: Box<dyn DiskFile>, salt: u32, range: Range<u64>, between: Range<u64>) -> Self {
        let Range { start: offset, end } = range;
        let Range { start: last, end: below } = between;
        let stride = 256 << 10;
        Self { file, salt, offset, end, last, below, window: Vec::new(), window_at: 0, stride }
    }

    /// Reads less at a time, for a caller who wants few records.
    pub(super) fn short(self) -> Self {
        Self { stride: 32 << 10, ..self }
    }

    /// The next thing found; `None` at the end. After an error the walk is at its end.
    pub(super) fn step(&mut self) -> io::Result<Option<Step>> {
        let found = self.advance();
        if found.is_err() {
            self.offset = self.end;
        }
        found
    }

    /// Does a whole record begin here whose sequence only exceeds the bound?
    pub(super) fn is_beyond_bound(&mut self, offset: u64) -> io::Result<bool> {
        let below = std::mem::replace(&mut self.below, u64::MAX);
        let found = self.record_at(offset).map(|found| found.is_some_and(|(sequence, _)| sequence >= below));
        self.below = below;
        found
    }

    fn advance(&mut self) -> io::Result<Option<Step>> {
        let from = self.offset;
        if from >= self.end {
            return Ok(None);
        }
        if let Some((sequence, length)) = self.record_at(from)? {
            let payload = Bytes::copy_from_slice(&self.bytes(from, FRAME + length)?[FRAME..]);
            self.offset = from + (FRAME + length) as u64;
            self.last = sequence;
            return Ok(Some(Step::Record { offset: from, sequence, payload }));
        }
        for at in from + 1..self.end {
            if self.record_at(at)?.is_some() {
                self.offset = at;
                return Ok(Some(Step::Damage(from..at)));
            }
        }
        self.offset = self.end;
        Ok(Some(Step::Tail(from..self.end)))
    }

    /// Sequence and payload length of the whole record at `offset`, where there is one.
    fn record_at(&mut self, offset: u64) -> io::Result<Option<(u64, usize)>> {
        let (salt, last, below) = (self.salt, self.last, self.below);
        let room = self.end - offset;
        if room < FRAME as u64 {
            return Ok(None);
        }
        let frame = self.bytes(offset, FRAME)?;
        let (length, sequence, crc) = (u32_at(frame, 0) as usize, u64_at(frame, 4), u32_at(frame, 12));
        let fits = length <= MAX_PAYLOAD && (FRAME + length) as u64 <= room;
        if !fits || sequence <= last || sequence >= below {
            return Ok(None);
        }
        let record = self.bytes(offset, FRAME + length)?;
        Ok((checksum(salt, &record[..12], &record[FRAME..]) == crc).then_some((sequence, length)))
    }

    /// `length` bytes from `offset` on, which lie before the end.
    fn bytes(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let held = self.window_at..self.window_at + self.window.len() as u64;
        if offset < held.start || offset + length as u64 > held.end {
            let wanted = ((length + self.stride) as u64).min(self.end - offset) as usize;
            // Invalid while it is refilled, so that an error leaves nothing half true behind.
            self.window_at = offset;
            self.window.clear();
            let mut window = vec![0; wanted];
            read_exact(self.file.as_ref(), offset, &mut window)?;
            self.window = window;
        }
        let start = (offset - self.window_at) as usize;
        Ok(&self.window[start..start + length])
    }
}

/// Fills `into` from `offset` on.
pub(super) fn read_exact(file: &dyn DiskFile, offset: u64, into: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(offset + done as u64, &mut into[done..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => done += read,
        }
    }
    Ok(())
}

fn checksum(salt: u32, length_and_sequence: &[u8], payload: &[u8]) -> u32 {
    crc32c_append(crc32c_append(crc32c(&salt.to_le_bytes()), length_and_sequence), payload)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes were sliced"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes were sliced"))
}

#[cfg(test)]
mod tests {
    use super::super::sim::SimDisk;
    use super::*;

    fn walk(bytes: Vec<u8>, between: Range<u64>) -> Vec<Step> {
        let (disk, path) = (SimDisk::new(1), Path::new("/segment"));
        let end = bytes.len() as u64;
        disk.put(path, bytes);
        let mut walk = Walk::new(disk.open(path).expect("was put there"), 9, 0..end, between);
        std::iter::from_fn(|| walk.step().expect("the disk works")).collect()
    }

    #[test]
    fn only_rising_numbers_between_the_bounds_are_records() {
        let mut bytes = Vec::new();
        for sequence in [3, 5, 4, 5, 7, 9] {
            encode(&mut bytes, 9, sequence, b"");
        }
        let record = |at: u64, sequence| Step::Record { offset: at * 16, sequence, payload: Bytes::new() };
        let found = walk(bytes.clone(), 3..9);
        assert_eq!(
            found,
            [Step::Damage(0..16), record(1, 5), Step::Damage(32..64), record(4, 7), Step::Tail(80..96)]
        );
        assert_eq!(walk(bytes, 9..u64::MAX), [Step::Tail(0..96)]);
    }

    #[test]
    fn a_length_gone_wild_costs_its_record_only() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 9, 1, b"one");
        let second = bytes.len() as u64;
        encode(&mut bytes, 9, 2, b"two");
        for length in [0, 1, 4, 19, MAX_PAYLOAD as u32, MAX_PAYLOAD as u32 + 1, u32::MAX] {
            bytes[..4].copy_from_slice(&length.to_le_bytes());
            let whole = Step::Record { offset: second, sequence: 2, payload: Bytes::from_static(b"two") };
            assert_eq!(walk(bytes.clone(), 0..u64::MAX), [Step::Damage(0..second), whole], "{length}");
        }
    }

    #[test]
    fn names_are_those_of_segments_only() {
        let (disk, dir) = (SimDisk::new(1), Path::new("/journal"));
        for name in
            ["posts-1.seg", "posts-0000000000000000000x.seg", "posts-00000000000000000001.seg.bak", "lock"]
        {
            disk.put(&dir.join(name), Vec::new());
        }
        assert_eq!(Place::list(&disk, dir, Stream::Posts).expect("lists"), []);
        let places = [Place::new(dir, Stream::Posts, 8), Place::new(dir, Stream::Posts, u64::MAX)];
        for place in &places {
            disk.put(&place.path, Vec::new());
        }
        assert_eq!(Place::list(&disk, dir, Stream::Posts).expect("lists"), places);
        assert_eq!(Place::list(&disk, dir, Stream::Desk).expect("lists"), []);
    }
}
