//! Hand-overs of shifts, each as it stands now.

use crate::incident::Handover;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Store, StoreError};

impl Store {
    /// The latest hand-overs, the latest first, at most `most`: each holds its whole pack.
    pub fn handovers(&self, most: usize) -> Result<Vec<Handover>, StoreError> {
        // Their names begin with the time.
        let latest = self.scan(&Table::Handover.key()).rev().take(most);
        latest.map(|pair| self.read(&pair?.1)).collect()
    }
}

/// Folds a hand-over: it takes the place of what was known of it.
pub(super) fn handed(draft: &mut Draft<'_>, handover: &Handover) {
    draft.put(key(handover), handover);
}

fn key(handover: &Handover) -> Key {
    Table::Handover.key().last(handover.id.as_str())
}
