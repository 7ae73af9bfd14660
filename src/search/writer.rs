//! The one hand that writes the index.
//!
//! Posts become visible with [`Writer::commit`]; when to call it is the caller's choice. Between two
//! commits nothing is lost by a crash that the journal does not bring back.

use std::sync::atomic::Ordering;

use tantivy::{IndexWriter, TantivyError};

use crate::extract::post::PostId;
use crate::journal::Sequence;

use super::open::{engine, payload};
use super::schema::Entry;
use super::{Search, SearchError};

/// Writes the index.
pub struct Writer {
    /// `None` only if it could not be made anew after it failed.
    engine: Option<IndexWriter>,
    search: Search,
    heap_bytes: u64,
    pending: usize,
}

impl Writer {
    pub(super) fn new(engine: IndexWriter, search: Search, heap_bytes: u64) -> Self {
        Self { engine: Some(engine), search, heap_bytes, pending: 0 }
    }

    /// After a failure: begins anew from the last commit. What was added since is dropped, and may yet be
    /// in, if it was a commit that failed at its end: put it in again by [`Writer::replace`].
    pub fn start_again(&mut self) -> Result<(), SearchError> {
        self.pending = 0;
        // The old one gives the lock free before the new one takes it.
        drop(self.engine.take());
        self.engine = Some(engine(self.search.reader.searcher().index(), self.heap_bytes)?);
        Ok(())
    }

    /// Adds a post that is not in the index.
    pub fn add(&mut self, entry: &Entry<'_>) -> Result<(), SearchError> {
        let document = self.search.fields.document(entry);
        self.engine()?.add_document(document)?;
        self.pending += 1;
        Ok(())
    }

    /// Puts a post in the place of what the index holds of it, if anything: after a revision, a new
    /// judgement, or when its source shows it no more.
    pub fn replace(&mut self, entry: &Entry<'_>) -> Result<(), SearchError> {
        self.remove(entry.post.id)?;
        self.add(entry)
    }

    /// Takes a post out.
    pub fn remove(&mut self, id: PostId) -> Result<(), SearchError> {
        let term = self.search.id_term(id);
        self.engine()?.delete_term(term);
        self.pending += 1;
        Ok(())
    }

    /// Changes since the last commit.
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Makes everything so far durable and visible, together with `reached`, the last record of the
    /// journal that is in. Searches that begin afterwards see it.
    pub fn commit(&mut self, reached: Sequence) -> Result<(), SearchError> {
        let rescored = self.search.rescored();
        self.commit_rescored(reached, rescored)
    }

    /// [`Writer::commit`], with all judgements of the rescore that `rescored` records.
    pub fn commit_rescored(&mut self, reached: Sequence, rescored: Sequence) -> Result<(), SearchError> {
        let mut commit = self.engine()?.prepare_commit()?;
        commit.set_payload(&payload(reached, rescored));
        commit.commit()?;
        self.pending = 0;
        self.search.reader.reload()?;
        self.search.reached.store(reached.0, Ordering::Release);
        self.search.rescored.store(rescored.0, Ordering::Release);
        Ok(())
    }

    /// Ends writing in order: waits until running merges are done. What was not committed is dropped.
    pub fn close(self) -> Result<(), SearchError> {
        self.engine.map_or(Ok(()), |engine| Ok(engine.wait_merging_threads()?))
    }

    fn engine(&mut self) -> Result<&mut IndexWriter, SearchError> {
        let gone = || TantivyError::ErrorInThread("the writer is gone".to_owned());
        Ok(self.engine.as_mut().ok_or_else(gone)?)
    }
}
