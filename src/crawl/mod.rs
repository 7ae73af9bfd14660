//! Source to raw document: what is due, how gently, one capped GET.
//!
//! Nothing here runs by itself: the pipeline asks the frontier what is due, asks politeness and
//! robots whether a host may be asked now, has one document fetched, and reports what came of it.

pub mod canonical;
pub mod fetch;
pub mod frontier;
pub mod origin;
pub mod politeness;
pub mod robots;
pub mod wall;

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::source::SourceId;

/// One address to be fetched, and what is expected there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Whose it is.
    pub source: SourceId,
    /// Where.
    pub url: Url,
    /// What the document is to its source.
    pub role: Role,
    /// Of a further page of a thread: the thread's post id as `extract` wrote it; opaque here, kept with
    /// the target.
    pub thread: Option<String>,
}

/// What a document is to its source; tells `extract` how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The feed, the hot list, or a page of the list of threads or articles (WordPress: of posts).
    Listing,
    /// One thread or article with its comments.
    Detail,
    /// A further page of a thread.
    DetailPage,
    /// A page of newly published comments (WordPress `after=…`).
    NewComments,
    /// A page of all comments, read to notice edits and deletions.
    AllComments,
}

/// Bytes as served, with their origin; not trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct RawDocument {
    /// What was asked for.
    pub target: Target,
    /// Where it was found after redirects.
    pub url: Url,
    /// HTTP status, always 2xx.
    pub status: u16,
    /// The answer's headers that extraction or the next request needs, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, inflated and capped.
    pub body: Bytes,
    /// When the answer was complete.
    pub fetched_at: Timestamp,
}
