//! `minsheng dict …`: the dictionary workbench, one file per subcommand.

mod diff;
mod lint;
mod sample;
mod try_text;

use super::{Done, Places};

/// Work on the dictionaries.
#[derive(clap::Subcommand)]
pub(super) enum Dict {
    /// Show what one text is judged to be, and every step of why
    Try(try_text::TryText),
    /// Tell in plain words what differs between two sets of dictionaries
    Diff(diff::Diff),
    /// Name every fault and doubt in dictionaries
    Lint(lint::Lint),
}

impl Dict {
    pub(super) fn run(&self, places: &Places) -> Done {
        match self {
            Self::Try(try_text) => try_text.run(places),
            Self::Diff(diff) => diff.run(places),
            Self::Lint(lint) => lint.run(places),
        }
    }
}
