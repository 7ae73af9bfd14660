//! `minsheng dict diff`: what differs between two sets of dictionaries, and what that changes for posts.

use std::path::PathBuf;

use super::super::{Done, Failure, Places};

/// Tell in plain words what differs between two sets of dictionaries.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  minsheng dict diff ./changed\n  \
    minsheng dict diff dictionaries ./changed --sample posts.jsonl")]
pub(in crate::cli) struct Diff {
    /// A directory of dictionaries; alone it is held against those in force.
    #[arg(value_name = "A")]
    one: PathBuf,
    /// What A becomes.
    #[arg(value_name = "B")]
    other: Option<PathBuf>,
    /// Posts, one JSON object a line: how many of them would be judged otherwise.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self, _places: &Places) -> Done {
        let given = (&self.one, &self.other, &self.sample, self.json);
        Err(Failure::Usage(format!("{given:?}")))
    }
}
