//! Which rows of two sets of dictionaries are the same row, and which of those say something else.

use std::collections::BTreeMap;

use super::cells::{Field, differing, of_row};
use super::{Cell, RowChange};
use crate::lexicon::kind::{Kind, Layer, Mode};
use crate::lexicon::row::Row;
use crate::lexicon::stock::Stock;

/// What the comparison of rows gives.
pub(super) struct Compared<'a> {
    /// The rows that differ: by file, category and term.
    pub(super) changes: Vec<Pair<'a>>,
    /// By category or part of one: rows whose weight only follows its weight.
    pub(super) following: BTreeMap<String, usize>,
}

/// A row on its two sides; at least one is there.
pub(super) struct Pair<'a> {
    pub(super) before: Option<&'a Row>,
    pub(super) after: Option<&'a Row>,
    pub(super) cells: Vec<Cell>,
}

impl<'a> Pair<'a> {
    /// The row as it is, or as it was if it is gone.
    pub(super) fn row(&self) -> &'a Row {
        self.after.or(self.before).expect("a pair has a side")
    }

    /// The change, but for its effects.
    pub(super) fn told(self) -> RowChange {
        RowChange {
            before: self.before.map(Row::told),
            after: self.after.map(Row::told),
            cells: self.cells,
            effects: Vec::new(),
        }
    }
}

/// By what two rows are taken for one, from the surest to the least sure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    term: String,
    subject: Option<String>,
    kind: Option<Kind>,
    mode: Option<Mode>,
    layer: Option<Layer>,
}

/// Which of term, category, kind, mode and layer must be the same.
#[derive(Clone, Copy)]
enum By {
    All,
    AllButMode,
    AllButLayer,
    AllButCategory,
    AllButKind,
}

impl By {
    const EACH: [Self; 5] =
        [Self::All, Self::AllButMode, Self::AllButLayer, Self::AllButCategory, Self::AllButKind];

    fn identity(self, row: &Row) -> Identity {
        let (subject, parts, kind, mode) = row.key();
        let whole = Identity {
            term: parts,
            subject: Some(subject),
            kind: Some(kind),
            mode: Some(mode),
            layer: Some(row.layer),
        };
        match self {
            Self::All => whole,
            Self::AllButMode => Identity { mode: None, ..whole },
            Self::AllButLayer => Identity { layer: None, ..whole },
            Self::AllButCategory => Identity { subject: None, ..whole },
            Self::AllButKind => Identity { kind: None, ..whole },
        }
    }
}

/// Compares the rows of two sets.
pub(super) fn compare<'a>(before: &'a Stock, after: &'a Stock) -> Compared<'a> {
    let mut gone: Vec<&Row> = before.rows.iter().collect();
    let mut new: Vec<&Row> = after.rows.iter().collect();
    let mut compared = Compared { changes: Vec::new(), following: BTreeMap::new() };
    for by in By::EACH {
        for (one, other) in pairs(by, &mut gone, &mut new) {
            let mut cells = differing(&of_row(one), &of_row(other));
            if follows(one, before) && follows(other, after) {
                let following = cells.len();
                cells.retain(|cell| cell.field != Field::Weight);
                if cells.len() < following {
                    *compared.following.entry(weighed_by(other, after)).or_default() += 1;
                }
            }
            if !cells.is_empty() {
                compared.changes.push(Pair { before: Some(one), after: Some(other), cells });
            }
        }
    }
    let removed = gone.into_iter().map(|row| Pair { before: Some(row), after: None, cells: Vec::new() });
    let added = new.into_iter().map(|row| Pair { before: None, after: Some(row), cells: Vec::new() });
    compared.changes.extend(removed.chain(added));
    compared.changes.sort_by_cached_key(|pair| {
        let row = pair.row();
        (row.dictionary.clone(), row.subject(), row.term.clone(), row.kind, row.mode, row.line)
    });
    compared
}

/// Takes out of both lists what is the same by `by`, in pairs.
fn pairs<'a>(by: By, gone: &mut Vec<&'a Row>, new: &mut Vec<&'a Row>) -> Vec<(&'a Row, &'a Row)> {
    let mut waiting: BTreeMap<Identity, Vec<&Row>> = BTreeMap::new();
    for row in gone.drain(..).rev() {
        waiting.entry(by.identity(row)).or_default().push(row);
    }
    let mut found = Vec::new();
    new.retain(|row| match waiting.get_mut(&by.identity(row)).and_then(Vec::pop) {
        Some(counterpart) => {
            found.push((counterpart, *row));
            false
        }
        None => true,
    });
    gone.extend(waiting.into_values().flatten());
    found
}

/// Whether the weight of a row is that of its category: it states none, or might as well.
fn follows(row: &Row, stock: &Stock) -> bool {
    let of_category = |category| stock.categories.weight(category, row.sub.as_deref());
    row.kind == Kind::Topic && row.category.is_some_and(|c| of_category(c).total_cmp(&row.weight).is_eq())
}

/// The id of the setting that a row's weight follows: that of the part if it states a weight, else the category's.
fn weighed_by(row: &Row, stock: &Stock) -> String {
    let Some(category) = row.category else { return row.subject() };
    let part = row.sub.as_ref().and_then(|sub| stock.categories.get(category).sub.get(sub));
    if part.is_some_and(|part| part.weight.is_some()) { row.subject() } else { category.to_string() }
}
