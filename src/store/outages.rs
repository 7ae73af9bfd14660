//! What cannot be heard now, by the rules on sources.

use crate::alert::Outage;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Store, StoreError};

impl Store {
    /// What was told and is not over.
    pub fn outages(&self) -> Result<Vec<Outage>, StoreError> {
        self.scan(&Table::Outage.key()).map(|pair| self.read(&pair?.1)).collect()
    }
}

/// Folds what was told of one: it is there until it is over.
pub(super) fn told(draft: &mut Draft<'_>, outage: &Outage) {
    match outage.over_at {
        None => draft.put(key(outage), outage),
        Some(_) => draft.remove(key(outage)),
    }
}

fn key(outage: &Outage) -> Key {
    let source = outage.source.as_ref().map(ToString::to_string).unwrap_or_default();
    Table::Outage.key().text(&outage.rule).last(&source)
}
