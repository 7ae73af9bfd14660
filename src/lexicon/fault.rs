//! What is wrong with a dictionary: where, what, and how to mend it.
//!
//! Faults are collected, never thrown at the first one: a person who edits a file wants to hear
//! everything at once. A fault refuses the load; a warning does not.

use std::fmt;

/// One thing found in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the dictionary directory.
    pub file: String,
    /// The line, from 1; 0 if the finding is about the whole file.
    pub line: u32,
    /// What is wrong.
    pub what: String,
    /// What to do about it; empty if that is plain from `what`.
    pub mend: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.what)?;
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.what)?;
        }
        if self.mend.is_empty() { Ok(()) } else { write!(f, "; {}", self.mend) }
    }
}

/// Why dictionaries were refused: every fault found, by file and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Finding>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

/// Most faults, and most warnings, that are listed; of the others only the number is told.
const MOST: usize = 1_000;

/// Collects what is found while files are read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    faults: Listed,
    warnings: Listed,
}

/// Findings of one kind: a file may have as many as it has lines, and nobody reads them all.
#[derive(Debug, Default)]
struct Listed {
    first: Vec<Finding>,
    more: usize,
    /// Where the first that is not listed stands.
    beyond: Option<(String, u32)>,
}

impl Listed {
    fn add(&mut self, file: &str, line: u32, what: String, mend: String) {
        if self.first.len() < MOST {
            self.first.push(Finding { file: file.to_owned(), line, what, mend });
        } else {
            self.more += 1;
            self.beyond.get_or_insert_with(|| (file.to_owned(), line));
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        self.first.sort();
        self.first.dedup();
        if let Some((file, line)) = self.beyond {
            let what = format!("{} more are not listed, the first of them here", self.more);
            self.first.push(Finding { file, line, what, mend: "mend the others first".to_owned() });
        }
        self.first
    }
}

impl Findings {
    pub(crate) fn fault(&mut self, file: &str, line: u32, what: impl Into<String>, mend: impl Into<String>) {
        self.faults.add(file, line, what.into(), mend.into());
    }

    pub(crate) fn warn(&mut self, file: &str, line: u32, what: impl Into<String>, mend: impl Into<String>) {
        self.warnings.add(file, line, what.into(), mend.into());
    }

    /// The faults and the warnings.
    pub(crate) fn both(self) -> (Vec<Finding>, Vec<Finding>) {
        (self.faults.finish(), self.warnings.finish())
    }

    /// The warnings, or the faults if there is one.
    pub(crate) fn finish(self) -> Result<Vec<Finding>, Faults> {
        match self.both() {
            (faults, warnings) if faults.is_empty() => Ok(warnings),
            (faults, _) => Err(Faults(faults)),
        }
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.first.is_empty()
    }
}

/// "did you mean" with the name nearest to `wrong`, or the list of names if none is near.
pub(crate) fn did_you_mean<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let (length, of) = (wrong.chars().count(), |name: &str| name.chars().count());
    let allowed = |name: &str| 2.max(of(name) / 3);
    let near = names
        .iter()
        // Names are at least as far apart as their lengths: most need not be compared.
        .filter(|name| of(name).abs_diff(length) <= allowed(name))
        .map(|name| (strsim::damerau_levenshtein(wrong, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= allowed(name));
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("use one of: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_name_is_offered() {
        let names = ["topic", "severity", "degree"];
        assert_eq!(did_you_mean("severty", names), "did you mean `severity`?");
        assert_eq!(did_you_mean("wholly-else", names), "use one of: topic, severity, degree");
    }

    #[test]
    fn findings_name_file_and_line() {
        let mut findings = Findings::default();
        findings.fault("b.tsv", 3, "owner is missing", "");
        findings.fault("a.tsv", 0, "not UTF-8", "save it as UTF-8");
        let faults = findings.finish().expect_err("two faults");
        assert_eq!(faults.to_string(), "a.tsv: not UTF-8; save it as UTF-8\nb.tsv:3: owner is missing");
    }
}
