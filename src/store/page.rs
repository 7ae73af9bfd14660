//! Lists in pages: a cursor is the key of the last thing shown, opaque to everyone else.
//!
//! New things never shift a page: a cursor names a place in an order, not a number of rows.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longest cursor taken back, in characters.
const LONGEST: usize = 512;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// What it shows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Cursor>,
}

/// A place in a list. Written as text, it can be sent and taken back; it promises nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub(super) Vec<u8>);

/// A text is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this list gave")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(BadCursor);
        }
        URL_SAFE_NO_PAD.decode(text).map(Self).map_err(|_| BadCursor)
    }
}

/// The first `limit` of `found`, which holds keys with their things, and where to go on if there are more.
pub(super) fn cut<T>(mut found: Vec<(Vec<u8>, T)>, limit: usize) -> Page<T> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = if more { found.last().map(|(key, _)| Cursor(key.clone())) } else { None };
    Page { items: found.into_iter().map(|(_, thing)| thing).collect(), next }
}
