//! Which dictionaries and rules were in force at which place of the journal, so that a rebuild
//! judges every post with what judged it first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::Sequence;

use super::draft::Draft;
use super::keys::Table;
use super::{Store, StoreError};

/// A version that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// First 12 hex digits of its hash.
    pub version: String,
    /// The record from which it holds.
    pub since: Sequence,
    /// When that was.
    pub at: Timestamp,
}

impl Store {
    /// The dictionaries in force for a record; `None` before the first were.
    pub fn lexicon_at(&self, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        self.in_force(Table::Lexicon, sequence)
    }

    /// The rules in force for a record; `None` before the first were.
    pub fn rules_at(&self, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        self.in_force(Table::Rules, sequence)
    }

    /// All versions of the dictionaries that ever took effect, in order.
    pub fn lexicons(&self) -> Result<Vec<InForce>, StoreError> {
        self.scan(&Table::Lexicon.key()).map(|pair| self.read(&pair?.1)).collect()
    }

    fn in_force(&self, table: Table, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        let after = table.key().number(sequence.0).bytes(&[0]);
        let last = self.range(&table.key(), &after).next_back().transpose()?;
        last.map(|(_, value)| self.read(&value)).transpose()
    }
}

/// Folds dictionaries that took effect.
pub(super) fn lexicon(draft: &mut Draft<'_>, sequence: Sequence, version: &str, at: Timestamp) {
    took_effect(draft, Table::Lexicon, sequence, version, at);
}

/// Folds rules that took effect.
pub(super) fn rules(draft: &mut Draft<'_>, sequence: Sequence, version: &str, at: Timestamp) {
    took_effect(draft, Table::Rules, sequence, version, at);
}

fn took_effect(draft: &mut Draft<'_>, table: Table, since: Sequence, version: &str, at: Timestamp) {
    draft.put(table.key().number(since.0), &InForce { version: version.to_owned(), since, at });
}
