//! A post as topics and events hear it: its words and the places it names, taken from it once for both.

use super::anchors::{self, Anchor};
use super::topic::Word;
use super::words::{self, Sorts};
use crate::assess::AssessedPost;

/// A post with what topics and events are made of.
#[derive(Debug)]
pub struct Heard<'a> {
    /// The post.
    pub(super) post: &'a AssessedPost,
    /// The places and institutions that it names.
    pub(super) anchors: Vec<Anchor<'a>>,
    /// Its places, hashtags and words, each once.
    pub(super) words: Vec<Word<'a>>,
}

impl<'a> Heard<'a> {
    /// Takes words and places from a post.
    pub fn of(post: &'a AssessedPost, sorts: &mut Sorts) -> Self {
        let anchors = anchors::of(post);
        let words = words::of(post, &anchors, sorts);
        Self { post, anchors, words }
    }
}
