//! A lexicon written down: everything that has an effect, in one order, nothing else.
//!
//! Notes and line numbers are left out, so a comment does not make a new version. What is written
//! here can be read again years later and compiles to the same lexicon with the same row numbers.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::lexicon::categories::Categories;
use crate::lexicon::fault::Findings;
use crate::lexicon::kind::Layer;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::places::Gazetteer;
use crate::lexicon::row::{self, Row, Unless};

const HEAD: &str = "minsheng lexicon 1";
const ROWS: &str = "\n[[rows]]\n";
const PLACES: &str = "\n[[places]]\n";
const CATEGORIES: &str = "\n[[categories]]\n";
const COLUMNS: [&str; 13] = [
    "layer",
    "dictionary",
    "term",
    "category",
    "kind",
    "weight",
    "mode",
    "window",
    "variants",
    "unless",
    "from",
    "until",
    "owner",
];

/// Why a stored lexicon could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// It was written by a newer program, or is no lexicon.
    #[error("stored lexicon has no head this program knows")]
    UnknownHead,
    /// It was damaged.
    #[error("stored lexicon is damaged: {0}")]
    Damaged(String),
}

impl Lexicon {
    /// The lexicon as text.
    pub fn canonical(&self) -> String {
        let mut text = format!("{HEAD}\n{ROWS}{}\n", COLUMNS.join("\t"));
        for row in self.rows() {
            write_row(&mut text, row);
        }
        let categories =
            toml::to_string(self.categories()).expect("names and numbers can be written as TOML");
        write!(text, "{PLACES}{}{CATEGORIES}{categories}", self.places())
            .expect("writing to a string cannot fail");
        text
    }

    /// Reads what [`canonical`](Self::canonical) wrote.
    ///
    /// # Errors
    /// The text is none, or damaged.
    pub fn from_canonical(text: &str) -> Result<Self, CanonicalError> {
        let damaged = |what: &str| CanonicalError::Damaged(what.to_owned());
        let rest = text.strip_prefix(HEAD).ok_or(CanonicalError::UnknownHead)?;
        let (_, rest) = rest.split_once(ROWS).ok_or_else(|| damaged("no rows"))?;
        let (rows, rest) = rest.split_once(PLACES).ok_or_else(|| damaged("no places"))?;
        let (places, categories) = rest.split_once(CATEGORIES).ok_or_else(|| damaged("no categories"))?;
        let mut findings = Findings::default();
        let categories = Categories::parse("categories", categories, &mut findings);
        let places = Gazetteer::parse([("places", places.as_bytes())], &mut findings);
        let rows = rows
            .lines()
            .skip(1)
            .map(|line| read_row(line, &categories).map_err(CanonicalError::Damaged))
            .collect::<Result<Vec<_>, _>>()?;
        let lexicon = Self::build(rows, categories, places, &mut findings);
        match findings.finish() {
            Err(faults) => Err(CanonicalError::Damaged(faults.to_string())),
            Ok(_) => lexicon.ok_or_else(|| damaged("it does not compile")),
        }
    }
}

/// The version of a canonical text.
pub(crate) fn version(canonical: &str) -> String {
    blake3::hash(canonical.as_bytes()).to_hex()[..12].to_owned()
}

fn write_row(text: &mut String, row: &Row) {
    let unless: Vec<String> = row
        .unless
        .iter()
        .map(|unless| match unless {
            Unless::Context(context) => context.clone(),
            Unless::Near(near) => format!("~{near}"),
        })
        .collect();
    let date = |date: Option<jiff::civil::Date>| date.map_or_else(String::new, |date| date.to_string());
    let window =
        if row.mode == crate::lexicon::kind::Mode::All { row.window.to_string() } else { String::new() };
    let cells = [
        row.layer.id().to_owned(),
        row.dictionary.clone(),
        row.term.clone(),
        row.subject(),
        row.kind.id().to_owned(),
        row.weight.to_string(),
        row.mode.id().to_owned(),
        window,
        row.variants.join("|"),
        unless.join("|"),
        date(row.from),
        date(row.until),
        row.owner.clone(),
    ];
    text.push_str(&cells.join("\t"));
    text.push('\n');
}

fn read_row(line: &str, categories: &Categories) -> Result<Row, String> {
    let cells: BTreeMap<&str, &str> = COLUMNS.into_iter().zip(line.split('\t')).collect();
    let cell = |name: &str| cells.get(name).copied().unwrap_or_default();
    let layer = Layer::of_id(cell("layer")).ok_or_else(|| format!("no layer in `{line}`"))?;
    let row = row::parse(cell, layer, categories, None)
        .map_err(|wrong| wrong.into_iter().map(|(what, _)| what).collect::<Vec<_>>().join(", "))?;
    Ok(Row { dictionary: cell("dictionary").to_owned(), ..row })
}
