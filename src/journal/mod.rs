//! The truth: everything that entered, in order, durable.
//!
//! Two streams, `posts` and `desk`, share one sequence, since what was concluded must be placed
//! among what was heard, while the two live for different spans. This module decides when a record
//! is safe and how it is found again. It knows nothing of what a record says (`record.rs` does) and
//! spawns nothing: the pipeline gives [`Writer::run`] a thread of its own.
//!
//! What always holds:
//! - [`Journal::append`] answers `Ok` only after every record of the batch was `fdatasync`ed.
//! - No reader sees a record before that, and none sees bytes that were never appended.
//! - A sequence number is given to one record only. Numbers rise; there may be gaps.
//! - A batch keeps its order. It is not a transaction: after a power cut any part of a batch that
//!   was not yet acknowledged may be there. An error means "not acknowledged": after a crash in the
//!   midst of a failing disk such a record may turn up.
//!
//! Files of the directory: `posts-<first sequence>.seg`, `desk-<first sequence>.seg`, `lock`, and
//! `damaged/` with copies of what could not be read. The format is told in `segment.rs`, what
//! happens after a crash in `recovery.rs`, what happens when the disk fails in `writer.rs`.

mod beside;
mod disk;
mod local;
mod reader;
pub mod record;
mod recovery;
mod segment;
pub mod sim;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use beside::read_beside;
pub use disk::{DirectoryLock, Disk, DiskFile, RealDisk};
pub use local::{Journal, SegmentInfo};
pub use reader::Reader;
pub use recovery::{Cut, Damage, OpenReport};
pub use segment::MAX_PAYLOAD;
pub use verify::{ByteRange, FileReport, VerifyReport, verify};
pub use writer::Writer;

/// Which of the two journals a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// What was heard. Old segments go when the retention has passed.
    Posts,
    /// What was concluded and done: incidents, actions, deliveries, versions, audit. Kept.
    Desk,
}

impl Stream {
    /// Both streams, in the order of their declaration.
    pub const ALL: [Self; 2] = [Self::Posts, Self::Desk];

    /// The name that begins its file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Posts => "posts",
            Self::Desk => "desk",
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Posts => 0,
            Self::Desk => 1,
        }
    }
}

/// A record's place among all records of both streams: 1 for the first, 0 for "nothing yet".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The place before the first record.
    pub const NONE: Self = Self(0);

    /// The place after this one: where reading goes on.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One durable record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub sequence: Sequence,
    /// The bytes that were appended.
    pub payload: Bytes,
}

/// How the journal keeps its files: the `[journal]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Size in bytes from which a segment file is followed by the next; 4 KiB to 4 GiB. A smaller
    /// one lets retention free space in finer steps. Default: 67108864 (64 MiB).
    pub segment_bytes: u64,
    /// Longest wait for company: when appenders come in numbers, one sync serves all that arrive
    /// within this time. A lone appender never waits. At most 20ms. Default: 5ms.
    #[serde(with = "humantime_serde")]
    pub group_commit: Duration,
    /// Batches that may wait for the disk before appenders have to wait themselves; 1 to 65536.
    /// Default: 1024.
    pub queue: u32,
    /// Bytes that may wait for the disk before appenders have to wait themselves, and so the
    /// largest batch; 2 MiB to 1 GiB. Default: 33554432 (32 MiB).
    pub queue_bytes: u32,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            group_commit: Duration::from_millis(5),
            queue: 1024,
            queue_bytes: 32 << 20,
        }
    }
}

impl JournalConfig {
    /// Every setting out of its range, as key and reason; empty when all is well.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let ranges = [
            ("segment_bytes", self.segment_bytes, 4 << 10, 4 << 30),
            ("queue", u64::from(self.queue), 1, 65_536),
            ("queue_bytes", u64::from(self.queue_bytes), 2 << 20, 1 << 30),
        ];
        let mut faults: Vec<_> = ranges
            .into_iter()
            .filter(|(_, value, least, most)| !(least..=most).contains(&value))
            .map(|(key, value, least, most)| (key, format!("{value} is not within {least} to {most}")))
            .collect();
        if self.group_commit > Duration::from_millis(20) {
            let given = humantime::format_duration(self.group_commit);
            faults.push(("group_commit", format!("{given} is longer than 20ms")));
        }
        faults
    }
}

/// Why the journal could not do as asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// Another process, or another handle of this one, works in the directory.
    #[error("journal directory {dir} is in use by another process")]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The disk has no room. Nothing of the batch was acknowledged; appending works again by
    /// itself when there is room.
    #[error("no space left for the journal")]
    Full,
    /// The file layer failed. Nothing of the batch was acknowledged; the next append tries afresh.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The data is from a later version of the program.
    #[error("{path} was written by a newer minsheng: journal format {found}, this one reads up to {known}")]
    Future {
        /// The segment file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// A segment's header names another stream or sequence than its file name.
    #[error("{path} was renamed: its header names another stream or sequence")]
    Misnamed {
        /// The segment file.
        path: PathBuf,
    },
    /// Bytes that were whole when the journal was opened can no longer be read as records.
    #[error("{path} is damaged from byte {start} to {end}")]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// First damaged byte.
        start: u64,
        /// The byte after the last damaged one.
        end: u64,
    },
    /// A record, or a batch as a whole, exceeds what the journal takes.
    #[error("{bytes} bytes are more than the journal's limit of {limit}")]
    TooLarge {
        /// Size offered.
        bytes: usize,
        /// Size allowed.
        limit: usize,
    },
    /// The writer has ended.
    #[error("the journal is closed")]
    Closed,
    /// A setting is out of its range.
    #[error("journal setting {key}: {reason}")]
    Setting {
        /// The key in the `[journal]` table.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl JournalError {
    fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { action, path: path.to_owned(), source: Arc::new(source) },
        }
    }
}
