//! What is known of one post where topics are looked for: plain facts, no text beyond its words.

/// One post.
#[derive(Debug, Clone, Default)]
pub struct Said<'a> {
    /// When it was said, in seconds since 1970, UTC; never after what was observed as the present.
    pub at: u32,
    /// Names the post; equal when the same post is observed again.
    pub post: u64,
    /// Stands for the writer: a keyed hash. Where the source names none, something that is the post's own.
    pub voice: u64,
    /// Whether `voice` is a writer's, so that equal voices are one person.
    pub named: bool,
    /// Equal for exact copies.
    pub copy: u64,
    /// 64 bits that differ in few places for near copies.
    pub sketch: u64,
    /// Keys that near copies share, most of them.
    pub bands: &'a [u64],
    /// So short that two people may well write the same.
    pub short: bool,
    /// Its words, places, hashtags and dictionary terms, each once; names of persons left out.
    pub words: Vec<Word<'a>>,
    /// How grave it is by itself: 0 for not at all, then 1 (blue) to 4 (red).
    pub grade: u8,
}

/// One word of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word as people read it.
    pub text: &'a str,
    /// What sort of word it is.
    pub kind: Kind,
}

/// What sort of word a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    /// A word of the language.
    Word,
    /// A term of the dictionaries: something the desk answers for.
    Term,
    /// A place.
    Place,
    /// A hashtag, without its marks.
    Tag,
}
