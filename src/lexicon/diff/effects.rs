//! What a changed row does to others: to the same row of another layer, and to shorter terms that it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::rows::Pair;
use super::{Effect, RowChange};
use crate::lexicon::category::Category;
use crate::lexicon::kind::{Kind, Layer, Mode};
use crate::lexicon::lint::inner;
use crate::lexicon::row::{Row, Spelling, ToldRow};
use crate::lexicon::stock::Stock;

/// Adds to each change what it does to others.
pub(super) fn of(changes: Vec<Pair<'_>>, before: &Stock, after: &Stock) -> Vec<RowChange> {
    let (before, after) = (Standings::of(before), Standings::of(after));
    let told = |pair: Pair<'_>| {
        let effects = effects(&pair, &before, &after);
        RowChange { effects, ..pair.told() }
    };
    changes.into_iter().map(told).collect()
}

fn effects(pair: &Pair<'_>, before: &Standings<'_>, after: &Standings<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let stood = pair.before.and_then(|row| before.effect_of(row));
    let stands = pair.after.and_then(|row| after.effect_of(row));
    if stands.is_some() && !same(stands.as_ref(), stood.as_ref()) {
        effects.extend(stands);
    }
    // What it won over or switched off counts again, unless the change put another row above that.
    if let Some(row) = pair.before.filter(|row| before.is_top(row))
        && let Some(heir) = after.top(row)
        && heir.layer < row.layer
        && !heir.off
        && pair.after.is_none_or(|after| !std::ptr::eq(after, heir))
    {
        effects.push(Effect::Restores(heir.told()));
    }
    let held = pair.before.filter(|row| before.has(row)).map(words).unwrap_or_default();
    let holds = pair.after.filter(|row| after.has(row)).map(words).unwrap_or_default();
    let row = pair.row();
    let outdone = after.shorter_than(row, holds.difference(&held));
    if !outdone.is_empty() {
        effects.push(Effect::LongerThan(outdone));
    }
    let freed = after.shorter_than(row, held.difference(&holds));
    if !freed.is_empty() {
        effects.push(Effect::MakesRoomFor(freed));
    }
    effects
}

/// Whether two effects are of one sort on one row, wherever its line is now.
fn same(one: Option<&Effect>, other: Option<&Effect>) -> bool {
    let key = |effect: &Effect| match effect {
        Effect::WinsOver(row) => (0, row.layer),
        Effect::SwitchesOff(row) => (1, row.layer),
        Effect::OverruledBy(row) => (2, row.layer),
        Effect::Restores(row) => (3, row.layer),
        Effect::LongerThan(_) | Effect::MakesRoomFor(_) => (4, Layer::Builtin),
    };
    one.map(key) == other.map(key)
}

/// The literals of a row, of one part each.
fn words(row: &Row) -> BTreeSet<String> {
    let literal = |spelling: &Spelling| spelling.parts.len() == 1;
    row.spellings().into_iter().filter(literal).flat_map(|spelling| spelling.parts).collect()
}

type Key = (String, String, Kind, Mode);

/// Which row of each term counts, and by which words.
struct Standings<'a> {
    /// By what makes rows the same: the rows of all layers, lowest first.
    layers: BTreeMap<Key, Vec<&'a Row>>,
    /// By category, kind and word: the row in force that is found by it.
    words: BTreeMap<(Option<Category>, Kind), BTreeMap<String, &'a Row>>,
}

impl<'a> Standings<'a> {
    fn of(stock: &'a Stock) -> Self {
        let mut layers: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
        for row in &stock.rows {
            layers.entry(row.key()).or_default().push(row);
        }
        let mut words_of: BTreeMap<_, BTreeMap<String, &Row>> = BTreeMap::new();
        for rows in layers.values_mut() {
            rows.sort_by_key(|row| row.layer);
            let Some(top) = rows.last().filter(|row| !row.off) else { continue };
            let known = words_of.entry((top.category, top.kind)).or_default();
            known.extend(words(top).into_iter().map(|word| (word, *top)));
        }
        Self { layers, words: words_of }
    }

    /// The row that decides for its term: it counts, or switches off.
    fn top(&self, row: &Row) -> Option<&'a Row> {
        self.layers.get(&row.key())?.last().copied()
    }

    /// Whether a row of this set decides for its term.
    fn is_top(&self, row: &Row) -> bool {
        self.top(row).is_some_and(|top| top.layer == row.layer)
    }

    /// Whether a row of this set counts.
    fn has(&self, row: &Row) -> bool {
        !row.off && self.is_top(row)
    }

    /// What a row of this set does to the same row of other layers, or they to it.
    fn effect_of(&self, row: &Row) -> Option<Effect> {
        let rows = self.layers.get(&row.key())?;
        let top = rows.last()?;
        if top.layer > row.layer {
            return Some(Effect::OverruledBy(top.told()));
        }
        let below = rows.iter().rev().find(|other| other.layer < row.layer && !other.off)?;
        Some(if row.off { Effect::SwitchesOff(below.told()) } else { Effect::WinsOver(below.told()) })
    }

    /// The rows in force of a row's category and kind that are found by a part of one of `words`.
    fn shorter_than<'w>(&self, row: &Row, words: impl Iterator<Item = &'w String>) -> Vec<ToldRow> {
        let Some(known) = self.words.get(&(row.category, row.kind)) else { return Vec::new() };
        let mut found: BTreeMap<(&str, u32), &Row> = BTreeMap::new();
        for other in words.flat_map(|word| inner(word)).filter_map(|part| known.get(part)) {
            if other.key() != row.key() {
                found.insert((&other.dictionary, other.line), other);
            }
        }
        found.into_values().map(Row::told).collect()
    }
}
