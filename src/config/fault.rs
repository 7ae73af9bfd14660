//! What is wrong in a file, where, and how to mend it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::lexicon::fault::Finding;

/// One thing wrong in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// Whether the file cannot be used so.
    pub weight: Weight,
    /// What is wrong.
    pub what: String,
    /// How to mend it, if we know.
    pub mend: Option<String>,
}

/// Whether a fault stops the file from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The file is refused as a whole.
    Error,
    /// The file is used; somebody should look.
    Warning,
}

impl Fault {
    /// An error at a line of a file.
    pub fn error(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line, weight: Weight::Error, what: what.into(), mend: None }
    }

    /// A warning at a line of a file.
    pub fn warning(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(file, line, what) }
    }

    /// What was found in a dictionary of a directory.
    pub fn of_dictionary(dir: &Path, finding: Finding, weight: Weight) -> Self {
        let Finding { file, line, what, mend } = finding;
        let mend = (!mend.is_empty()).then_some(mend);
        Self { file: dir.join(file), line: line as usize, weight, what, mend }
    }

    /// The same with a way to mend it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        match self.weight {
            Weight::Error => write!(f, ": {}", self.what)?,
            Weight::Warning => write!(f, ": warning: {}", self.what)?,
        }
        match &self.mend {
            Some(mend) => write!(f, "; {mend}"),
            None => Ok(()),
        }
    }
}
