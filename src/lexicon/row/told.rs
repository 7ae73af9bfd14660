//! A row as people are told of it: where it stands, and what it says.

use std::fmt;

use serde::Serialize;

use super::Row;
use crate::lexicon::kind::{Kind, Layer, Mode};

/// What tells one row from another, and what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToldRow {
    /// The file, relative to the dictionary directory.
    pub file: String,
    /// The line, from 1; 0 for a row read from a stored version.
    pub line: u32,
    /// The term.
    pub term: String,
    /// The category with its part; `-` for helper rows.
    pub category: String,
    /// What a hit says.
    pub kind: Kind,
    /// Points, level, factor or polarity, depending on the kind.
    pub weight: f64,
    /// How the term is matched.
    pub mode: Mode,
    /// The layer of its file.
    pub layer: Layer,
    /// Whether it only switches off the same row of a lower layer.
    pub off: bool,
}

impl Row {
    /// The row as people are told of it.
    pub fn told(&self) -> ToldRow {
        ToldRow {
            file: format!("{}.tsv", self.dictionary),
            line: self.line,
            term: self.term.clone(),
            category: self.subject(),
            kind: self.kind,
            weight: self.weight,
            mode: self.mode,
            layer: self.layer,
            off: self.off,
        }
    }
}

impl ToldRow {
    /// Where it stands: `16-utilities.tsv:42`.
    pub fn place(&self) -> String {
        if self.line == 0 { self.file.clone() } else { format!("{}:{}", self.file, self.line) }
    }
}

/// `停水 (16-utilities.tsv:42)`.
impl fmt::Display for ToldRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.term, self.place())
    }
}
