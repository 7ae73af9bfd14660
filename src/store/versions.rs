//! Which dictionaries and rules were in force at which place of the journal, and which texts were judged again
//! later, so that a rebuild judges every post as it stands judged now, and concludes from it what was concluded then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::Sequence;
use crate::journal::record::Rescored;

use super::draft::Draft;
use super::keys::{Key, Table};
use super::posts::PostState;
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

/// Places of the journal, the last one included, that another version judges than the one in force there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Again {
    to: Sequence,
    by: InForce,
}

/// A stretch of the journal: its first and its last place.
pub type Stretch = (Sequence, Sequence);

impl Store {
    /// The dictionaries that judge a text now: those of the last rescore that covers it, else those in force when it
    /// came. `None` before the first were.
    pub fn lexicon_at(&self, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        match self.lexicon_again(sequence)? {
            Some(again) => Ok(Some(again)),
            None => self.lexicon_then(sequence),
        }
    }

    /// The dictionaries of the last rescore that covers a text, if one does.
    pub fn lexicon_again(&self, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        let (begin, after) = up_to(Table::JudgedAgain, sequence);
        let last = self.range(&begin, &after).next_back().transpose()?;
        let again: Option<Again> = last.map(|(_, value)| self.read(&value)).transpose()?;
        Ok(again.filter(|again| sequence <= again.to).map(|again| again.by))
    }

    /// The dictionaries in force when a record was written, whatever judges it now; `None` before the first were.
    pub fn lexicon_then(&self, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
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

    /// The rescores that were asked for after a record, with the record of each, in order.
    pub fn rescores_after(&self, record: Sequence) -> Result<Vec<(Sequence, Rescored)>, StoreError> {
        let table = Table::Rescore.key();
        let (from, end) = (table.clone().number(record.next().0), table.number(u64::MAX));
        let read = |(key, value): (sled::IVec, sled::IVec)| {
            let place = key[1..].try_into().expect("a number has eight bytes");
            Ok((Sequence(u64::from_be_bytes(place)), self.read(&value)?))
        };
        self.range(&from, &end).map(|pair| pair.and_then(read)).collect()
    }

    /// The stretch that holds every post first seen at or after `since` and before `until`; `None` if there is none.
    /// Reads what is known of all posts.
    pub fn first_seen_within(
        &self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Option<Stretch>, StoreError> {
        let mut stretch: Option<Stretch> = None;
        for pair in self.scan(&Table::Post.key()) {
            let state: PostState = self.read(&pair?.1)?;
            let seen = state.first_seen;
            if since.is_none_or(|since| seen >= since) && until.is_none_or(|until| seen < until) {
                let (from, to) = stretch.unwrap_or((state.found, state.found));
                stretch = Some((from.min(state.found), to.max(state.found)));
            }
        }
        Ok(stretch)
    }

    /// How many posts have their latest text in one of these stretches, and are still to be found. Reads what is known
    /// of all posts.
    pub fn texts_within(&self, stretches: &[Stretch]) -> Result<u64, StoreError> {
        let mut texts = 0;
        for pair in self.scan(&Table::Post.key()) {
            let state: PostState = self.read(&pair?.1)?;
            let within = |(from, to): &Stretch| (*from..=*to).contains(&state.text_at());
            texts += u64::from(!state.is_gone() && stretches.iter().any(within));
        }
        Ok(texts)
    }

    fn in_force(&self, table: Table, sequence: Sequence) -> Result<Option<InForce>, StoreError> {
        let (begin, after) = up_to(table, sequence);
        self.range(&begin, &after).next_back().transpose()?.map(|(_, value)| self.read(&value)).transpose()
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

/// Folds a rescore. The stretches stay apart: what an earlier one said of these places is cut out.
pub(super) fn rescored(
    draft: &mut Draft<'_>,
    sequence: Sequence,
    rescored: &Rescored,
) -> Result<(), StoreError> {
    draft.put(Table::Rescore.key().number(sequence.0), rescored);
    if rescored.from > rescored.to {
        return Ok(());
    }
    let (begin, after) = up_to(Table::JudgedAgain, rescored.to);
    for key in draft.keys(&begin, &after)? {
        let key = Key(key);
        let Some(old) = draft.get::<Again>(&key)?.filter(|old| old.to >= rescored.from) else { continue };
        if old.to > rescored.to {
            draft.put(again_key(rescored.to.next()), &old);
        }
        if key < again_key(rescored.from) {
            draft.put(key, &Again { to: Sequence(rescored.from.0 - 1), ..old });
        } else {
            draft.remove(key);
        }
    }
    let by = InForce { version: rescored.version.clone(), since: sequence, at: rescored.at };
    draft.put(again_key(rescored.from), &Again { to: rescored.to, by });
    Ok(())
}

fn took_effect(draft: &mut Draft<'_>, table: Table, since: Sequence, version: &str, at: Timestamp) {
    draft.put(table.key().number(since.0), &InForce { version: version.to_owned(), since, at });
}

fn again_key(from: Sequence) -> Key {
    Table::JudgedAgain.key().number(from.0)
}

/// The bounds of a table's keys up to and with a place.
fn up_to(table: Table, sequence: Sequence) -> (Key, Key) {
    (table.key(), table.key().number(sequence.0).bytes(&[0]))
}
