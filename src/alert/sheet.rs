//! Reads an operator's TOML file so that every fault of it is named with its line, all at once.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::fault::Fault;

/// A file being read, and what was found wrong with it so far.
pub(crate) struct Sheet<'a> {
    text: &'a str,
    root: DeTable<'a>,
    faults: Vec<Fault>,
}

/// One table of a file, with the line it begins at.
pub(crate) struct Part<'a> {
    pub(crate) line: usize,
    table: DeTable<'a>,
    span: std::ops::Range<usize>,
}

impl<'a> Sheet<'a> {
    /// Reads `text`; what is no TOML becomes faults.
    pub(crate) fn new(text: &'a str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        // What was guessed around a syntax error would only give faults that are none.
        let root = if errors.is_empty() { root.into_inner() } else { DeTable::new() };
        let mut sheet = Self { text, root, faults: Vec::new() };
        for error in errors {
            let line = error.span().map(|span| sheet.line(span.start));
            let what = error.message().replace('\n', "; ");
            sheet.faults.push(Fault { line, what, mend: None });
        }
        sheet
    }

    /// Takes out the tables `[[name]]`.
    pub(crate) fn tables(&mut self, name: &str) -> Vec<Part<'a>> {
        let Some((_, value)) = self.root.remove_entry(name) else { return Vec::new() };
        let line = self.line(value.span().start);
        let DeValue::Array(array) = value.into_inner() else {
            self.faults.push(Fault::at(line, format!("{name} must be written [[{name}]]")));
            return Vec::new();
        };
        array.into_iter().filter_map(|entry| self.part(entry)).collect()
    }

    /// Takes out the table `[name]`.
    pub(crate) fn table(&mut self, name: &str) -> Option<Part<'a>> {
        let (_, value) = self.root.remove_entry(name)?;
        self.part(value)
    }

    /// Takes out the list of texts `name`, with its line.
    pub(crate) fn list(&mut self, name: &str) -> Option<(usize, Vec<String>)> {
        let (_, value) = self.root.remove_entry(name)?;
        let line = self.line(value.span().start);
        match Vec::<String>::deserialize(ValueDeserializer::from(value)) {
            Ok(list) => Some((line, list)),
            Err(error) => {
                self.faults.push(told(line, error.message()));
                None
            }
        }
    }

    /// Takes out all tables that are left, with their names.
    pub(crate) fn rest(&mut self) -> Vec<(String, Part<'a>)> {
        let rest = std::mem::take(&mut self.root);
        let named = rest
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_inner().into_owned(), self.part(value)?)));
        named.collect()
    }

    fn part(&mut self, value: Spanned<DeValue<'a>>) -> Option<Part<'a>> {
        let span = value.span();
        let line = self.line(span.start);
        if let DeValue::Table(table) = value.into_inner() {
            return Some(Part { line, table, span });
        }
        self.faults.push(Fault::at(line, "a table is wanted here"));
        None
    }

    /// Reads a table whose keys are `known`; keys that are not are faults and hide no others. What is
    /// given back may still be refused by [`close`](Self::close).
    pub(crate) fn read<T: DeserializeOwned>(&mut self, mut part: Part<'a>, known: &[&str]) -> Option<T> {
        self.refuse_unknown(&mut part.table, known);
        let value = Spanned::new(part.span, DeValue::Table(part.table));
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(read) => Some(read),
            Err(error) => {
                let line = error.span().map_or(part.line, |span| self.line(span.start));
                self.faults.push(told(line, error.message()));
                None
            }
        }
    }

    fn refuse_unknown(&mut self, table: &mut DeTable<'a>, known: &[&str]) {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        let unknown: Vec<(String, usize)> =
            unknown.map(|key| (key.get_ref().clone().into_owned(), self.line(key.span().start))).collect();
        for (name, line) in unknown {
            table.remove(name.as_str());
            self.faults.push(Fault::unknown(line, "key", &name, known.iter().copied()));
        }
    }

    /// Records a fault.
    pub(crate) fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Ends the reading: `made`, or what is wrong, by line. Top-level keys nobody took are faults;
    /// `known` are those that would have been.
    pub(crate) fn close<T>(mut self, known: &[&str], made: T) -> Result<T, Vec<Fault>> {
        let mut root = std::mem::take(&mut self.root);
        self.refuse_unknown(&mut root, known);
        if self.faults.is_empty() {
            return Ok(made);
        }
        self.faults.sort_by_key(|fault| fault.line);
        Err(self.faults)
    }

    fn line(&self, offset: usize) -> usize {
        line_of(self.text, offset)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

/// Serde's message as a fault; for an unknown key or word the nearest of those it expected.
fn told(line: usize, message: &str) -> Fault {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match quoted.next().filter(|_| unknown) {
        Some(word) => {
            let what = if message.starts_with("unknown field") { "key" } else { "word" };
            Fault::unknown(line, what, word, quoted)
        }
        None => Fault::at(line, message.replace('\n', "; ")),
    }
}
