//! `minsheng dict lint`: every fault and doubt in dictionaries, alone or held against a sample of posts.

use std::path::PathBuf;

use super::super::{Done, Failure, Places};

/// Name every fault and doubt in dictionaries.
#[derive(clap::Args)]
#[command(after_help = "Exit status 1 if there is a fault.\n\nExamples:\n  minsheng dict lint\n  \
    minsheng dict lint ./changed --sample posts.jsonl")]
pub(in crate::cli) struct Lint {
    /// A directory of dictionaries. Default: those in force.
    dir: Option<PathBuf>,
    /// Posts, one JSON object a line: also name rows that find too much, nothing, or parts of other words.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Write the findings as JSON lines.
    #[arg(long)]
    json: bool,
}

impl Lint {
    pub(super) fn run(&self, _places: &Places) -> Done {
        let given = (&self.dir, &self.sample, self.json);
        Err(Failure::Usage(format!("{given:?}")))
    }
}
