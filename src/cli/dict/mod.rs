//! `minsheng dict …`: the dictionary workbench, one file per subcommand.

mod backtest;
mod diff;
mod lint;
mod posts;
mod sample;
mod stats;
mod suggest;
mod try_text;

use super::{Done, Places};

pub(super) use backtest::Backtest;

/// Work on the dictionaries.
#[derive(clap::Subcommand)]
pub(super) enum Dict {
    /// Show what one text is judged to be, and every step of why
    Try(try_text::TryText),
    /// Tell in plain words what differs between two sets of dictionaries
    Diff(diff::Diff),
    /// Name every fault and doubt in dictionaries
    Lint(lint::Lint),
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
            Self::Try(try_text) => try_text.run(places),
            Self::Diff(diff) => diff.run(places),
            Self::Lint(lint) => lint.run(places),
            Self::Stats(stats) => stats.run(places),
            Self::Suggest(suggest) => suggest.run(places),
            Self::Backtest(backtest) => backtest.run(places),
        }
    }
}
