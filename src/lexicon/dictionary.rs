//! One dictionary file: tab-separated rows below a header, `#` comments above and between.
//!
//! Bounds are checked before content: UTF-8 (a byte order mark is allowed), 16 MiB, 500 000 lines,
//! 256 characters a row (comments may be longer). The header names the columns in any order; a cell left out at the end of a
//! line is empty. Comments `# owner:`, `# date:`, `# purpose:`, `# layer:` describe the file.

use jiff::civil::Date;

use crate::lexicon::categories::Categories;
use crate::lexicon::fault::{Findings, did_you_mean};
use crate::lexicon::kind::Layer;
use crate::lexicon::row::{self, COLUMNS, Row};

/// Greatest size of a file, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// Most lines of a file.
pub const MAX_LINES: usize = 500_000;
/// Longest row, in characters.
pub const MAX_LINE_CHARS: usize = 256;

/// A file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Dictionary {
    /// The file without `.tsv`, relative to the dictionary directory.
    pub name: String,
    /// Where its rows stand in the order of precedence.
    pub layer: Layer,
    /// Rows without faults, in the order of the file.
    pub rows: Vec<Row>,
}

/// Reads a file. Faults go to `findings`; what is right of it is given all the same, so that rows can
/// be compared with those of other files.
pub(crate) fn parse(
    file: &str,
    directory_layer: Option<Layer>,
    bytes: &[u8],
    categories: &Categories,
    today: Date,
    findings: &mut Findings,
) -> Dictionary {
    let name = file.strip_suffix(".tsv").unwrap_or(file).to_owned();
    let mut dictionary =
        Dictionary { name, layer: directory_layer.unwrap_or(Layer::Builtin), rows: Vec::new() };
    let Some(lines) = Lines::read(file, bytes, findings) else { return dictionary };
    if let Some((line, stated)) = lines.comment("layer") {
        match (Layer::of_id(stated), directory_layer) {
            (None, _) => {
                let mend = did_you_mean(stated, Layer::ALL.map(|(_, id)| id));
                findings.fault(file, line, format!("unknown layer `{stated}`"), mend);
            }
            (Some(stated), Some(directory)) if stated != directory => {
                let what =
                    format!("the header says layer `{}`, the directory `{}`", stated.id(), directory.id());
                findings.fault(file, line, what, "change the header or move the file");
            }
            (Some(stated), _) => dictionary.layer = stated,
        }
    }
    if lines.comment("owner").is_none() {
        findings.warn(file, 0, "the header does not say who owns the file", "add a line `# owner: …`");
    }
    let Some(columns) = lines.columns(file, &COLUMNS, &["term", "category", "owner"], findings) else {
        return dictionary;
    };
    let mut sorted = true;
    for (line, text) in lines.rows() {
        let cells: Vec<&str> = text.split('\t').collect();
        if cells.len() > columns.len() {
            let what = format!("{} cells in a row of {} columns", cells.len(), columns.len());
            findings.fault(file, line, what, "remove the tabs that are too many");
            continue;
        }
        let cell = |wanted: &str| {
            let place = columns.iter().position(|column| *column == wanted);
            place.and_then(|place| cells.get(place)).map_or("", |cell| cell.trim())
        };
        match row::parse(cell, dictionary.layer, categories, Some(today)) {
            Ok(mut row) => {
                row.dictionary.clone_from(&dictionary.name);
                row.line = line;
                sorted &= dictionary.rows.last().is_none_or(|last| {
                    (last.subject(), last.term.as_str()) <= (row.subject(), row.term.as_str())
                });
                dictionary.rows.push(row);
            }
            Err(wrong) => {
                for (what, mend) in wrong {
                    findings.fault(file, line, what, mend);
                }
            }
        }
    }
    if !sorted {
        findings.warn(file, 0, "rows are not sorted by category, then term", "sort them: diffs stay small");
    }
    dictionary
}

/// The lines of a file within its bounds.
pub(crate) struct Lines<'a> {
    lines: Vec<(u32, &'a str)>,
}

impl<'a> Lines<'a> {
    /// Checks the bounds; `None` if the file must not be looked at further.
    pub(crate) fn read(file: &str, bytes: &'a [u8], findings: &mut Findings) -> Option<Self> {
        if bytes.len() > MAX_BYTES {
            findings.fault(file, 0, "the file is larger than 16 MiB", "split it");
            return None;
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count() as u32;
                findings.fault(file, line, "the file is not UTF-8", "save it as UTF-8");
                return None;
            }
        };
        let mut lines = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            if line as usize > MAX_LINES {
                findings.fault(file, line, "the file has more than 500 000 lines", "split it");
                return None;
            }
            // Most lines are short in bytes already, and need not be counted.
            let long = text.len() > MAX_LINE_CHARS && text.chars().count() > MAX_LINE_CHARS;
            if long && !text.starts_with('#') {
                findings.fault(file, line, "the line is longer than 256 characters", "split it into rows");
            } else if text.chars().any(|c| c.is_control() && c != '\t') {
                findings.fault(file, line, "the line holds a control character", "delete it");
            } else if text.contains(['\u{2028}', '\u{2029}']) {
                // Normalised they are line feeds, and a stored lexicon is read by lines.
                findings.fault(file, line, "the line holds a line separator (U+2028, U+2029)", "delete it");
            } else if !text.trim().is_empty() {
                lines.push((line, text));
            }
        }
        Some(Self { lines })
    }

    /// The text of the comment `# NAME: …`.
    fn comment(&self, name: &str) -> Option<(u32, &'a str)> {
        self.lines.iter().find_map(|&(line, text)| {
            let (key, value) = text.strip_prefix('#')?.split_once(':')?;
            (key.trim() == name).then_some((line, value.trim()))
        })
    }

    /// The names in the header; `None` if there is none that makes sense.
    pub(crate) fn columns(
        &self,
        file: &str,
        known: &[&str],
        needed: &[&str],
        findings: &mut Findings,
    ) -> Option<Vec<&'a str>> {
        let Some(&(line, header)) = self.lines.iter().find(|(_, text)| !text.starts_with('#')) else {
            findings.fault(file, 0, "the file has no header", format!("begin it with: {}", known.join(", ")));
            return None;
        };
        let columns: Vec<&str> = header.split('\t').map(str::trim).collect();
        let mut right = true;
        for (place, column) in columns.iter().enumerate() {
            if !known.contains(column) {
                let mend = did_you_mean(column, known.iter().copied());
                findings.fault(file, line, format!("unknown column `{column}`"), mend);
                right = false;
            } else if columns[..place].contains(column) {
                findings.fault(file, line, format!("column `{column}` stands twice"), "remove one");
                right = false;
            }
        }
        for column in needed.iter().filter(|column| !columns.contains(column)) {
            findings.fault(file, line, format!("column `{column}` is missing"), "add it to the header");
            right = false;
        }
        right.then_some(columns)
    }

    /// The lines below the header, without comments.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &'a str)> {
        self.lines.iter().filter(|(_, text)| !text.starts_with('#')).skip(1).copied()
    }
}

#[cfg(test)]
mod tests;
