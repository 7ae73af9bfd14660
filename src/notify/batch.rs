//! What is told in one message: one notification, or several to the same receiver together, a digest.

use std::cmp::Reverse;

use super::{Notification, NotificationKey};
use crate::assess::Grade;

/// At least one notification, all to the same mailbox or receiver, in the order in which they were decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch(Vec<Notification>);

impl Batch {
    /// One alone.
    pub fn one(notification: Notification) -> Self {
        Self(vec![notification])
    }

    /// Several; `None` of none.
    pub fn of(notifications: Vec<Notification>) -> Option<Self> {
        if notifications.is_empty() { None } else { Some(Self(notifications)) }
    }

    /// The only one, if it is no digest.
    pub fn single(&self) -> Option<&Notification> {
        if let [one] = self.0.as_slice() { Some(one) } else { None }
    }

    /// The first to be decided.
    pub fn first(&self) -> &Notification {
        &self.0[0]
    }

    /// All.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Notification> {
        self.0.iter()
    }

    /// The gravest grade it tells of.
    pub fn gravest(&self) -> Grade {
        self.0.iter().map(|one| one.brief.grade).max().unwrap_or(Grade::Blue)
    }

    /// All, the gravest first, else in the order in which they were decided.
    pub fn gravest_first(&self) -> Vec<&Notification> {
        let mut told: Vec<&Notification> = self.0.iter().collect();
        told.sort_by_key(|notification| Reverse(notification.brief.grade));
        told
    }

    /// The key of the message: that of the only notification; a digest's is made of all its keys, so that it is the
    /// same in every try of the same digest (promise R3).
    pub fn key(&self) -> NotificationKey {
        if let [one] = self.0.as_slice() {
            return one.key.clone();
        }
        let mut hasher = blake3::Hasher::new();
        for notification in &self.0 {
            hasher.update(notification.key.as_str().as_bytes());
        }
        NotificationKey(hasher.finalize().to_hex()[..32].to_owned())
    }
}
