//! What happened, for those who read: the detector's events as they were at its latest round.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::detect::Detector;
use crate::detect::event::{Event, Forecast, Score};

/// Most events shown.
const SHOWN: usize = 300;

/// The events that concern the desk, the gravest and hottest first; clones share everything.
#[derive(Clone, Default)]
pub struct EventsNow(Arc<Latest>);

#[derive(Default)]
struct Latest {
    events: ArcSwap<Vec<Arc<EventNow>>>,
    /// Told when there are others.
    changed: Notify,
}

/// An event as it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct EventNow {
    /// The event.
    pub event: Event,
    /// How weighty it is.
    pub score: Score,
    /// What is to be expected of it; empty where too little is known.
    pub forecast: Vec<Forecast>,
    /// The time that its figures are of, in seconds since 1970.
    pub at: u32,
}

impl EventsNow {
    /// The events now.
    pub fn current(&self) -> Arc<Vec<Arc<EventNow>>> {
        self.0.events.load_full()
    }

    /// One of them.
    pub fn one(&self, id: &str) -> Option<Arc<EventNow>> {
        self.0.events.load().iter().find(|now| now.event.id_text() == id).cloned()
    }

    /// Waits until the events are such, at most so long; says whether they are.
    pub async fn until(&self, such: impl Fn(&[Arc<EventNow>]) -> bool, patience: Duration) -> bool {
        let waiting = async {
            loop {
                let changed = self.0.changed.notified();
                if such(&self.current()) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok()
    }

    /// Shows what the detector holds: of what two or more speak, and that one post of which is graded.
    pub(super) fn show(&self, detector: &Detector) {
        let events = detector.events();
        let (at, grades) = (events.now(), events.config().grades);
        let told = events.current().filter(|event| event.posts > 1 && event.subject().is_some());
        let mut ranked: Vec<(Score, f32, &Event)> =
            told.map(|event| (event.score(at, &grades), event.heat(at), event)).collect();
        ranked.sort_by(|one, other| {
            let grade = other.0.grade.cmp(&one.0.grade);
            grade.then(other.1.total_cmp(&one.1)).then(one.2.id.cmp(&other.2.id))
        });
        ranked.truncate(SHOWN);
        let now = ranked.into_iter().map(|(score, _, event)| {
            Arc::new(EventNow { event: event.clone(), score, forecast: events.forecast(event), at })
        });
        self.0.events.store(Arc::new(now.collect()));
        self.0.changed.notify_waiters();
    }
}
