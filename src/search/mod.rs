//! Finding posts: words, exact keys, time; kept in tantivy, a view of the journal.
//!
//! Decides how posts are indexed and how people's queries are read and answered. It does not cut
//! text into words (that happens once, before) and holds no text: a hit names the record of the
//! journal that does.
//!
//! What always holds:
//! - Each commit carries the journal's sequence that it reached; what it held is found again after
//!   a crash, and what came later is indexed again by the caller. It also carries the last rescore whose
//!   judgements are all in: a crash in the midst of one leaves none of them.
//! - An index that does not open, has another shape or is ahead of the journal is set aside.
//! - People's text never reaches the engine's own query parser (W8), and no query selects by writer.
//! - A page's cursor stays good while posts are added: nothing shown is shown again.
//!
//! All functions block; the pipeline and the web call them where blocking is allowed.

mod cursor;
mod facets;
mod find;
mod highlight;
mod open;
mod parse;
mod query;
mod schema;
mod steady;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tantivy::collector::DocSetCollector;
use tantivy::query::TermQuery;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{DocAddress, IndexReader, Searcher, TantivyDocument, Term};

use crate::extract::post::PostId;
use crate::journal::Sequence;

pub use cursor::{BadCursor, Cursor};
pub use facets::Facets;
pub use find::{Counting, Found, Hit, Request, Sort};
pub use highlight::{Mark, highlight};
pub use open::{Opened, open};
pub use parse::{QueryError, QueryWord};
pub use query::{Filters, Official, Query};
pub use schema::{Entry, Shown, Stored, Word};
pub use writer::Writer;

/// How the index uses memory: the `[search]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Memory for posts not yet committed, in bytes; 16 MiB to 2 GiB. Default: 67108864 (64 MiB).
    pub heap_bytes: u64,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self { heap_bytes: 64 << 20 }
    }
}

/// Why the index could not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process, or another writer of this one, has it open.
    #[error("search index {dir} is in use by another process")]
    Locked {
        /// Its directory.
        dir: PathBuf,
    },
    /// The file system refused something that a new index would need too.
    #[error("could not {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Setting the old index aside failed.
    #[error("could not set the broken search index aside")]
    SetAside(#[from] crate::store::StoreError),
    /// The engine failed.
    #[error("search engine failed")]
    Engine(#[from] tantivy::TantivyError),
    /// A stored value cannot be read.
    #[error("search index holds a value that cannot be read")]
    Stored(#[from] postcard::Error),
    /// A document or column lacks what every document has.
    #[error("search index lacks {0}")]
    Lacks(&'static str),
    /// The caller asked to stop.
    #[error("search was stopped")]
    Stopped,
    /// The cursor is of another list.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

impl From<tantivy::directory::error::OpenReadError> for SearchError {
    fn from(error: tantivy::directory::error::OpenReadError) -> Self {
        Self::Engine(error.into())
    }
}

/// Answers queries; cheap to clone. Sees what the writer committed last.
#[derive(Clone)]
pub struct Search {
    reader: IndexReader,
    fields: schema::Fields,
    reached: Arc<AtomicU64>,
    rescored: Arc<AtomicU64>,
}

impl Search {
    /// The last record of the journal that is found by searching.
    pub fn reached(&self) -> Sequence {
        Sequence(self.reached.load(Ordering::Acquire))
    }

    /// The record of the last rescore whose judgements are in; 0 if there was none.
    pub fn rescored(&self) -> Sequence {
        Sequence(self.rescored.load(Ordering::Acquire))
    }

    /// Posts in the index.
    pub fn documents(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    /// Segments of the index, for metrics.
    pub fn segment_count(&self) -> usize {
        self.reader.searcher().segment_readers().len()
    }

    /// One post by its id.
    pub fn get(&self, id: PostId) -> Result<Option<Stored>, SearchError> {
        let searcher = self.reader.searcher();
        let query = TermQuery::new(self.id_term(id), IndexRecordOption::Basic);
        let found = searcher.search(&query, &DocSetCollector)?;
        found.into_iter().min().map(|address| self.stored(&searcher, address)).transpose()
    }

    /// Files of the index whose checksum is wrong: reads all of it, for `minsheng verify`.
    pub fn damaged_files(&self) -> Result<Vec<PathBuf>, SearchError> {
        let damaged = self.reader.searcher().index().validate_checksum()?;
        let mut damaged: Vec<_> = damaged.into_iter().collect();
        damaged.sort();
        Ok(damaged)
    }

    fn id_term(&self, id: PostId) -> Term {
        Term::from_field_bytes(self.fields.id, id.as_bytes())
    }

    fn stored(&self, searcher: &Searcher, address: DocAddress) -> Result<Stored, SearchError> {
        let document: TantivyDocument = searcher.doc(address)?;
        let value = document.get_first(self.fields.stored).ok_or(SearchError::Lacks("a stored value"))?;
        Ok(schema::decode(value.as_bytes().ok_or(SearchError::Lacks("stored bytes"))?)?)
    }
}

#[cfg(test)]
mod tests;
