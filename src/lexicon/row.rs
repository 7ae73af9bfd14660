//! One row of a dictionary, and everything that can be wrong with it by itself.
//!
//! A row that holds a fault is reported whole and dropped; no fault hides another of the same row.
//! Terms are normalised like posts, so traditional, full-width and upper-case spellings of a term or
//! of a post meet without being listed. Persons are no terms: what looks like an account, a phone or
//! identity number or an `@name` is refused.

use jiff::civil::Date;

use crate::lexicon::categories::Categories;
use crate::lexicon::category::Category;
use crate::lexicon::kind::{Kind, Layer, Mode};
use crate::text::sentence::is_han;

mod reading;
mod told;

pub(crate) use reading::{Wrong, parse};
pub use told::ToldRow;

/// The columns of a dictionary, in their usual order.
pub const COLUMNS: [&str; 12] = [
    "term", "category", "kind", "weight", "mode", "window", "variants", "unless", "from", "until", "owner",
    "note",
];

/// Characters in which all parts of an `all` term must stand, if the row does not say.
pub const DEFAULT_WINDOW: u16 = 12;
/// Greatest window a row may state.
pub const MAX_WINDOW: u16 = 64;
/// Most parts of an `all` term.
pub const MAX_PARTS: usize = 4;
/// Longest time from today or `from` to `until` of a temporary row.
pub const MAX_TEMPORARY_DAYS: i32 = 30;

/// A row: a term and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The term, normalised; a regular expression for [`Mode::Re`].
    pub term: String,
    /// The category, `None` for helper rows (`-` in the file).
    pub category: Option<Category>,
    /// The part of the category: `fee` of `health.fee`.
    pub sub: Option<String>,
    /// What a hit says.
    pub kind: Kind,
    /// Points, level, factor or polarity, depending on the kind; the default is filled in.
    pub weight: f64,
    /// How the term is matched.
    pub mode: Mode,
    /// Characters in which all parts of an `all` term must stand.
    pub window: u16,
    /// Other spellings, normalised; `py:` marks pinyin, `+` joins parts in an `all` row.
    pub variants: Vec<String>,
    /// Contexts in which a match does not count.
    pub unless: Vec<Unless>,
    /// First day on which the row counts.
    pub from: Option<Date>,
    /// Last day on which the row counts.
    pub until: Option<Date>,
    /// Desk or team that answers for the row.
    pub owner: String,
    /// Free text.
    pub note: String,
    /// Whether the row only switches off the same row of a lower layer (`weight` = `off`).
    pub(crate) off: bool,
    /// Layer of its file.
    pub layer: Layer,
    /// Name of its dictionary: the file without `.tsv`, relative to the dictionary directory.
    pub dictionary: String,
    /// Line in its file, from 1; 0 for a row read from a stored version.
    pub line: u32,
}

/// A context in which a match does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unless {
    /// The match lies inside this text or overlaps it.
    Context(String),
    /// This text stands within eight characters of the match (`~词`).
    Near(String),
}

/// One way to write a term: one literal, or several parts to be found close together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) parts: Vec<String>,
    pub(crate) border: Border,
}

/// What must stand around a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Border {
    /// Anything.
    Any,
    /// Borders of words.
    Word,
    /// No Latin letter or digit: pinyin must not be found inside other words.
    Latin,
}

impl Row {
    /// `safety`, `health.fee`, or `-`: the category as it stands in the file.
    pub fn subject(&self) -> String {
        match (self.category, &self.sub) {
            (None, _) => "-".to_owned(),
            (Some(category), None) => category.to_string(),
            (Some(category), Some(sub)) => format!("{category}.{sub}"),
        }
    }

    /// Whether the row counts on this day.
    pub fn is_active(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }

    /// The literals of the row; a regular expression's own text is not among them.
    pub(crate) fn spellings(&self) -> Vec<Spelling> {
        let term = (self.mode != Mode::Re).then_some(&self.term);
        term.into_iter().chain(&self.variants).map(|text| self.spelling(text)).collect()
    }

    /// Whether a spelling of the row, or a part of one, holds these words.
    pub(crate) fn has_part_with(&self, words: &str) -> bool {
        self.spellings().iter().flat_map(|spelling| &spelling.parts).any(|part| part.contains(words))
    }

    /// Whether the words are a spelling of the row as they stand, not joined of parts.
    pub(crate) fn is_found_whole(&self, words: &str) -> bool {
        self.spellings().iter().any(|spelling| matches!(spelling.parts.as_slice(), [whole] if whole == words))
    }

    fn spelling(&self, text: &str) -> Spelling {
        if let Some(pinyin) = text.strip_prefix("py:") {
            return Spelling { parts: vec![pinyin.to_owned()], border: Border::Latin };
        }
        match self.mode {
            Mode::All if text.contains('+') => {
                Spelling { parts: text.split('+').map(str::to_owned).collect(), border: Border::Any }
            }
            Mode::Word => Spelling { parts: vec![text.to_owned()], border: Border::Word },
            Mode::Sub | Mode::All | Mode::Re => {
                Spelling { parts: vec![text.to_owned()], border: Border::Any }
            }
        }
    }

    /// What makes two rows the same row, apart from the layer.
    pub(crate) fn key(&self) -> (String, String, Kind, Mode) {
        let mut parts: Vec<&str> = self.term.split('+').collect();
        if self.mode == Mode::All {
            parts.sort_unstable();
        }
        (self.subject(), parts.join("+"), self.kind, self.mode)
    }
}

/// A row that somebody may put into a dictionary; what it leaves out is as usual.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRow<'a> {
    /// The term; parts joined by `+` make a row of mode `all`.
    pub(crate) term: &'a str,
    /// The category as it stands in the file.
    pub(crate) subject: &'a str,
    /// What a hit says.
    pub(crate) kind: Kind,
    /// Who answers for it.
    pub(crate) owner: &'a str,
    /// Free text.
    pub(crate) note: &'a str,
}

impl NewRow<'_> {
    /// The line of a file with the usual columns; `None` if a dictionary would refuse it.
    pub(crate) fn line(&self, categories: &Categories) -> Option<String> {
        let cell = |column: &str| match column {
            "term" => self.term,
            "category" => self.subject,
            "kind" if self.kind != Kind::Topic => self.kind.id(),
            "mode" if self.term.contains('+') => Mode::All.id(),
            "owner" => self.owner,
            "note" => self.note,
            _ => "",
        };
        parse(cell, Layer::Site, categories, None).ok()?;
        Some(COLUMNS.map(cell).join("\t"))
    }
}

/// Whether jieba can be taught a text as one word.
pub(crate) fn is_teachable(text: &str) -> bool {
    let length = text.chars().count();
    (2..=12).contains(&length) && text.chars().all(|c| is_han(c) || c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_row_is_one_that_a_dictionary_takes() {
        let row = |term, subject, kind, owner| {
            NewRow { term, subject, kind, owner, note: "候选" }.line(&Categories::default())
        };
        assert_eq!(
            row("飞线", "safety", Kind::Topic, "待定").as_deref(),
            Some("飞线\tsafety\t\t\t\t\t\t\t\t\t待定\t候选")
        );
        assert_eq!(
            row("电梯+困人", "-", Kind::Severity, "待定").as_deref(),
            Some("电梯+困人\t-\tseverity\t\tall\t\t\t\t\t\t待定\t候选")
        );
        assert_eq!(row("飞线", "persons", Kind::Topic, "待定"), None);
        assert_eq!(row("飞线", "safety", Kind::Topic, ""), None);
        assert_eq!(row("13800138000", "safety", Kind::Topic, "待定"), None);
    }
}
