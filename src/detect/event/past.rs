//! Events that are over, so that one which comes back is told as such (复发).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::event::Event;
use crate::detect::anchors::Anchor;
use crate::lexicon::category::Category;

/// So long a matter is remembered, in seconds: 30 days.
const REMEMBERED: u32 = 30 * 86_400;
/// Most events remembered.
const MOST: usize = 4_096;

/// What is remembered of events that are over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Past {
    ended: VecDeque<Ended>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ended {
    id: u64,
    category: Category,
    anchors: Vec<u32>,
    last: u32,
}

impl Past {
    /// Remembers an event that is over, if it was one of some service and place.
    pub(super) fn keep(&mut self, event: &Event) {
        let Some(category) = event.category() else { return };
        let anchors: Vec<u32> = event.held_anchors(0.3).collect();
        if anchors.is_empty() {
            return;
        }
        if self.ended.len() == MOST {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { id: event.id, category, anchors, last: event.last });
    }

    /// The latest event of the same place and service.
    pub(super) fn of(&self, anchors: &[Anchor<'_>], category: Option<Category>, at: u32) -> Option<u64> {
        let category = category?;
        let same = |ended: &&Ended| {
            ended.category == category
                && at.saturating_sub(ended.last) <= REMEMBERED
                && anchors.iter().any(|anchor| ended.anchors.contains(&anchor.key))
        };
        self.ended.iter().rev().find(same).map(|ended| ended.id)
    }
}
