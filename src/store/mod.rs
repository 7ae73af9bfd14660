//! What is known at this moment, kept in sled: a view of the journal that can be deleted at any time.
//!
//! Decides how the journal's records are folded into small values that are quick to look up: which
//! posts are known, how the sources do, which incidents are open, what waits in the outbox, who may
//! log in. It decides nothing about matters: what a record means is said by the types it holds.
//! Whole texts are not kept here; they are read from the journal by sequence.
//!
//! What always holds:
//! - The sequence reached is written in the same batch as what it covers (R2), so a record counts
//!   once, however often it is applied, and cutting the records into other batches changes nothing.
//! - What [`Store::apply_posts`] and [`Store::apply_desk`] have done is seen by the next read.
//! - The two streams touch different keys: applying one never waits for the other.
//! - Nothing here is durable by itself: sled's `flush` does not reach the medium. After a power cut
//!   the store is behind the journal, or does not open and is set aside and made anew.
//! - Sessions alone are not in the journal; when the store is made anew, people log in again.
//!
//! All functions block; the pipeline calls them where blocking is allowed.

mod codec;
mod desk;
mod draft;
mod facts;
mod handovers;
mod incidents;
mod keys;
mod open;
mod outages;
mod outbox;
mod page;
mod pages;
mod people;
mod posts;
mod sessions;
mod silences;
mod sources;
mod verdicts;
mod verify;
mod versions;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sled::IVec;

use crate::journal::{Sequence, Stream};

use draft::Draft;
use keys::{Key, Table};

pub use codec::CodecError;
pub use incidents::{IncidentFilter, Repeated};
pub(crate) use open::set_aside_directory;
pub use open::{Opened, SetAside};
pub use outbox::{OutboxCounts, OutboxEntry, OutboxFilter, OutboxState};
pub use page::{BadCursor, Cursor, Page};
pub use posts::{PostState, text_hash};
pub use sessions::{Session, SessionKey};
pub use sources::{Paused, SourceState, Span};
pub use verdicts::VerdictFilter;
pub use verify::{Difference, DifferenceKind};
pub use versions::{InForce, Stretch};

/// The shape of keys and values. A store of another shape is set aside and made anew.
const SCHEMA: u32 = 5;

/// Most records written in one batch: bounds the memory of a rebuild.
const BATCH: usize = 4096;

/// How the store uses memory: the `[store]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Memory for pages of the store, in bytes; 8 MiB to 4 GiB. Default: 67108864 (64 MiB).
    pub cache_bytes: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { cache_bytes: 64 << 20 }
    }
}

/// Why the store could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process, or another handle of this one, has it open.
    #[error("store {dir} is in use by another process")]
    Locked {
        /// Its directory.
        dir: PathBuf,
    },
    /// The file system refused something that a new store would need too.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The engine failed. After damage the store is set aside at the next start.
    #[error("store engine failed")]
    Engine(#[from] sled::Error),
    /// A value is not what stands in the schema.
    #[error("store holds a value that cannot be read")]
    Codec(#[from] CodecError),
    /// The engine panicked, which it does over some damaged files.
    #[error("store engine panicked: {0}")]
    Panicked(String),
    /// Records are not in the order of the journal.
    #[error("record {found} stands after record {before}")]
    Unordered {
        /// The earlier place in the slice.
        before: Sequence,
        /// What stands after it.
        found: Sequence,
    },
    /// The cursor is of another list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

/// What applying records came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Records folded in.
    pub folded: usize,
    /// Records that were in already.
    pub known: usize,
    /// Records about posts, incidents or notifications that are not known, as after retention, or
    /// that the incident's state does not allow; each of the latter is logged.
    pub orphans: usize,
}

/// The store; cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    db: sled::Db,
    // Dropped after the engine.
    _released: open::Released,
    dir: PathBuf,
    posts: Mutex<()>,
    desk: Mutex<()>,
}

impl Store {
    /// The last record of a stream that is folded in.
    pub fn reached(&self, stream: Stream) -> Result<Sequence, StoreError> {
        Ok(self.get(&reached_key(stream))?.unwrap_or_default())
    }

    /// Where the store stands.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// Bytes of the store on the disk.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.shared.db.size_on_disk()?)
    }

    /// Hands everything to the system, for an orderly stop. Promises nothing about the medium.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.shared.db.flush()?;
        Ok(())
    }

    fn tree(&self) -> &sled::Tree {
        &self.shared.db
    }

    fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        let read = self.tree().get(&key.0).map_err(StoreError::from);
        read.and_then(|value| Ok(value.as_deref().map(codec::decode).transpose()?))
            .inspect_err(|error| self.condemn_if_damaged(error))
    }

    /// All pairs whose keys begin so, in the order of keys.
    fn scan(&self, prefix: &Key) -> impl DoubleEndedIterator<Item = Result<(IVec, IVec), StoreError>> + '_ {
        self.tree().scan_prefix(&prefix.0).map(|pair| self.pair(pair))
    }

    /// All pairs from `from` up to but without `to`.
    fn range(
        &self,
        from: &Key,
        to: &Key,
    ) -> impl DoubleEndedIterator<Item = Result<(IVec, IVec), StoreError>> + '_ {
        self.tree().range(&from.0[..]..&to.0[..]).map(|pair| self.pair(pair))
    }

    /// Pairs whose keys begin with `prefix` and stand after `cursor`.
    fn scan_after(
        &self,
        prefix: &Key,
        cursor: Option<&Cursor>,
    ) -> Result<impl Iterator<Item = Result<(IVec, IVec), StoreError>> + '_, StoreError> {
        let from = match cursor {
            Some(Cursor(key)) if !key.starts_with(&prefix.0) => return Err(BadCursor.into()),
            // The zero byte makes the next key that can be.
            Some(Cursor(key)) => Key(key.clone()).bytes(&[0]),
            None => prefix.clone(),
        };
        let prefix = prefix.0.clone();
        let pairs = self.tree().range(from.0..).map(|pair| self.pair(pair));
        Ok(pairs.take_while(move |pair| pair.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix))))
    }

    fn read<T: DeserializeOwned>(&self, value: &[u8]) -> Result<T, StoreError> {
        codec::decode(value).map_err(StoreError::from).inspect_err(|error| self.condemn_if_damaged(error))
    }

    fn pair(&self, pair: sled::Result<(IVec, IVec)>) -> Result<(IVec, IVec), StoreError> {
        pair.map_err(StoreError::from).inspect_err(|error| self.condemn_if_damaged(error))
    }

    /// Folds the records that are new into one draft a batch, and writes it with the sequence reached.
    fn apply<R>(
        &self,
        stream: Stream,
        records: &[(Sequence, R)],
        fold: impl Fn(&mut Draft<'_>, Sequence, &R) -> Result<Folded, StoreError>,
    ) -> Result<Applied, StoreError> {
        if let Some(pair) = records.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return Err(StoreError::Unordered { before: pair[0].0, found: pair[1].0 });
        }
        let one_at_a_time = match stream {
            Stream::Posts => &self.shared.posts,
            Stream::Desk => &self.shared.desk,
        };
        // The lock guards no memory of its own: what a panic left half done was never written.
        let _writing = one_at_a_time.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = self.reached(stream)?;
        let known = records.partition_point(|(sequence, _)| *sequence <= reached);
        let mut applied = Applied { known, ..Applied::default() };
        for batch in records[known..].chunks(BATCH) {
            let work = || {
                let mut draft = Draft::new(self.tree());
                let mut reached = Sequence::NONE;
                let mut orphans = 0;
                for (sequence, record) in batch {
                    orphans += usize::from(fold(&mut draft, *sequence, record)? == Folded::Orphan);
                    reached = *sequence;
                }
                draft.put(reached_key(stream), &reached);
                draft.commit()?;
                Ok(orphans)
            };
            let done = catch_unwind(AssertUnwindSafe(work))
                .unwrap_or_else(|panic| Err(StoreError::Panicked(open::panic_text(&*panic))));
            applied.orphans += done.inspect_err(|error| self.condemn_if_damaged(error))?;
            applied.folded += batch.len();
        }
        Ok(applied)
    }
}

/// What one record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// It is in.
    Done,
    /// What it speaks of is not known, or does not take it.
    Orphan,
}

fn reached_key(stream: Stream) -> Key {
    let name = match stream {
        Stream::Posts => "reached posts",
        Stream::Desk => "reached desk",
    };
    Table::Meta.key().last(name)
}

fn schema_key() -> Key {
    Table::Meta.key().last("schema")
}

#[cfg(test)]
mod tests;
