//! `minsheng dict …`: the dictionary workbench, one file per subcommand.

mod backtest;
mod posts;
mod stats;
mod suggest;

use super::{Done, Places};

pub(super) use backtest::Backtest;

/// Work on the dictionaries.
#[derive(clap::Subcommand)]
pub(super) enum Dict {
    /// Tell what every row of the dictionaries does in many posts
    Stats(stats::Stats),
    /// Look for words that the dictionaries lack
    Suggest(suggest::Suggest),
    /// Tell what a change of dictionaries, weights or rules would have done
    Backtest(backtest::Backtest),
}

impl Dict {
    pub(super) fn run(&self, places: &Places) -> Done {
        match self {
            Self::Stats(stats) => stats.run(places),
            Self::Suggest(suggest) => suggest.run(places),
            Self::Backtest(backtest) => backtest.run(places),
        }
    }
}
