//! Assessed posts to topics: hands each post's plain facts to the tracker.

use super::config::TopicConfig;
use super::said::Said;
use super::tracker::{Rising, Topics};
use super::words::{self, Sorts};
use crate::assess::{AssessedPost, Grade, Status};
use crate::extract::post::Post;
use crate::text::segment::Segmenter;

/// A text of fewer characters may well be written by two people who do not know of each other.
const SHORT: u32 = 12;
/// Times are kept in 32 bits, and reckoned with a day before and after: 2 January 1970 to February 2106.
const EARLIEST: i64 = 86_400;
const LATEST: i64 = u32::MAX as i64 - 2 * 86_400;

/// Listens to assessed posts, and tells what rises.
#[derive(Debug)]
pub struct Listener {
    topics: Topics,
    sorts: Sorts,
}

impl Listener {
    /// With nothing heard yet.
    pub fn new(config: TopicConfig) -> Self {
        Self { topics: Topics::new(config), sorts: Sorts::default() }
    }

    /// Takes the next post in; the topic it belongs to, if that rises. Give the same `segmenter` each time: what it
    /// says of words is remembered.
    ///
    /// Adverts make no topic.
    pub fn hear(&mut self, heard: &AssessedPost, segmenter: &Segmenter) -> Option<Rising> {
        let at = instant(&heard.post);
        if heard.assessment.status == Status::Advert {
            self.topics.pass_over_advert(at);
            return None;
        }
        let post = short(heard.post.id.as_bytes());
        let voice = heard.post.voice.as_ref().map(|voice| short(voice.as_bytes()));
        self.topics.observe(&Said {
            at,
            post,
            voice: voice.unwrap_or(post),
            named: voice.is_some(),
            copy: heard.fingerprint.copy(),
            sketch: heard.fingerprint.bits(),
            bands: &heard.fingerprint.bands(),
            short: heard.normalized.chars() < SHORT,
            words: words::of(heard, &mut self.sorts, segmenter),
            grade: match heard.assessment.grade {
                None => 0,
                Some(Grade::Blue) => 1,
                Some(Grade::Yellow) => 2,
                Some(Grade::Orange) => 3,
                Some(Grade::Red) => 4,
            },
        })
    }
}

/// When it was said; a time after the capture is not believed.
fn instant(post: &Post) -> u32 {
    post.published_at.min(post.captured_at).as_second().clamp(EARLIEST, LATEST) as u32
}

/// The last half of an identity that is a hash.
fn short(bytes: &[u8; 16]) -> u64 {
    u128::from_be_bytes(*bytes) as u64
}
