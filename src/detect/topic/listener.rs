//! Assessed posts to topics: hands each post's plain facts to the tracker, and keeps the topics it tells of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::TopicConfig;
use super::current::Topic;
use super::recent::{Recent, Spoken};
use super::said::Said;
use super::tracker::{Fill, TopicCounters, Topics};
use crate::assess::{Grade, Status};
use crate::detect::heard::Heard;
use crate::detect::signal::Evidence;
use crate::extract::post::Post;

/// A text of fewer characters may well be written by two people who do not know of each other.
const SHORT: u32 = 12;
/// Times are kept in 32 bits, and reckoned with a day before and after: 2 January 1970 to February 2106.
const EARLIEST: i64 = 86_400;
const LATEST: i64 = u32::MAX as i64 - 2 * 86_400;

/// Listens to assessed posts, and tells what rises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    topics: Topics,
    recent: Recent,
    current: BTreeMap<u64, Topic>,
}

impl Listener {
    /// With nothing heard yet.
    pub fn new(config: TopicConfig) -> Self {
        Self { topics: Topics::new(config), recent: Recent::default(), current: BTreeMap::new() }
    }

    /// How sharply it listens.
    pub fn config(&self) -> &TopicConfig {
        self.topics.config()
    }

    /// Takes the next post in, with what it is about if it is graded; the id of the topic it belongs to, if that rises.
    ///
    /// Adverts make no topic.
    pub fn hear(&mut self, heard: &Heard<'_>, spoken: Option<Spoken>) -> Option<u64> {
        let Heard { post: heard, words, .. } = heard;
        let at = instant(&heard.post);
        if heard.assessment.status == Status::Advert {
            self.topics.pass_over_advert(at);
            return None;
        }
        let post = short(heard.post.id.as_bytes());
        let voice = heard.post.voice.as_ref().map(|voice| short(voice.as_bytes()));
        if let Some(spoken) = spoken {
            self.recent.keep(post, spoken);
        }
        let rising = self.topics.observe(&Said {
            at,
            post,
            voice: voice.unwrap_or(post),
            named: voice.is_some(),
            copy: heard.fingerprint.copy(),
            sketch: heard.fingerprint.bits(),
            bands: &heard.fingerprint.bands(),
            short: heard.normalized.chars() < SHORT,
            words: words.clone(),
            grade: match heard.assessment.grade {
                None => 0,
                Some(Grade::Blue) => 1,
                Some(Grade::Yellow) => 2,
                Some(Grade::Orange) => 3,
                Some(Grade::Red) => 4,
            },
        })?;
        let id = rising.id;
        // Only here can one come to the current topics, so only here need those that ended go.
        let topics = &self.topics;
        self.current.retain(|known, _| topics.is_active(*known));
        let topic = self.current.entry(id).or_insert_with(|| Topic::new(rising.clone()));
        topic.goes_on(rising, at, &self.recent);
        Some(id)
    }

    /// The topics that are spoken of, by id.
    pub fn current(&self) -> impl Iterator<Item = &Topic> {
        self.current.values().filter(|topic| self.topics.is_active(topic.rising.id))
    }

    /// One of them.
    pub fn topic(&self, id: u64) -> Option<&Topic> {
        self.current.get(&id)
    }

    /// One of them, to note whom it was told.
    pub(in crate::detect) fn topic_mut(&mut self, id: u64) -> Option<&mut Topic> {
        self.current.get_mut(&id)
    }

    /// The posts that tell what a topic is about, strongest first.
    pub fn evidence(&self, topic: &Topic) -> Vec<Evidence> {
        topic.evidence(&self.recent)
    }

    /// What did not count as it came.
    pub fn counters(&self) -> TopicCounters {
        self.topics.counters()
    }

    /// How full the tables are.
    pub fn fill(&self) -> Fill {
        self.topics.fill()
    }
}

/// When it was said; a time after the capture is not believed.
pub(in crate::detect) fn instant(post: &Post) -> u32 {
    post.published_at.min(post.captured_at).as_second().clamp(EARLIEST, LATEST) as u32
}

/// The last half of an identity that is a hash.
pub(in crate::detect) fn short(bytes: &[u8; 16]) -> u64 {
    u128::from_be_bytes(*bytes) as u64
}
