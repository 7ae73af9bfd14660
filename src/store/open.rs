//! Opening: what does not open, has another shape or is ahead of the journal is set aside.
//!
//! A store is never mended. Its directory is renamed to `NAME.broken-1` (or the next free number)
//! for whoever wants to look, and an empty one takes its place, which the pipeline fills from the
//! journal. Damage that shows only later, while reading, leaves the file `condemned` in the
//! directory, so that the next start sets the store aside instead of failing over it again.

use std::any::Any;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::journal::{Sequence, Stream};

use super::codec::encode;
use super::{SCHEMA, Shared, Store, StoreConfig, StoreError, schema_key};

const CONDEMNED: &str = "condemned";
/// Time between two writings of what has changed, in milliseconds.
const FLUSH_MS: u64 = 5_000;

/// How a store was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Last record of the `posts` stream that is folded in; 0 in a new store.
    pub posts: Sequence,
    /// Last record of the `desk` stream that is folded in; 0 in a new store.
    pub desk: Sequence,
    /// The store that was found and could not be used.
    pub set_aside: Option<SetAside>,
}

/// A store or index that was put out of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it is now.
    pub path: PathBuf,
    /// What was wrong with it.
    pub reason: String,
}

impl Store {
    /// Opens the store in `dir`, or makes one; `durable` is the journal's last durable record.
    ///
    /// After `Ok` the store is usable and holds nothing that the journal does not; the caller applies
    /// what it lacks. Fails only over a lock or a file system that would refuse a new store too.
    pub fn open(dir: &Path, durable: Sequence, config: &StoreConfig) -> Result<(Self, Opened), StoreError> {
        let reason = match Self::try_open(dir, durable, config) {
            Ok(store) => return Ok((store.clone(), store.opened(None)?)),
            Err(Refused::Hard(error)) => return Err(error),
            Err(Refused::Unusable(reason)) => reason,
        };
        let path = set_aside_directory(dir)?;
        tracing::warn!(path = %path.display(), reason, "store set aside; it is made anew from the journal");
        match Self::try_open(dir, durable, config) {
            Ok(store) => Ok((store.clone(), store.opened(Some(SetAside { path, reason }))?)),
            Err(Refused::Hard(error)) => Err(error),
            Err(Refused::Unusable(reason)) => Err(StoreError::Panicked(reason)),
        }
    }

    /// Marks the store as damaged: the next [`Store::open`] sets it aside.
    pub fn condemn(&self, reason: &str) {
        let path = self.shared.dir.join(CONDEMNED);
        if let Err(error) = fs::write(&path, reason) {
            tracing::error!(path = %path.display(), %error, "could not mark the damaged store");
        }
    }

    pub(super) fn condemn_if_damaged(&self, error: &StoreError) {
        let damaged = match error {
            StoreError::Engine(
                sled::Error::Corruption { .. }
                | sled::Error::ReportableBug(_)
                | sled::Error::CollectionNotFound(_),
            )
            | StoreError::Codec(_)
            | StoreError::Panicked(_) => true,
            StoreError::Engine(sled::Error::Io(_) | sled::Error::Unsupported(_))
            | StoreError::Locked { .. }
            | StoreError::Io { .. }
            | StoreError::Unordered { .. }
            | StoreError::Cursor(_) => false,
        };
        if damaged {
            self.condemn(&error.to_string());
        }
    }

    fn try_open(dir: &Path, durable: Sequence, config: &StoreConfig) -> Result<Self, Refused> {
        fs::create_dir_all(dir).map_err(|source| io("create directory", dir, source))?;
        let condemned = dir.join(CONDEMNED);
        match fs::read_to_string(&condemned) {
            Ok(reason) => return Err(Refused::Unusable(reason)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(io("read", &condemned, source)),
        }
        let cache = config.cache_bytes.clamp(8 << 20, 4 << 30);
        // What is not written yet comes again from the journal, so nothing has to be hurried to the disk beside it.
        let engine = sled::Config::new().path(dir).cache_capacity(cache).flush_every_ms(Some(FLUSH_MS));
        // sled panics over some damaged files, and says so on standard error through the panic hook.
        let opened = catch_unwind(AssertUnwindSafe(|| engine.open()))
            .map_err(|panic| Refused::Unusable(format!("does not open: {}", panic_text(&*panic))))?;
        let db = opened.map_err(|error| refused(dir, error))?;
        let shared = Shared {
            db,
            _released: Released(dir.join("db")),
            dir: dir.to_owned(),
            posts: Mutex::default(),
            desk: Mutex::default(),
        };
        let store = Self { shared: Arc::new(shared) };
        let unusable = |error: StoreError| Refused::Unusable(error.to_string());
        if store.tree().is_empty() {
            let schema = encode(&SCHEMA);
            store.tree().insert(schema_key().0, schema).map_err(|error| unusable(error.into()))?;
        }
        let schema: Option<u32> = store.get(&schema_key()).map_err(unusable)?;
        if schema != Some(SCHEMA) {
            return Err(Refused::Unusable(format!("has schema {schema:?}, this program has {SCHEMA}")));
        }
        for stream in [Stream::Posts, Stream::Desk] {
            let reached = store.reached(stream).map_err(unusable)?;
            if reached > durable {
                return Err(Refused::Unusable(format!("is at {reached}, ahead of the journal at {durable}")));
            }
        }
        Ok(store)
    }

    fn opened(&self, set_aside: Option<SetAside>) -> Result<Opened, StoreError> {
        Ok(Opened { posts: self.reached(Stream::Posts)?, desk: self.reached(Stream::Desk)?, set_aside })
    }
}

/// Makes closing complete: waits until the engine's threads have let go of the file, so that whoever
/// drops the last handle may open the store again at once. sled ends some of its work after its own drop.
#[derive(Debug)]
pub(super) struct Released(PathBuf);

impl Drop for Released {
    fn drop(&mut self) {
        // A store that was set aside or deleted meanwhile needs no waiting.
        let Ok(file) = File::open(&self.0) else { return };
        if let Err(error) = file.lock() {
            tracing::debug!(path = %self.0.display(), %error, "could not wait for the store to close");
        }
    }
}

enum Refused {
    /// A new store would fail too.
    Hard(StoreError),
    /// A new store helps.
    Unusable(String),
}

fn refused(dir: &Path, error: sled::Error) -> Refused {
    match error {
        sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => {
            Refused::Hard(StoreError::Locked { dir: dir.to_owned() })
        }
        sled::Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::PermissionDenied
            ) =>
        {
            io("open store in", dir, error)
        }
        error => Refused::Unusable(format!("does not open: {error}")),
    }
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> Refused {
    Refused::Hard(StoreError::Io { action, path: path.to_owned(), source })
}

/// Renames the directory to the first free `NAME.broken-N`.
pub(crate) fn set_aside_directory(dir: &Path) -> Result<PathBuf, StoreError> {
    let name = dir.file_name().map_or_else(|| "store".into(), |name| name.to_string_lossy().into_owned());
    let aside = (1..=u32::MAX)
        .map(|number| dir.with_file_name(format!("{name}.broken-{number}")))
        .find(|path| !path.exists())
        .expect("fewer than four billion broken stores");
    fs::rename(dir, &aside).map_err(|source| StoreError::Io {
        action: "set aside",
        path: dir.to_owned(),
        source,
    })?;
    Ok(aside)
}

/// What a caught panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
