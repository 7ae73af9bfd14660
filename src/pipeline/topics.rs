//! What suddenly rises, for those who read: the detector's topics as they were at its latest round.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::detect::topic::{Level, Topic};
use crate::detect::{Detector, Evidence};

/// The topics that concern the desk, the surest and loudest first; clones share everything.
#[derive(Clone, Default)]
pub struct TopicsNow(Arc<ArcSwap<Vec<TopicNow>>>);

/// A topic and the posts that show it.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicNow {
    /// The topic.
    pub topic: Topic,
    /// Graded posts of it, the strongest first.
    pub evidence: Vec<Evidence>,
}

impl TopicsNow {
    /// The topics now.
    pub fn current(&self) -> Arc<Vec<TopicNow>> {
        self.0.load_full()
    }

    /// Shows what the detector holds.
    pub(super) fn show(&self, detector: &Detector) {
        let topics = detector.topics();
        let concern = topics.current().filter(|topic| topic.subject.is_some());
        let mut now: Vec<TopicNow> = concern
            .map(|topic| TopicNow { topic: topic.clone(), evidence: topics.evidence(topic) })
            .collect();
        let rank = |now: &TopicNow| {
            (now.topic.rising.level == Level::Alarm, now.topic.rising.voices, now.topic.last)
        };
        now.sort_by(|one, other| {
            rank(other).cmp(&rank(one)).then(one.topic.rising.id.cmp(&other.topic.rising.id))
        });
        self.0.store(Arc::new(now));
    }
}
