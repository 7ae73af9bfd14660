//! Compiles dictionaries into a [`Lexicon`]: immutable, versioned, shared by all who assess.
//!
//! Rows that a higher layer replaces or switches off are gone; the others are in one order that
//! depends on nothing but themselves, so a row's number means the same in every machine that holds
//! the version. The version is a hash of the canonical text: rows, places, and what is decided about
//! categories. The day plays no part in it: rows that sleep are in the lexicon and are skipped when a
//! text is [scanned](crate::lexicon::scan).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use regex::Regex;

use crate::lexicon::categories::Categories;
use crate::lexicon::fault::{Faults, Finding, Findings};
use crate::lexicon::kind::Mode;
use crate::lexicon::patterns::{Patterns, Use};
use crate::lexicon::places::Gazetteer;
use crate::lexicon::row::{Row, Unless, is_teachable};
use crate::lexicon::shelf::Shelf;
use crate::lexicon::stock::Stock;
use crate::lexicon::{canonical, lint, regexes};

/// Dictionaries, compiled.
#[derive(Debug)]
pub struct Lexicon {
    rows: Vec<Row>,
    pub(crate) regexes: BTreeMap<u32, Regex>,
    /// Length of the longest context, in characters.
    pub(crate) longest_context: u32,
    pub(crate) patterns: Patterns,
    categories: Categories,
    places: Gazetteer,
    version: String,
}

/// What is found in a set of dictionaries.
#[derive(Debug)]
pub struct Inspection {
    /// The dictionaries, compiled; `None` if there is a fault.
    pub lexicon: Option<Lexicon>,
    /// What refuses them, by file and line.
    pub faults: Vec<Finding>,
    /// What somebody should look at, by file and line.
    pub warnings: Vec<Finding>,
}

impl Lexicon {
    /// Reads and compiles a dictionary directory.
    ///
    /// # Errors
    /// Every fault of every file, if there is one.
    pub fn load(dir: &Path, today: Date) -> Result<(Self, Vec<Finding>), Faults> {
        Self::compile(&Shelf::read(dir)?, today)
    }

    /// Compiles a shelf of files. `today` decides only what the warnings and the rule for temporary
    /// rows speak of.
    ///
    /// # Errors
    /// Every fault of every file, if there is one.
    pub fn compile(shelf: &Shelf, today: Date) -> Result<(Self, Vec<Finding>), Faults> {
        let (lexicon, findings) = Self::compiled(shelf, today);
        let warnings = findings.finish()?;
        Ok((lexicon.expect("a lexicon is built where there is no fault"), warnings))
    }

    /// Compiles a shelf of files and tells all that is found on the way, warnings beside faults.
    pub fn inspect(shelf: &Shelf, today: Date) -> Inspection {
        let (lexicon, findings) = Self::compiled(shelf, today);
        let (faults, warnings) = findings.both();
        Inspection { lexicon, faults, warnings }
    }

    fn compiled(shelf: &Shelf, today: Date) -> (Option<Self>, Findings) {
        let mut findings = Findings::default();
        let Stock { rows, categories, places } = Stock::read(shelf, today, &mut findings);
        lint::check(&rows, today, &mut findings);
        let rows = lint::in_force(rows);
        let lexicon =
            if findings.has_faults() { None } else { Self::build(rows, categories, places, &mut findings) };
        (lexicon, findings)
    }

    /// Builds from rows that were checked; they are put in order here.
    pub(crate) fn build(
        mut rows: Vec<Row>,
        categories: Categories,
        places: Gazetteer,
        findings: &mut Findings,
    ) -> Option<Self> {
        rows.sort_by_cached_key(|row| (row.subject(), row.term.clone(), row.kind, row.mode));
        let mut compiled = BTreeMap::new();
        let mut longest_context = 0;
        let mut literals: BTreeMap<String, Vec<Use>> = BTreeMap::new();
        let mut add = |literal: &str, of_literal: Use| match literals.get_mut(literal) {
            Some(uses) => uses.push(of_literal),
            None => drop(literals.insert(literal.to_owned(), vec![of_literal])),
        };
        for (number, row) in (0_u32..).zip(&rows) {
            for (place, spelling) in (0_u16..).zip(row.spellings()) {
                if let [literal] = spelling.parts.as_slice() {
                    add(literal, Use::Literal { row: number, border: spelling.border });
                } else {
                    let of = spelling.parts.len() as u8;
                    for (part, literal) in (0_u8..).zip(&spelling.parts) {
                        add(literal, Use::Part { row: number, spelling: place, part, of });
                    }
                }
            }
            for unless in &row.unless {
                match unless {
                    Unless::Context(context) => {
                        longest_context = longest_context.max(context.chars().count() as u32);
                        add(context, Use::Context { row: number });
                    }
                    Unless::Near(near) => {
                        longest_context = longest_context.max(near.chars().count() as u32);
                        add(near, Use::Near { row: number });
                    }
                }
            }
            if row.mode == Mode::Re {
                match regexes::compile(&row.term) {
                    Ok(regex) => drop(compiled.insert(number, regex)),
                    Err(error) => findings.fault(&row.dictionary, row.line, error.to_string(), ""),
                }
                for literal in regexes::literals(&row.term) {
                    add(&literal, Use::Trigger { row: number });
                }
            }
        }
        for (name, text) in places.names() {
            add(text, Use::Place { name: name.0 });
        }
        let patterns = match Patterns::build(&literals) {
            Ok(patterns) => patterns,
            Err(error) => {
                findings.fault("dictionaries", 0, format!("too many terms: {error}"), "remove some");
                return None;
            }
        };
        let mut lexicon = Self {
            rows,
            regexes: compiled,
            longest_context,
            patterns,
            categories,
            places,
            version: String::new(),
        };
        lexicon.version = canonical::version(&lexicon.canonical());
        Some(lexicon)
    }

    /// The version: 12 hexadecimal digits of a hash of everything that has an effect.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The rows in force, in the order that matches number them.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A row by its number.
    pub fn row(&self, number: u32) -> &Row {
        &self.rows[number as usize]
    }

    /// What is decided about each category.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The places.
    pub fn places(&self) -> &Gazetteer {
        &self.places
    }

    /// The words that the segmenter is to know: literal terms and names of places, each once, sorted.
    pub fn user_words(&self) -> BTreeSet<String> {
        let literal = |row: &Row| {
            let spellings = row.spellings().into_iter().filter(|spelling| spelling.parts.len() == 1);
            spellings.flat_map(|spelling| spelling.parts).collect::<Vec<_>>()
        };
        let places = self.places.names().map(|(_, name)| name.to_owned());
        self.rows.iter().flat_map(literal).chain(places).filter(|word| is_teachable(word)).collect()
    }

    /// Memory taken by the automaton and its tables, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.patterns.heap_bytes()
    }
}
