//! What rows, places and settings say, cell by cell, as it stands in their files.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{PlaceChange, SettingChange, Sides};
use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::lexicon::kind::Mode;
use crate::lexicon::places::{Gazetteer, Place};
use crate::lexicon::row::{Row, Unless};

/// A cell that says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Which.
    pub field: Field,
    /// What it said; empty for nothing.
    pub before: String,
    /// What it says.
    pub after: String,
}

/// Columns of dictionaries and places, keys of `categories.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the columns and keys")]
pub enum Field {
    Weight,
    /// The weight `off`.
    Off,
    Category,
    Kind,
    Mode,
    Window,
    Variants,
    Unless,
    From,
    Until,
    Layer,
    File,
    Owner,
    Note,
    Parent,
    Type,
    Alias,
    Name,
    NameEn,
    Department,
    ServiceTime,
}

impl Field {
    /// The name of the column or key.
    pub fn id(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Off => "off",
            Self::Category => "category",
            Self::Kind => "kind",
            Self::Mode => "mode",
            Self::Window => "window",
            Self::Variants => "variants",
            Self::Unless => "unless",
            Self::From => "from",
            Self::Until => "until",
            Self::Layer => "layer",
            Self::File => "file",
            Self::Owner => "owner",
            Self::Note => "note",
            Self::Parent => "parent",
            Self::Type => "type",
            Self::Alias => "alias",
            Self::Name => "name",
            Self::NameEn => "name_en",
            Self::Department => "department",
            Self::ServiceTime => "service_time",
        }
    }

    /// What parts the pieces of its cells; `None` for cells of one piece.
    fn separator(self) -> Option<char> {
        match self {
            Self::Variants | Self::Unless => Some('|'),
            Self::Alias => Some(';'),
            Self::Weight
            | Self::Off
            | Self::Category
            | Self::Kind
            | Self::Mode
            | Self::Window
            | Self::From
            | Self::Until
            | Self::Layer
            | Self::File
            | Self::Owner
            | Self::Note
            | Self::Parent
            | Self::Type
            | Self::Name
            | Self::NameEn
            | Self::Department
            | Self::ServiceTime => None,
        }
    }
}

impl Cell {
    /// For a cell of several pieces: the pieces that are new, and those that are gone.
    pub fn pieces(&self) -> Option<(Vec<&str>, Vec<&str>)> {
        let separator = self.field.separator()?;
        Some((only_in(&self.after, &self.before, separator), only_in(&self.before, &self.after, separator)))
    }
}

fn only_in<'a>(one: &'a str, other: &str, separator: char) -> Vec<&'a str> {
    let is_new = |piece: &&str| !piece.is_empty() && !other.split(separator).any(|known| known == *piece);
    one.split(separator).filter(is_new).collect()
}

/// What something says, by field; what it does not say is left out.
type Cells = BTreeMap<Field, String>;

/// The cells of a row.
pub(super) fn of_row(row: &Row) -> Cells {
    let unless = row.unless.iter().map(|unless| match unless {
        Unless::Context(context) => context.clone(),
        Unless::Near(near) => format!("~{near}"),
    });
    let date = |date: Option<jiff::civil::Date>| date.map_or_else(String::new, |date| date.to_string());
    cells([
        // What is switched off weighs nothing, whatever its category does.
        (Field::Weight, if row.off { String::new() } else { row.weight.to_string() }),
        (Field::Off, if row.off { "off".to_owned() } else { String::new() }),
        (Field::Category, row.subject()),
        (Field::Kind, row.kind.id().to_owned()),
        (Field::Mode, row.mode.id().to_owned()),
        (Field::Window, if row.mode == Mode::All { row.window.to_string() } else { String::new() }),
        (Field::Variants, row.variants.join("|")),
        (Field::Unless, unless.collect::<Vec<_>>().join("|")),
        (Field::From, date(row.from)),
        (Field::Until, date(row.until)),
        (Field::Layer, row.layer.id().to_owned()),
        (Field::File, format!("{}.tsv", row.dictionary)),
        (Field::Owner, row.owner.clone()),
        (Field::Note, row.note.clone()),
    ])
}

/// The places that differ, by name.
pub(super) fn places(before: &Gazetteer, after: &Gazetteer) -> Vec<PlaceChange> {
    let (mut gone, mut new) = (places_of(before), places_of(after));
    let mut changes = Vec::new();
    for key in gone.keys().cloned().collect::<Vec<_>>() {
        // The same name may mean several places; one that is left over on both sides was moved.
        let moved = || {
            let mut same = new.keys().filter(|(name, parent)| {
                *name == key.0 && !gone.contains_key(&(name.clone(), parent.clone()))
            });
            same.next().filter(|_| same.next().is_none()).cloned()
        };
        let Some(counterpart) = new.contains_key(&key).then(|| key.clone()).or_else(moved) else { continue };
        let (Some(one), Some(other)) = (gone.remove(&key), new.remove(&counterpart)) else { continue };
        let cells = differing(&one, &other);
        if !cells.is_empty() {
            let (name, parent) = counterpart;
            changes.push(PlaceChange { name, parent, sides: Sides::Changed, cells });
        }
    }
    let only = |left: BTreeMap<(String, String), Cells>, sides: Sides| {
        left.into_keys().map(move |(name, parent)| PlaceChange { name, parent, sides, cells: Vec::new() })
    };
    changes.extend(only(gone, Sides::Removed).chain(only(new, Sides::Added)));
    changes.sort_by(|one, other| (&one.name, &one.parent).cmp(&(&other.name, &other.parent)));
    changes
}

fn places_of(gazetteer: &Gazetteer) -> BTreeMap<(String, String), Cells> {
    let one = |place: &Place| {
        let parent = place.parent.map_or_else(String::new, |id| gazetteer.place(id).name.clone());
        let said = cells([
            (Field::Parent, parent.clone()),
            (Field::Type, place.kind.id().to_owned()),
            (Field::Alias, place.aliases.join(";")),
        ]);
        ((place.name.clone(), parent), said)
    };
    gazetteer.iter().map(|(_, place)| one(place)).collect()
}

/// The settings that differ, by id.
pub(super) fn settings(before: &Categories, after: &Categories) -> Vec<SettingChange> {
    let (before, after) = (settings_of(before), settings_of(after));
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for id in ids {
        let (sides, cells) = match (before.get(id), after.get(id)) {
            (Some(one), Some(other)) if one == other => continue,
            (Some(one), Some(other)) => (Sides::Changed, differing(one, other)),
            (None, one) => (Sides::Added, differing(&Cells::new(), one.unwrap_or(&Cells::new()))),
            (Some(_), None) => (Sides::Removed, Vec::new()),
        };
        changes.push(SettingChange { id: id.clone(), sides, cells, following: 0 });
    }
    changes
}

fn settings_of(categories: &Categories) -> BTreeMap<String, Cells> {
    let time = |time: Option<std::time::Duration>| time.map(|t| humantime::format_duration(t).to_string());
    let said = |name: &str, name_en: &str, weight: Option<f64>, department: Option<&String>, service| {
        cells([
            (Field::Name, name.to_owned()),
            (Field::NameEn, name_en.to_owned()),
            (Field::Weight, weight.map(|weight| weight.to_string()).unwrap_or_default()),
            (Field::Department, department.cloned().unwrap_or_default()),
            (Field::ServiceTime, time(service).unwrap_or_default()),
        ])
    };
    let mut all = BTreeMap::new();
    for category in Category::ALL {
        let one = categories.get(category);
        let whole =
            said(&one.name, &one.name_en, Some(one.weight), one.department.as_ref(), one.service_time);
        all.insert(category.to_string(), whole);
        for (id, sub) in &one.sub {
            let part = said(&sub.name, &sub.name_en, sub.weight, sub.department.as_ref(), sub.service_time);
            all.insert(format!("{category}.{id}"), part);
        }
    }
    for (id, one) in &categories.departments {
        all.insert(format!("departments.{id}"), said(&one.name, &one.name_en, None, None, None));
    }
    all
}

fn cells(said: impl IntoIterator<Item = (Field, String)>) -> Cells {
    said.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// The cells in which two differ, in the order of the fields.
pub(super) fn differing(before: &Cells, after: &Cells) -> Vec<Cell> {
    let fields: BTreeSet<Field> = before.keys().chain(after.keys()).copied().collect();
    let said = |cells: &Cells, field| cells.get(&field).cloned().unwrap_or_default();
    let cell = |field| Cell { field, before: said(before, field), after: said(after, field) };
    fields.into_iter().map(cell).filter(|cell| cell.before != cell.after).collect()
}
