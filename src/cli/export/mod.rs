//! `minsheng export`: what is stored, for other tools; one file for each kind of thing.

pub(super) mod audit;
mod labels;

use super::{Done, Places};

/// What is stored, for other tools.
#[derive(clap::Subcommand)]
pub(super) enum Export {
    /// The desk's verdicts on posts, as labels that teach and test
    Labels(labels::Labels),
    /// What was decided and done, as a chain of lines that nobody changes unseen
    Audit(audit::Audit),
}

impl Export {
    pub(super) async fn run(&self, places: &Places) -> Done {
        match self {
            Self::Labels(labels) => labels.run(places).await,
            Self::Audit(audit) => audit.run(places),
        }
    }
}
