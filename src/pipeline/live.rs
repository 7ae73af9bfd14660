//! What the desk sees without asking: changes as they happen, for server-sent events.
//!
//! The last events are kept, so that a browser that lost its connection goes on where it was. One
//! that was away longer is told so and loads the page anew.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::Stream;
use serde_json::Value;
use tokio::sync::broadcast;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

const KEPT: usize = 1_000;

/// Tells of changes; clones share everything.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    recent: Mutex<Recent>,
    sender: broadcast::Sender<LiveEvent>,
}

struct Recent {
    next: u64,
    events: VecDeque<LiveEvent>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveEvent {
    /// Increases by one; `Last-Event-ID`.
    pub id: u64,
    /// What changed.
    pub kind: LiveKind,
    /// The change, as the API shows it.
    pub data: Arc<Value>,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveKind {
    /// An incident opened or changed.
    Incident,
    /// A topic rises, or rises further.
    Topic,
    /// An event is spoken of.
    Event,
    /// A source was looked at.
    Source,
    /// A notification was tried.
    Notification,
    /// Some events were missed: load everything anew.
    Reload,
}

impl LiveKind {
    /// The `event:` of the stream.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Topic => "topic",
            Self::Event => "event",
            Self::Source => "source",
            Self::Notification => "notification",
            Self::Reload => "reload",
        }
    }
}

impl Live {
    /// With nothing told yet. `first` is the id of the first event: one that grows from start to
    /// start, so that an id from before a restart is not mistaken for one of now.
    pub fn new(first: u64) -> Self {
        let recent = Mutex::new(Recent { next: first, events: VecDeque::new() });
        Self(Arc::new(Shared { recent, sender: broadcast::Sender::new(KEPT) }))
    }

    /// Tells everyone who listens.
    pub fn tell(&self, kind: LiveKind, data: Value) {
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let event = LiveEvent { id: recent.next, kind, data: Arc::new(data) };
        recent.next += 1;
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(event.clone());
        // Sent under the lock, so that listeners see the ids in order. Nobody listening is no fault.
        drop(self.0.sender.send(event));
    }

    /// What follows event `after`, or what is told from now on.
    pub fn listen(&self, after: Option<u64>) -> impl Stream<Item = LiveEvent> + Send + use<> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.0.sender.subscribe();
        let missed: Vec<LiveEvent> = match after {
            None => Vec::new(),
            Some(after) => {
                let oldest = recent.events.front().map_or(recent.next, |event| event.id);
                if after + 1 < oldest || after >= recent.next {
                    vec![reload(recent.next.saturating_sub(1))]
                } else {
                    recent.events.iter().filter(|event| event.id > after).cloned().collect()
                }
            }
        };
        // A listener too slow for the channel has missed some.
        let new = BroadcastStream::new(receiver).map(|event| event.unwrap_or_else(|_lagged| reload(0)));
        tokio_stream::iter(missed).chain(new)
    }
}

fn reload(id: u64) -> LiveEvent {
    LiveEvent { id, kind: LiveKind::Reload, data: Arc::new(Value::Null) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_goes_on_where_it_was() {
        let live = Live::new(100);
        for number in 0..3 {
            live.tell(LiveKind::Incident, number.into());
        }
        let ids = |after| {
            let live = live.clone();
            async move {
                let heard = live.listen(after);
                live.tell(LiveKind::Source, Value::Null);
                let mut heard = std::pin::pin!(heard);
                let first = heard.next().await.unwrap();
                (first.id, first.kind)
            }
        };
        assert_eq!(ids(Some(100)).await, (101, LiveKind::Incident));
        assert_eq!(ids(None).await, (104, LiveKind::Source));
        assert_eq!(ids(Some(7)).await.1, LiveKind::Reload, "from before the start");
        assert_eq!(ids(Some(9_000)).await.1, LiveKind::Reload, "from another life");
    }
}
