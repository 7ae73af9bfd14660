//! What is listened to: public sources, named and described by the operator.
//!
//! A [`Source`] says where to look, how the page or feed is read and how often; it knows nothing of
//! what was found there. Reading the files that hold the tables is `config`'s work, fetching is
//! `crawl`'s, understanding the bytes is `extract`'s.

mod cadence;
mod kind;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

pub use cadence::CadenceConfig;
pub use kind::{
    CommentSelectors, DetailSelectors, FeedOptions, HotlistOptions, HtmlOptions, ListSelectors, SelectorSpec,
    SourceKind, WordpressOptions,
};

/// One place of the public web that is read regularly, or a name under which posts are pushed.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Name in logs, records and the API; never reused for another place.
    pub id: SourceId,
    /// What people read: `禾川论坛`.
    pub name: String,
    /// Where reading starts: the feed, the list page, the root of the site, the hot list.
    pub url: Url,
    /// How it is read.
    pub kind: SourceKind,
    /// The place it speaks of when a post names none.
    pub place: Option<String>,
    /// Names of offices' own accounts on this source; their posts count as official answers.
    pub official_accounts: Vec<String>,
    /// How often it is looked at.
    pub cadence: CadenceConfig,
    /// Query parameters that do not change which post an address means, beyond the usual tracking ones.
    pub ignored_parameters: Vec<String>,
    /// Whether it is read at all. Default: true.
    pub enabled: bool,
}

/// The name of a source: 1 to 64 of `a-z 0-9 - _ .`, beginning with a letter or digit.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceId(Arc<str>);

/// The source of drills.
const DRILL: &str = "drill";

/// Why a text is no source id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a source id is 1 to 64 of a-z, 0-9, '-', '_', '.', beginning with a letter or digit: {0:?} is not")]
pub struct BadSourceId(String);

impl SourceId {
    /// Checks and takes a name.
    pub fn new(name: &str) -> Result<Self, BadSourceId> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        let begins = name.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if begins && name.len() <= 64 && name.chars().all(legal) {
            Ok(Self(name.into()))
        } else {
            Err(BadSourceId(name.chars().take(80).collect()))
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the source of drills: nothing is crawled under it, and nobody may push to it.
    pub fn is_drill(&self) -> bool {
        &*self.0 == DRILL
    }
}

impl TryFrom<String> for SourceId {
    type Error = BadSourceId;
    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(&name)
    }
}

impl From<SourceId> for String {
    fn from(id: SourceId) -> Self {
        id.0.to_string()
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}
