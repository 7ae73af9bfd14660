//! What the index holds of each post, and how its words get in.
//!
//! Words come cut: they are handed over as one text in which a character tells how far each word
//! stands from the one before, and the tokenizer here takes them apart again without allocating.
//! (tantivy's own pre-tokenized strings travel as JSON.) Title and text are one run of words, as
//! they were cut together. No field knows anything of the writer (V4).
//!
//! Segments are sorted by publication, newest first: a range of time is a range of documents, and
//! the newest matches stand at the front.

use serde::{Deserialize, Serialize};
use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{IndexSettings, IndexSortByField, Order, TantivyDocument};

use crate::assess::Assessment;
use crate::extract::post::{Post, PostId};
use crate::journal::Sequence;

/// The shape of the index. An index of another shape is set aside and made anew.
pub(super) const VERSION: u32 = 1;

/// Name of the tokenizer that takes cut words apart.
pub(super) const CUT: &str = "cut";

/// Bytes of a block of stored values. Small blocks make a page of hits quick to read.
const BLOCK: usize = 8 << 10;

/// One word of a text, as the segmenter cut it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word, normalised.
    pub text: &'a str,
    /// First character in the text it was cut from.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// Its place for phrases; words come in the order of their places.
    pub position: u32,
}

/// A post as it goes into the index.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The post.
    pub post: &'a Post,
    /// What was concluded on it.
    pub assessment: &'a Assessment,
    /// The words of its title and text.
    pub words: &'a [Word<'a>],
    /// The record that holds the post as it was found.
    pub found: Sequence,
    /// The record that holds its latest text.
    pub text_at: Sequence,
    /// Whether its source still shows it.
    pub shown: Shown,
}

/// Whether a source still shows a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// It does.
    Yes,
    /// It does not any more.
    Missing,
}

/// What is stored of a post: enough to show a hit but for the text, which the journal has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stored {
    /// Which post.
    pub id: PostId,
    /// The record that holds the post as it was found.
    pub found: Sequence,
    /// The record that holds its latest text.
    pub text_at: Sequence,
    /// Whether its source still shows it.
    pub shown: Shown,
    /// What was concluded on it.
    pub assessment: Assessment,
}

/// What an exact key of a post says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyKind {
    /// Where it was found.
    Source,
    /// What sort of text it is.
    Kind,
    /// The service it is about.
    Category,
    /// How urgent; `none` has its own key.
    Grade,
    /// A place it names.
    Place,
    /// Who should answer.
    Department,
    /// `official` or `missing`.
    Mark,
}

impl KeyKind {
    /// The key of a value, as it stands in the index.
    pub(super) fn key(self, value: &str) -> String {
        let letter = match self {
            Self::Source => 's',
            Self::Kind => 'k',
            Self::Category => 'c',
            Self::Grade => 'g',
            Self::Place => 'p',
            Self::Department => 'd',
            Self::Mark => 'm',
        };
        format!("{letter}={value}")
    }
}

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) words: Field,
    pub(super) keys: Field,
    pub(super) published: Field,
    pub(super) found: Field,
    pub(super) source: Field,
    pub(super) category: Field,
    pub(super) grade: Field,
    pub(super) place: Field,
    pub(super) stored: Field,
}

/// Names of the fast fields that searching reads.
pub(super) const PUBLISHED: &str = "published";
pub(super) const FOUND: &str = "found";
pub(super) const SOURCE: &str = "source";
pub(super) const CATEGORY: &str = "category";
pub(super) const GRADE: &str = "grade";
pub(super) const PLACE: &str = "place";

/// The word for "no grade".
pub(super) const NO_GRADE: &str = "none";

pub(super) fn schema() -> (Schema, Fields) {
    let words = TextFieldIndexing::default()
        .set_tokenizer(CUT)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(true);
    let keys = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let facet = TextOptions::default().set_fast("raw");
    let mut schema = Schema::builder();
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        words: schema.add_text_field("words", TextOptions::default().set_indexing_options(words)),
        keys: schema.add_text_field("keys", TextOptions::default().set_indexing_options(keys)),
        published: schema.add_i64_field(PUBLISHED, FAST),
        found: schema.add_u64_field(FOUND, FAST),
        source: schema.add_text_field(SOURCE, facet.clone()),
        category: schema.add_text_field(CATEGORY, facet.clone()),
        grade: schema.add_text_field(GRADE, facet.clone()),
        place: schema.add_text_field(PLACE, facet),
        stored: schema.add_bytes_field("stored", STORED),
    };
    (schema.build(), fields)
}

pub(super) fn settings() -> IndexSettings {
    let newest_first = IndexSortByField { field: PUBLISHED.to_owned(), order: Order::Desc };
    IndexSettings { sort_by_field: Some(newest_first), docstore_blocksize: BLOCK, ..IndexSettings::default() }
}

impl Fields {
    /// The document of a post.
    pub(super) fn document(&self, entry: &Entry<'_>) -> TantivyDocument {
        let Entry { post, assessment, .. } = entry;
        let mut document = TantivyDocument::with_capacity(1024);
        document.add_bytes(self.id, post.id.as_bytes());
        document.add_text(self.words, join(entry.words));
        document.add_i64(self.published, post.published_at.as_millisecond());
        document.add_u64(self.found, entry.found.0);
        document.add_text(self.source, post.source.as_str());
        let mut key = |kind: KeyKind, value: &str| document.add_text(self.keys, kind.key(value));
        key(KeyKind::Source, post.source.as_str());
        key(KeyKind::Kind, post.kind.as_str());
        let grade = assessment.grade.map_or(NO_GRADE, |grade| grade.as_str());
        key(KeyKind::Grade, grade);
        if let Some(category) = &assessment.category {
            key(KeyKind::Category, category.id.as_str());
        }
        if let Some(department) = &assessment.department {
            key(KeyKind::Department, &department.id);
        }
        for place in &assessment.places {
            key(KeyKind::Place, place);
        }
        if post.official {
            key(KeyKind::Mark, "official");
        }
        if entry.shown == Shown::Missing {
            key(KeyKind::Mark, "missing");
        }
        document.add_text(self.grade, grade);
        if let Some(category) = &assessment.category {
            document.add_text(self.category, category.id.as_str());
        }
        for place in &assessment.places {
            document.add_text(self.place, place);
        }
        document.add_bytes(self.stored, &encode(entry));
        document
    }
}

fn encode(entry: &Entry<'_>) -> Vec<u8> {
    // The same shape as `Stored`, without cloning the assessment.
    let stored = (entry.post.id, entry.found, entry.text_at, entry.shown, entry.assessment);
    postcard::to_stdvec(&stored).expect("assessments hold only what postcard can write")
}

pub(super) fn decode(bytes: &[u8]) -> Result<Stored, postcard::Error> {
    postcard::from_bytes(bytes)
}

/// Ends each word.
const END: char = '\0';

/// The words as one text: for each the distance from the one before as a character, the word, an end.
fn join(words: &[Word<'_>]) -> String {
    let mut text = String::with_capacity(words.iter().map(|word| word.text.len() + 3).sum());
    let mut before = 0;
    for word in words.iter().filter(|word| !word.text.contains(END)) {
        // Below the surrogates every number is a character; no gap in a text of 64 KiB is wider.
        let distance = word.position.saturating_sub(before).min(0xd000);
        text.push(char::from_u32(distance + 1).expect("below the surrogates"));
        text.push_str(word.text);
        text.push(END);
        before += distance;
    }
    text
}

/// Takes apart what [`join`] put together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cut;

/// The words of one joined text.
pub(super) struct CutStream<'a> {
    rest: &'a str,
    token: Token,
}

impl Tokenizer for Cut {
    type TokenStream<'a> = CutStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CutStream<'a> {
        CutStream { rest: text, token: Token { position: 0, ..Token::default() } }
    }
}

impl TokenStream for CutStream<'_> {
    fn advance(&mut self) -> bool {
        let mut chars = self.rest.chars();
        let Some(distance) = chars.next() else { return false };
        let Some((word, rest)) = chars.as_str().split_once(END) else { return false };
        self.rest = rest;
        self.token.position += distance as usize - 1;
        self.token.text.clear();
        self.token.text.push_str(word);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_come_apart_as_they_were_joined(words in proptest::collection::vec(("[停水a-z]{1,4}", 0..60_000_u32), 0..20)) {
            let mut position = 0;
            let words: Vec<_> = words.into_iter().map(|(text, gap)| { position += gap.min(0xd000); (text, position) }).collect();
            let cut: Vec<_> = words.iter().map(|(text, position)| Word { text, start: 0, end: 0, position: *position }).collect();
            let joined = join(&cut);
            let mut cut = Cut;
            let mut stream = cut.token_stream(&joined);
            let mut found = Vec::new();
            while stream.advance() {
                found.push((stream.token().text.clone(), stream.token().position as u32));
            }
            prop_assert_eq!(found, words);
        }
    }
}
