//! What the sinks took, kept for people to read.
//!
//! An [`Inbox`] holds the last 500 messages and counts all of them. It is a handle: clones share one inbox.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// Messages kept; older ones are dropped, their count stays.
pub const KEPT: usize = 500;

/// The messages that the sinks of the demo took.
#[derive(Debug, Clone, Default)]
pub struct Inbox(Arc<Mutex<Kept>>);

/// One message as it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InboxMessage {
    /// When it was taken.
    pub at: Timestamp,
    /// By which way it came.
    pub channel: Channel,
    /// The recipients of a mail's envelope, or the path that a webhook was sent to.
    pub to: Vec<String>,
    /// A mail's subject, or the summary of a webhook's first alert; may be empty.
    pub subject: String,
    /// The plain text of a mail, or a webhook's JSON, indented.
    pub text: String,
    /// The HTML of a mail. Written by strangers in part: show it only in a sandbox.
    pub html: Option<String>,
    /// Headers in their order, as they came.
    pub headers: Vec<(String, String)>,
    /// All that came: a mail with its headers, or a webhook's body. Bytes that are no UTF-8 are replaced.
    pub body: String,
}

/// The ways by which a message may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// SMTP.
    Mail,
    /// HTTP with a signature.
    Webhook,
}

#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Arc<InboxMessage>>,
    counts: BTreeMap<Channel, u64>,
}

impl Inbox {
    /// The messages kept, newest first.
    pub fn messages(&self) -> Vec<Arc<InboxMessage>> {
        self.with(|kept| kept.messages.iter().rev().cloned().collect())
    }

    /// How many came by a channel, those no longer kept included.
    pub fn count(&self, channel: Channel) -> u64 {
        self.with(|kept| kept.counts.get(&channel).copied().unwrap_or_default())
    }

    pub(super) fn add(&self, message: InboxMessage) {
        self.with(|kept| {
            *kept.counts.entry(message.channel).or_default() += 1;
            if kept.messages.len() == KEPT {
                kept.messages.pop_front();
            }
            kept.messages.push_back(Arc::new(message));
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        // Nothing below can panic half-way, so what a poisoned lock guards is whole.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_all_are_counted() {
        let inbox = Inbox::default();
        for number in 0..KEPT + 3 {
            inbox.clone().add(InboxMessage {
                at: Timestamp::UNIX_EPOCH,
                channel: if number == 0 { Channel::Webhook } else { Channel::Mail },
                to: vec!["desk@hechuan.example".into()],
                subject: number.to_string(),
                text: String::new(),
                html: None,
                headers: Vec::new(),
                body: String::new(),
            });
        }
        let messages = inbox.messages();
        let subjects = (messages[0].subject.as_str(), messages[KEPT - 1].subject.as_str());
        assert_eq!((messages.len(), subjects), (KEPT, ("502", "3")));
        assert_eq!((inbox.count(Channel::Mail), inbox.count(Channel::Webhook)), (502, 1));
    }
}
