//! Who is logged in. Not in the journal: a lost session costs a log-in, nothing else.
//!
//! Ids are kept hashed (W4), so that whoever reads the store's file cannot take over a session. How
//! long a session lasts is for the caller to say.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::people::PersonName;

use super::codec::encode;
use super::keys::{Key, Table};
use super::{Store, StoreError};

/// SHA-256 of a session's id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKey(pub [u8; 32]);

/// Someone is logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub person: PersonName,
    /// Since when.
    pub opened_at: Timestamp,
    /// When they were last seen.
    pub seen_at: Timestamp,
}

impl Store {
    /// Begins a session.
    pub fn open_session(
        &self,
        key: SessionKey,
        person: PersonName,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_session(key, &Session { person, opened_at: now, seen_at: now })
    }

    /// A session, however old.
    pub fn session(&self, key: SessionKey) -> Result<Option<Session>, StoreError> {
        self.get(&session_key(key))
    }

    /// Notes that somebody is still there; a session that has ended stays ended.
    pub fn touch_session(&self, key: SessionKey, now: Timestamp) -> Result<(), StoreError> {
        let place = session_key(key);
        let Some(before) = self.tree().get(&place.0)? else { return Ok(()) };
        let session = Session { seen_at: now, ..self.read(&before)? };
        // Only what was read is replaced: a log-out in between wins.
        let swapped = self.tree().compare_and_swap(&place.0, Some(before), Some(encode(&session)))?;
        if swapped.is_err() {
            tracing::debug!("session changed while it was touched");
        }
        Ok(())
    }

    /// Ends a session.
    pub fn end_session(&self, key: SessionKey) -> Result<(), StoreError> {
        self.tree().remove(session_key(key).0)?;
        Ok(())
    }

    /// Ends all sessions of someone: their password or role changed, or they were disabled.
    pub fn end_sessions_of(&self, person: &PersonName) -> Result<(), StoreError> {
        self.end_sessions_where(|session| session.person == *person)
    }

    /// Ends all sessions opened before one time or last seen before another.
    pub fn sweep_sessions(&self, opened_before: Timestamp, seen_before: Timestamp) -> Result<(), StoreError> {
        self.end_sessions_where(|session| session.opened_at < opened_before || session.seen_at < seen_before)
    }

    fn end_sessions_where(&self, ends: impl Fn(&Session) -> bool) -> Result<(), StoreError> {
        for pair in self.scan(&Table::Session.key()) {
            let (key, value) = pair?;
            if ends(&self.read(&value)?) {
                self.tree().remove(key)?;
            }
        }
        Ok(())
    }

    fn write_session(&self, key: SessionKey, session: &Session) -> Result<(), StoreError> {
        self.tree().insert(session_key(key).0, encode(session))?;
        Ok(())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn session_key(key: SessionKey) -> Key {
    Table::Session.key().bytes(&key.0)
}
