//! Keys that rise together are one topic.
//!
//! A key joins an active topic if at least a third of the smaller of both sets of posts is in both. A place never joins
//! the topic of another: that the water is off in two estates is two topics, however alike the words. A topic
//! is over when none of its keys was above its usual for some hours; its keys are then free to make another.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Share of the smaller set of posts that both must have.
const SHARED: f32 = 0.34;
/// Most posts kept of a topic.
const POSTS: usize = 256;

/// The topics being spoken of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Groups {
    active: BTreeMap<u64, Group>,
    max: usize,
    pushed_out: u64,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    /// Numbers of its latest posts.
    posts: BTreeSet<u32>,
    /// When one of its keys was above its usual last.
    last: u32,
    /// The highest level it was told at.
    told: Option<Level>,
    /// The key of the place it is about.
    place: Option<u64>,
}

/// How sure a rise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// On the watch list: it may be chance.
    Watch,
    /// An alarm: chance gives fewer than the configured number a day.
    Alarm,
}

impl Groups {
    pub(super) fn new(max: usize) -> Self {
        Self { active: BTreeMap::new(), max, pushed_out: 0 }
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Group> {
        self.active.get_mut(&id)
    }

    pub(super) fn get(&self, id: u64) -> Option<&Group> {
        self.active.get(&id)
    }

    /// The topic that a key with these posts belongs to, each of them standing for `each`; `place` is the key if it is
    /// one of a place.
    pub(super) fn of(&self, posts: &[u32], each: f32, place: Option<u64>) -> Option<u64> {
        let shared = |group: &Group| {
            let common = posts.iter().filter(|post| group.posts.contains(post)).count() as f32;
            let smaller = (group.posts.len() as f32).min(posts.len() as f32 * each).max(1.0);
            common * each / smaller
        };
        let open = self.active.iter().filter(|(_, group)| group.may_be_at(place));
        let best = open.map(|(id, group)| (shared(group), *id));
        let best = best.max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)))?;
        (best.0 >= SHARED).then_some(best.1)
    }

    /// Begins a topic.
    pub(super) fn open(&mut self, id: u64, now: u32) {
        if self.active.len() >= self.max {
            let quietest = self.active.iter().min_by_key(|(id, group)| (group.last, **id)).map(|(id, _)| *id);
            if let Some(quietest) = quietest {
                self.active.remove(&quietest);
                self.pushed_out += 1;
            }
        }
        self.active.insert(id, Group { posts: BTreeSet::new(), last: now, told: None, place: None });
    }

    /// Ends the topics that were quiet for so long.
    pub(super) fn end(&mut self, now: u32, quiet: u32) {
        self.active.retain(|_, group| now.saturating_sub(group.last) < quiet);
    }

    /// Topics being spoken of.
    pub(super) fn len(&self) -> usize {
        self.active.len()
    }

    /// Topics forgotten because there was no room.
    pub(super) fn pushed_out(&self) -> u64 {
        self.pushed_out
    }
}

impl Group {
    /// Whether a key may join, `place` being the key if it is one of a place.
    pub(super) fn may_be_at(&self, place: Option<u64>) -> bool {
        place.is_none() || self.place.is_none() || self.place == place
    }

    /// Notes the place that it is about.
    pub(super) fn is_at(&mut self, place: Option<u64>) {
        self.place = self.place.or(place);
    }

    /// Adds posts; forgets the oldest beyond the bound.
    pub(super) fn add(&mut self, posts: &[u32], now: u32) {
        self.posts.extend(posts);
        while self.posts.len() > POSTS {
            self.posts.pop_first();
        }
        self.last = now;
    }

    /// Notes that it rises; whether that is news: the first time at all, or as an alarm.
    pub(super) fn reach(&mut self, alarm: bool) -> bool {
        let level = if alarm { Level::Alarm } else { Level::Watch };
        let news = self.told < Some(level);
        self.told = self.told.max(Some(level));
        news
    }

    /// The highest level it was told at.
    pub(super) fn level(&self) -> Level {
        self.told.unwrap_or(Level::Watch)
    }

    /// Numbers of its latest posts, oldest first.
    pub(super) fn posts(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.posts.iter().copied()
    }
}
