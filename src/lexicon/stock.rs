//! What the files of a shelf say, before layers are settled and anything is compiled.
//!
//! A [`Lexicon`](crate::lexicon::matcher::Lexicon) keeps only the rows in force; two sets of dictionaries are
//! compared by all they hold.

use jiff::civil::Date;

use crate::lexicon::categories::Categories;
use crate::lexicon::dictionary;
use crate::lexicon::fault::Findings;
use crate::lexicon::places::Gazetteer;
use crate::lexicon::row::Row;
use crate::lexicon::shelf::{CATEGORIES, Shelf};

/// All rows of all layers, and what belongs to them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stock {
    pub(crate) rows: Vec<Row>,
    pub(crate) categories: Categories,
    pub(crate) places: Gazetteer,
}

impl Stock {
    /// Reads the files of a shelf. What is wrong with a file or a row goes to `findings`; what is right is
    /// given all the same.
    pub(crate) fn read(shelf: &Shelf, today: Date, findings: &mut Findings) -> Self {
        let categories = match shelf.get(CATEGORIES).map(std::str::from_utf8) {
            None => Categories::default(),
            Some(Ok(text)) => Categories::parse(CATEGORIES, text, findings),
            Some(Err(_)) => {
                findings.fault(CATEGORIES, 0, "the file is not UTF-8", "save it as UTF-8");
                Categories::default()
            }
        };
        let places = Gazetteer::parse(shelf.places(), findings);
        let mut rows = Vec::new();
        for (file, layer, bytes) in shelf.dictionaries() {
            rows.extend(dictionary::parse(file, layer, bytes, &categories, today, findings).rows);
        }
        Self { rows, categories, places }
    }
}
