//! A person's word on which posts tell of one happening: it is final, whatever words and places say.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::event::Event;
use super::tracker::Events;
use crate::detect::heard::Heard;
use crate::detect::topic::{Spoken, instant, short};
use crate::extract::post::PostId;

/// Pairs of events that are kept apart; the oldest gives way.
const APART: usize = 1_024;

/// What somebody says of events. The detector meets it at its place among the posts, so that observing them again gives
/// the same events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Regrouping {
    /// The first tells of the same as the second, and goes on in it.
    Merge {
        /// The event that ends.
        from: u64,
        /// The one that goes on.
        into: u64,
    },
    /// Some posts of an event tell of something else, which is an event of its own from here on.
    Split {
        /// The event.
        event: u64,
        /// Those that go.
        go: Vec<PostId>,
        /// Those that stay, as far as they are still known one by one.
        stay: Vec<PostId>,
    },
}

/// A post with what it is about, if it is graded.
pub(in crate::detect) type Told<'a> = (Heard<'a>, Option<Spoken>);

impl Regrouping {
    /// The posts that have to be looked at again.
    pub fn posts(&self) -> impl Iterator<Item = &PostId> {
        let (go, stay) = match self {
            Self::Merge { .. } => (&[][..], &[][..]),
            Self::Split { go, stay, .. } => (go.as_slice(), stay.as_slice()),
        };
        go.iter().chain(stay)
    }

    /// The event in which it goes on: the one merged into, or the new one.
    pub fn leads_to(&self) -> u64 {
        match self {
            Self::Merge { into, .. } => *into,
            // Its first post may have named the event that it leaves.
            Self::Split { event, go, .. } => {
                go.first().map_or(*event, |post| xxh3_64_with_seed(post.as_bytes(), *event))
            }
        }
    }
}

/// Events that somebody took apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Apart(Vec<(u32, u32)>);

impl Apart {
    fn keep(&mut self, one: u32, other: u32) {
        if self.0.len() == APART {
            self.0.remove(0);
        }
        self.0.push((one.min(other), one.max(other)));
    }

    fn forget(&mut self, one: u32, other: u32) {
        self.0.retain(|pair| *pair != (one.min(other), one.max(other)));
    }

    /// Whether somebody took these two apart.
    pub(super) fn holds(&self, one: u32, other: u32) -> bool {
        self.0.contains(&(one.min(other), one.max(other)))
    }
}

impl Events {
    /// Lets an event go on in another, because somebody says so. Nothing where one of them is over.
    pub(in crate::detect) fn merge(&mut self, from: u64, into: u64) -> Option<(u64, u64)> {
        let (from, into) = (self.number(from)?, self.number(into)?);
        if from == into {
            return None;
        }
        self.apart.forget(from, into);
        self.put_together(from, into)
    }

    /// Makes another event of some posts of one, because somebody says so. `posts` are those of the event that are still
    /// known, with what they say; `go` are those that go. Nothing where the event is over, or nothing would stay.
    pub(in crate::detect) fn split(
        &mut self,
        event: u64,
        new: u64,
        posts: &[Told<'_>],
        go: &BTreeSet<PostId>,
    ) {
        let Some(number) = self.number(event) else { return };
        let Some(known) = self.take_out(number) else { return };
        let (going, staying): (Vec<_>, Vec<_>) =
            posts.iter().partition(|(heard, _)| go.contains(&heard.post.post.id));
        let Some((first, _)) = going.first() else { return self.put_back(known) };
        if staying.is_empty() {
            return self.put_back(known);
        }
        let made = self.begin(new, instant(&first.post.post));
        for (heard, spoken) in &going {
            self.put_in(made, heard, spoken.as_ref());
        }
        // As long as each of its posts is known it is made anew; of a larger one those that go are taken off.
        let rest = if known.posts as usize == staying.len() + going.len() {
            Event::anew(&known)
        } else {
            known.without(go)
        };
        let anew = rest.posts == 0;
        self.put_back(Box::new(rest));
        if anew {
            for (heard, spoken) in &staying {
                self.put_in(number, heard, spoken.as_ref());
            }
        }
        self.apart.keep(number, made);
        for (heard, _) in &going {
            self.homes.put(short(heard.post.post.id.as_bytes()), made);
        }
    }
}
