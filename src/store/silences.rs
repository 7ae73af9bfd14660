//! Silences: what somebody at the desk does not want to be told for a while.

use crate::notify::policy::Silence;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Store, StoreError};

impl Store {
    /// All silences, those that end last first.
    pub fn silences(&self) -> Result<Vec<Silence>, StoreError> {
        let mut silences = Vec::new();
        for pair in self.scan(&Table::Silence.key()) {
            silences.push(self.read::<Silence>(&pair?.1)?);
        }
        silences.sort_by(|one, other| other.ends().cmp(&one.ends()).then(one.id.cmp(&other.id)));
        Ok(silences)
    }
}

/// Folds a silence: it takes the place of what was said of it before.
pub(super) fn said(draft: &mut Draft<'_>, silence: &Silence) {
    draft.put(key(silence), silence);
}

fn key(silence: &Silence) -> Key {
    Table::Silence.key().last(silence.id.as_str())
}
