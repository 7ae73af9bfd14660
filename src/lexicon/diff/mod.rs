//! How two sets of dictionaries differ: rows, places, and what is decided about categories.
//!
//! Files are compared by what they say, not by their lines: order, comments and blank lines play no part. A
//! row is the same row if layer, term, category, kind and mode are; of those that are only on one side, two
//! that differ in one of these are taken for one row that changed. What a row does to others of its term in
//! other layers, and to shorter terms, is told as an [`Effect`].

mod cells;
mod effects;
mod rows;

use jiff::civil::Date;
use serde::Serialize;

use crate::lexicon::fault::{Faults, Findings};
use crate::lexicon::lint;
use crate::lexicon::row::ToldRow;
use crate::lexicon::shelf::Shelf;
use crate::lexicon::stock::Stock;

pub use cells::{Cell, Field};

/// What differs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// How much of each.
    pub counts: Counts,
    /// Rows that are new, gone or changed: by file, category and term.
    pub rows: Vec<RowChange>,
    /// Places that are new, gone or changed, by name.
    pub places: Vec<PlaceChange>,
    /// Settings of categories, of their parts and of departments that are new, gone or changed.
    pub settings: Vec<SettingChange>,
}

/// How much differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that are new.
    pub added: usize,
    /// Rows that are gone.
    pub removed: usize,
    /// Rows that say something else.
    pub changed: usize,
    /// Of those that changed: weight up.
    pub heavier: usize,
    /// Of those that changed: weight down.
    pub lighter: usize,
    /// Rows that now win over the same row of a lower layer.
    pub winning: usize,
    /// Rows that are now switched off by a higher layer.
    pub switched_off: usize,
    /// Places that are new, gone or changed.
    pub places: usize,
    /// Settings that are new, gone or changed.
    pub settings: usize,
}

/// A row that is new, gone or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChange {
    /// The row as it was; `None` if it is new.
    pub before: Option<ToldRow>,
    /// The row as it is; `None` if it is gone.
    pub after: Option<ToldRow>,
    /// The cells that say something else; none for a row that is new or gone.
    pub cells: Vec<Cell>,
    /// What the change does to other rows, or they to it.
    pub effects: Vec<Effect>,
}

/// What a changed row does to other rows, or they to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It counts instead of the same row of a lower layer.
    WinsOver(ToldRow),
    /// It switches off the same row of a lower layer.
    SwitchesOff(ToldRow),
    /// It has no effect: the same row of a higher layer counts, or switches it off.
    OverruledBy(ToldRow),
    /// Without it the same row of a lower layer counts again.
    Restores(ToldRow),
    /// Where it is found these shorter rows of its category and kind count no more.
    LongerThan(Vec<ToldRow>),
    /// Where it was found these shorter rows of its category and kind count again.
    MakesRoomFor(Vec<ToldRow>),
}

/// A place that is new, gone or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaceChange {
    /// Its name.
    pub name: String,
    /// The place it lies in; empty if in none.
    pub parent: String,
    /// Whether it is on both sides.
    pub sides: Sides,
    /// What of it is something else.
    pub cells: Vec<Cell>,
}

/// A setting of a category or department that is new, gone or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SettingChange {
    /// `utilities`, `health.fee`, `departments.water`.
    pub id: String,
    /// Whether it is on both sides.
    pub sides: Sides,
    /// What of it is something else.
    pub cells: Vec<Cell>,
    /// Rows that state no weight, so that theirs follows that of the category.
    pub following: usize,
}

/// On which sides something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sides {
    /// Only after: it is new.
    Added,
    /// Only before: it is gone.
    Removed,
    /// On both.
    Changed,
}

impl Difference {
    /// Compares two shelves. `today` decides only whether temporary rows are sound.
    ///
    /// # Errors
    /// The faults of the first shelf that has any.
    pub fn between(before: &Shelf, after: &Shelf, today: Date) -> Result<Self, Faults> {
        let (before, after) = (sound(before, today)?, sound(after, today)?);
        let compared = rows::compare(&before, &after);
        let mut settings = cells::settings(&before.categories, &after.categories);
        for (id, following) in compared.following {
            if let Some(setting) = settings.iter_mut().find(|setting| setting.id == id) {
                setting.following = following;
            }
        }
        let mut difference = Self {
            counts: Counts::default(),
            rows: effects::of(compared.changes, &before, &after),
            places: cells::places(&before.places, &after.places),
            settings,
        };
        difference.counts = difference.counted();
        Ok(difference)
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.places.is_empty() && self.settings.is_empty()
    }

    fn counted(&self) -> Counts {
        let rows = |wanted: &dyn Fn(&RowChange) -> bool| self.rows.iter().filter(|row| wanted(row)).count();
        let effects = |wanted: &dyn Fn(&Effect) -> bool| rows(&|row| row.effects.iter().any(wanted));
        Counts {
            added: rows(&|row| row.before.is_none()),
            removed: rows(&|row| row.after.is_none()),
            changed: rows(&|row| row.before.is_some() && row.after.is_some()),
            heavier: rows(&|row| row.rise() > 0.0),
            lighter: rows(&|row| row.rise() < 0.0),
            winning: effects(&|effect| matches!(effect, Effect::WinsOver(_))),
            switched_off: effects(&|effect| matches!(effect, Effect::SwitchesOff(_))),
            places: self.places.len(),
            settings: self.settings.len(),
        }
    }
}

impl RowChange {
    /// The row as it is, or as it was if it is gone.
    pub fn row(&self) -> &ToldRow {
        self.after.as_ref().or(self.before.as_ref()).expect("a change has a side")
    }

    /// By how much its weight rose; negative if it fell, 0 if it did not change, or only with its category's.
    pub fn rise(&self) -> f64 {
        let weight = self.cells.iter().find(|cell| cell.field == Field::Weight);
        let rise = weight.and_then(|cell| {
            let (before, after): (f64, f64) = (cell.before.parse().ok()?, cell.after.parse().ok()?);
            Some(after - before)
        });
        rise.unwrap_or_default()
    }
}

/// What a shelf says, if it would be put in force.
fn sound(shelf: &Shelf, today: Date) -> Result<Stock, Faults> {
    let mut findings = Findings::default();
    let stock = Stock::read(shelf, today, &mut findings);
    lint::check(&stock.rows, today, &mut findings);
    findings.finish().map(|_| stock)
}

#[cfg(test)]
mod tests;
