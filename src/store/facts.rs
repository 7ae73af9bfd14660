//! Fact cards: what the desk said last of the claim of each event.

use crate::incident::FactCard;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::{Store, StoreError};

impl Store {
    /// The card of an event, if it has one.
    pub fn fact(&self, event: u64) -> Result<Option<FactCard>, StoreError> {
        self.get(&key(event))
    }

    /// All cards, the latest first.
    pub fn facts(&self) -> Result<Vec<FactCard>, StoreError> {
        let mut cards = Vec::new();
        for pair in self.scan_after(&Table::Fact.key(), None)? {
            cards.push(self.read::<FactCard>(&pair?.1)?);
        }
        cards.sort_by(|one, other| other.at.cmp(&one.at).then(one.event.cmp(&other.event)));
        Ok(cards)
    }
}

/// Folds a card: it takes the place of the one before.
pub(super) fn stated(draft: &mut Draft<'_>, card: &FactCard) {
    draft.put(key(card.event), card);
}

fn key(event: u64) -> Key {
    Table::Fact.key().number(event)
}
