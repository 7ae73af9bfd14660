//! What is wrong in the sources: where, what, and how it is mended.

use std::fmt;

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `src/crawl/fetch.rs:12`, or a file alone.
    pub(crate) at: String,
    /// What stands there that must not.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) mend: String,
}

impl Fault {
    /// A fault in a line of a file.
    pub(crate) fn new(path: &str, line: usize, what: String, mend: impl Into<String>) -> Self {
        Self { at: format!("{path}:{line}"), what, mend: mend.into() }
    }

    /// A fault of a whole file.
    pub(crate) fn of_file(path: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { at: path.to_owned(), what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    mend: {}", self.at, self.what, self.mend)
    }
}

/// Passes when there is no fault; else fails with all of them.
#[track_caller]
pub(crate) fn assert_none(faults: &[Fault]) {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} fault(s)\n{}", faults.len(), told.join("\n"));
}

/// Where the faults are, for the tests of the rules themselves.
pub(crate) fn places(faults: &[Fault]) -> Vec<&str> {
    faults.iter().map(|fault| fault.at.as_str()).collect()
}
