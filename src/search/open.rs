//! Opening: what does not open, has another shape or is ahead of the journal is set aside.

use std::fs;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tantivy::directory::MmapDirectory;
use tantivy::directory::error::{LockError, OpenDirectoryError};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::{Index, IndexWriter, ReloadPolicy, TantivyError};

use crate::journal::Sequence;
use crate::store::{SetAside, set_aside_directory};

use super::schema::{CUT, Cut, VERSION, schema, settings};
use super::{Search, SearchConfig, SearchError, Writer};

/// How an index was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Last record that is in it; 0 in a new index.
    pub reached: Sequence,
    /// The index that was found and could not be used.
    pub set_aside: Option<SetAside>,
}

/// Opens the index in `dir`, or makes one; `durable` is the journal's last durable record.
///
/// After `Ok` the index is usable and holds nothing that the journal does not; the caller adds what
/// it lacks. Fails only over a lock or a file system that would refuse a new index too.
pub fn open(
    dir: &Path,
    durable: Sequence,
    config: &SearchConfig,
) -> Result<(Writer, Search, Opened), SearchError> {
    let reason = match try_open(dir, durable, config) {
        Ok((writer, search)) => {
            let opened = Opened { reached: search.reached(), set_aside: None };
            return Ok((writer, search, opened));
        }
        Err(Refused::Hard(error)) => return Err(error),
        Err(Refused::Unusable(reason)) => reason,
    };
    let path = set_aside_directory(dir)?;
    tracing::warn!(path = %path.display(), reason, "search index set aside; it is made anew from the journal");
    match try_open(dir, durable, config) {
        Ok((writer, search)) => {
            let opened = Opened { reached: search.reached(), set_aside: Some(SetAside { path, reason }) };
            Ok((writer, search, opened))
        }
        Err(Refused::Hard(error)) => Err(error),
        Err(Refused::Unusable(reason)) => Err(TantivyError::InternalError(reason).into()),
    }
}

enum Refused {
    /// A new index would fail too.
    Hard(SearchError),
    /// A new index helps.
    Unusable(String),
}

impl From<TantivyError> for Refused {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::IoError(source) if is_hard(source.kind()) => {
                Self::Hard(TantivyError::IoError(source).into())
            }
            error => Self::Unusable(format!("does not open: {error}")),
        }
    }
}

fn is_hard(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::PermissionDenied)
}

fn try_open(dir: &Path, durable: Sequence, config: &SearchConfig) -> Result<(Writer, Search), Refused> {
    let opening = || open_or_make(dir, durable, config);
    // Damaged files may make the engine panic; an index that does is as unusable as one that fails.
    catch_unwind(AssertUnwindSafe(opening))
        .unwrap_or_else(|_| Err(Refused::Unusable("does not open: panic".into())))
}

fn open_or_make(dir: &Path, durable: Sequence, config: &SearchConfig) -> Result<(Writer, Search), Refused> {
    let io = |source| SearchError::Io { action: "open search index in", path: dir.to_owned(), source };
    fs::create_dir_all(dir).map_err(|source| Refused::Hard(io(source)))?;
    let directory = MmapDirectory::open(dir).map_err(|error| match error {
        OpenDirectoryError::IoError { io_error, .. } if is_hard(io_error.kind()) => {
            Refused::Hard(io(std::io::Error::from(io_error.kind())))
        }
        error => Refused::Unusable(format!("does not open: {error}")),
    })?;
    let (schema, fields) = schema();
    let made = Index::exists(&directory).map_err(|error| Refused::Unusable(error.to_string()))?;
    let index =
        if made { Index::open(directory)? } else { Index::create(directory, schema.clone(), settings())? };
    if index.schema() != schema || *index.settings() != settings() {
        return Err(Refused::Unusable("has another shape".into()));
    }
    let (reached, rescored) = match index.load_metas()?.payload {
        Some(payload) => {
            parse_payload(&payload).ok_or_else(|| Refused::Unusable(format!("says {payload:?}")))?
        }
        // Made, but nothing was committed since.
        None => (Sequence::NONE, Sequence::NONE),
    };
    let ahead = reached.max(rescored);
    if ahead > durable {
        return Err(Refused::Unusable(format!("is at {ahead}, ahead of the journal at {durable}")));
    }
    index.tokenizers().register(CUT, Cut);
    let writer = engine(&index, config.heap_bytes).map_err(|error| match error {
        TantivyError::LockFailure(LockError::LockBusy, _) => {
            Refused::Hard(SearchError::Locked { dir: dir.to_owned() })
        }
        error => error.into(),
    })?;
    let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
    let number = |sequence: Sequence| Arc::new(AtomicU64::new(sequence.0));
    let search = Search { reader, fields, reached: number(reached), rescored: number(rescored) };
    Ok((Writer::new(writer, search.clone(), config.heap_bytes), search))
}

/// The engine's writer, with `heap_bytes` for what is not yet committed.
pub(super) fn engine(index: &Index, heap_bytes: u64) -> Result<IndexWriter, TantivyError> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(1)
        .num_merge_threads(1)
        .memory_budget_per_thread(heap_bytes.clamp(16 << 20, 2 << 30) as usize)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    writer.set_merge_policy(Box::new(merging()));
    Ok(writer)
}

/// Segments grow eightfold a step. Those of a million posts are left alone, so that the longest merge
/// takes seconds.
fn merging() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_max_docs_before_merge(1_000_000);
    policy.set_min_layer_size(10_000);
    policy.set_del_docs_ratio_before_merge(0.3);
    policy
}

/// What a commit carries: the shape, the sequence reached, and the record of the last rescore that is in.
pub(super) fn payload(reached: Sequence, rescored: Sequence) -> String {
    format!("minsheng {VERSION} {reached} {rescored}")
}

fn parse_payload(payload: &str) -> Option<(Sequence, Sequence)> {
    let numbers = payload.strip_prefix(&format!("minsheng {VERSION} "))?;
    // Before there were rescores, there was one number.
    let (reached, rescored) = numbers.split_once(' ').unwrap_or((numbers, "0"));
    Some((Sequence(reached.parse().ok()?), Sequence(rescored.parse().ok()?)))
}
