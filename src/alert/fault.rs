//! What is wrong in a file that an operator wrote: where, what, and the mend.

use std::fmt;

use crate::lexicon::fault::did_you_mean;

/// One fault of an operator's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, counted from 1; `None` where it concerns the file as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What would put it right, if that can be said.
    pub mend: Option<String>,
}

impl Fault {
    /// A fault at a line.
    pub fn at(line: usize, what: impl Into<String>) -> Self {
        Self { line: Some(line), what: what.into(), mend: None }
    }

    /// The same with a mend.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    /// A name that nothing has: says so, and which of `known` was probably meant.
    pub fn unknown<'a>(
        line: usize,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let fault = Self::at(line, format!("unknown {what} `{name}`"));
        let mut known = known.into_iter().peekable();
        if known.peek().is_none() { fault } else { fault.mend(did_you_mean(name, known)) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.what)?;
        match &self.mend {
            Some(mend) => write!(f, "; {mend}"),
            None => Ok(()),
        }
    }
}
