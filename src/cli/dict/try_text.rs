//! `minsheng dict try`: one text, judged, with every step of why.

use jiff::civil::Date;

use super::super::{Done, Failure, Places};

/// Show what one text is judged to be, and every step of why.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  minsheng dict try '小区停水两天了，物业没人管'\n  \
    minsheng dict try --dictionaries ./changed --at 2026-12-01 < post.txt")]
pub(in crate::cli) struct TryText {
    /// The text; a JSON object is taken as a post. Default: standard input.
    text: Option<String>,
    /// Judge as of this day, by which dated rows are awake or asleep. Default: today.
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl TryText {
    pub(super) fn run(&self, _places: &Places) -> Done {
        Err(Failure::Usage(format!("{:?} {:?} {}", self.text, self.at, self.json)))
    }
}
