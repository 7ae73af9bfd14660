//! Every module's own configuration, read and checked at once.
//!
//! A file with a fault is refused as a whole; every fault is named with file, line and mend. Defaults
//! live in the code beside what they configure; `config/minsheng.toml` repeats them, and a test compares.

mod fault;
mod load;
mod source;
mod toml;

use serde::{Deserialize, Serialize};

use crate::assess::AssessConfig;
use crate::detect::DetectConfig;
use crate::incident::DeskConfig;
use crate::journal::JournalConfig;
use crate::outward::OutwardConfig;
use crate::pipeline::crawling::CrawlConfig;
use crate::search::SearchConfig;
use crate::store::StoreConfig;
use crate::web::WebConfig;

pub use fault::{Fault, Weight};
pub use load::{Directories, Loaded, MODEL, dictionaries, load, receivers, rules, weights};

/// `minsheng.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The console and the API.
    pub web: WebConfig,
    /// How the web is read.
    pub crawl: CrawlConfig,
    /// Which addresses may be reached, and within which limits.
    pub outward: OutwardConfig,
    /// How posts are judged.
    pub assess: AssessConfig,
    /// Bounds of the detector.
    pub detect: DetectConfig,
    /// How long closed incidents are remembered.
    pub incident: DeskConfig,
    /// How the journal keeps its files.
    pub journal: JournalConfig,
    /// How the store uses memory.
    pub store: StoreConfig,
    /// How the search index uses memory.
    pub search: SearchConfig,
}

impl Config {
    /// What is wrong across the tables, in words for their author.
    fn problems(&self) -> Vec<String> {
        let mut problems = self.outward.problems();
        problems.extend(self.crawl.politeness.problems(&self.outward.allow));
        let journal = self.journal.faults().into_iter();
        problems.extend(journal.map(|(key, reason)| format!("journal.{key}: {reason}")));
        problems.extend(self.assess.weights.faults());
        let detect = self.detect.faults().into_iter();
        problems.extend(detect.map(|(key, reason)| format!("detect.{key}: {reason}")));
        problems.extend(self.web.faults().iter().map(|fault| format!("web: {fault}")));
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_in_the_repository_holds_the_defaults() {
        let text = include_str!("../../config/minsheng.toml");
        let config: Config = toml::read(std::path::Path::new("config/minsheng.toml"), text).unwrap();
        assert_eq!(config, Config::default(), "config/minsheng.toml and the code disagree");
        let shown = ::toml::to_string(&Config::default()).unwrap();
        let given: ::toml::Table = text.parse().unwrap();
        let wanted: ::toml::Table = shown.parse().unwrap();
        for (table, keys) in &wanted {
            let keys = keys.as_table().unwrap();
            for key in keys.keys() {
                let there = given.get(table).and_then(|given| given.get(key)).is_some();
                assert!(there, "config/minsheng.toml does not show [{table}] {key}");
            }
        }
    }
}
