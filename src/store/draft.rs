//! Changes that are to happen together: read through, written at once.
//!
//! A [`Draft`] collects what a run of records changes. It reads its own writes before those of the
//! tree, so that folding ten records in one draft gives what ten drafts would give. [`Draft::commit`]
//! writes all of it as one sled batch, which survives a crash whole or not at all.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use sled::IVec;

use super::StoreError;
use super::codec::{decode, encode};
use super::keys::Key;

/// Changes not yet written.
pub(super) struct Draft<'a> {
    tree: &'a sled::Tree,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(tree: &'a sled::Tree) -> Self {
        Self { tree, writes: BTreeMap::new() }
    }

    /// The value as it will be once this draft is written.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        match self.writes.get(&key.0) {
            Some(written) => Ok(written.as_deref().map(decode).transpose()?),
            None => Ok(self.tree.get(&key.0)?.as_deref().map(decode).transpose()?),
        }
    }

    /// Whether there will be a value.
    pub(super) fn contains(&self, key: &Key) -> Result<bool, StoreError> {
        match self.writes.get(&key.0) {
            Some(written) => Ok(written.is_some()),
            None => Ok(self.tree.contains_key(&key.0)?),
        }
    }

    /// Sets a value.
    pub(super) fn put<T: Serialize>(&mut self, key: Key, value: &T) {
        self.writes.insert(key.0, Some(encode(value)));
    }

    /// Sets a key that says all by being there.
    pub(super) fn mark(&mut self, key: Key) {
        self.writes.insert(key.0, Some(Vec::new()));
    }

    /// Takes a key away, whether or not it is there.
    pub(super) fn remove(&mut self, key: Key) {
        self.writes.insert(key.0, None);
    }

    /// Adds to a number that is 0 where it is not set.
    pub(super) fn add(&mut self, key: Key, more: i64) -> Result<(), StoreError> {
        let number: u64 = self.get(&key)?.unwrap_or(0);
        self.put(key, &number.saturating_add_signed(more));
        Ok(())
    }

    /// The keys from `from` up to but without `to`, as they will be once this draft is written.
    pub(super) fn keys(&self, from: &Key, to: &Key) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        for key in self.tree.range(&from.0[..]..&to.0[..]).keys() {
            keys.insert(key?.to_vec(), true);
        }
        for (key, written) in self.writes.range(from.0.clone()..to.0.clone()) {
            keys.insert(key.clone(), written.is_some());
        }
        Ok(keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect())
    }

    /// The last key of a table from which nothing is ever taken away, between `from` and `to`.
    pub(super) fn last(&self, from: &Key, to: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        let written = self.writes.range(from.0.clone()..to.0.clone()).next_back();
        let stored = self.tree.range(&from.0[..]..&to.0[..]).keys().next_back().transpose()?;
        Ok(written.map(|(key, _)| key.clone()).max(stored.map(|key| key.to_vec())))
    }

    /// Writes everything, or nothing.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in self.writes {
            match value {
                Some(value) => batch.insert(IVec::from(key), value),
                None => batch.remove(IVec::from(key)),
            }
        }
        Ok(self.tree.apply_batch(batch)?)
    }
}
