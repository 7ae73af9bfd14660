//! The latest posts that concern the desk, so that a topic can tell what it is about and show it.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::detect::signal::{Evidence, Subject};

/// Most posts remembered: half a day of a town that says ten thousand graded things a day.
const MOST: usize = 4_096;

/// Graded posts, by the number that names them among topics.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    posts: BTreeMap<u64, Spoken>,
    order: VecDeque<u64>,
}

/// What one graded post is about, and how it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spoken {
    /// What it is about.
    pub subject: Subject,
    /// The post as evidence.
    pub evidence: Evidence,
}

impl Recent {
    /// Remembers a post, an edited one as it is now; the oldest makes room.
    pub(super) fn keep(&mut self, post: u64, spoken: Spoken) {
        if self.posts.insert(post, spoken).is_none() {
            self.order.push_back(post);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.posts.remove(&oldest);
            }
        }
    }

    pub(super) fn get(&self, post: u64) -> Option<&Spoken> {
        self.posts.get(&post)
    }
}
