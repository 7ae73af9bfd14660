//! `minsheng export`: what is stored, for other tools; one file for each kind of thing.

mod labels;

use super::{Done, Places};

/// What is stored, for other tools.
#[derive(clap::Subcommand)]
pub(super) enum Export {
    /// The desk's verdicts on posts, as labels that teach and test
    Labels(labels::Labels),
}

impl Export {
    pub(super) async fn run(&self, places: &Places) -> Done {
        match self {
            Self::Labels(labels) => labels.run(places).await,
        }
    }
}
