//! Where the next page of hits begins, opaque to everyone else.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// Longest cursor taken back, in characters.
const LONGEST: usize = 128;

/// A place in a list of hits. Written as text, it can be sent and taken back; it promises nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub(super) Place);

/// What a cursor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    /// After the hit published at this millisecond with this sequence: newer posts stand before it.
    Newest { published: i64, found: u64 },
    /// After so many hits among the posts found up to this sequence: later ones do not count.
    Relevance { skip: u32, up_to: u64 },
}

/// A text is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this search gave")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = postcard::to_stdvec(&self.0).expect("numbers can be written");
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;
    fn from_str(text: &str) -> Result<Self, BadCursor> {
        if text.len() > LONGEST {
            return Err(BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        postcard::from_bytes(&bytes).map(Self).map_err(|_| BadCursor)
    }
}
