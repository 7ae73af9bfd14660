//! What cannot be heard: rules on the sources themselves, and what they find.
//!
//! A desk whose ears are closed must not take that for silence. Such a rule opens no incident, since it is no matter of
//! the public's: its receivers are told when it is so, and once more when it is over.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::source::SourceId;

/// Most sources that a message names.
const NAMED: usize = 5;

/// What a rule on sources watches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lack {
    /// One of them could not be read for so long.
    Unread {
        /// How long.
        lasts: SignedDuration,
    },
    /// Fewer than so many percent of them could be read for so long.
    Coverage {
        /// 1 to 100.
        percent: u8,
        /// How long.
        lasts: SignedDuration,
    },
}

/// How one source is heard now. Those that rest because somebody wants it are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ear {
    /// Which.
    pub source: SourceId,
    /// What people call it.
    pub name: String,
    /// Since when it cannot be read, if it cannot.
    pub unread: Option<(Timestamp, String)>,
}

/// Something that cannot be heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The rule that says so.
    pub rule: String,
    /// What the duty officer reads for it.
    pub title: String,
    /// Which source; `None` where it is that too few can be read.
    pub source: Option<SourceId>,
    /// How grave.
    pub grade: Grade,
    /// Since when.
    pub since: Timestamp,
    /// What it is, in one Chinese sentence.
    pub why: String,
    /// Who is told: as the rule says.
    pub receivers: Vec<String>,
    /// When it was told.
    pub told_at: Timestamp,
    /// When it was over.
    pub over_at: Option<Timestamp>,
}

/// A rule on sources.
pub(super) struct OutageRule<'a> {
    pub(super) name: &'a str,
    pub(super) title: &'a str,
    pub(super) lack: &'a Lack,
    pub(super) sources: &'a BTreeSet<SourceId>,
    pub(super) grade: Grade,
    pub(super) receivers: &'a [String],
}

/// What a rule finds: what lacks now, and whether it has lasted long enough to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As it would be told now.
    pub outage: Outage,
    /// Whether it is to be told.
    pub is_due: bool,
}

impl Lack {
    fn lasts(&self) -> SignedDuration {
        match self {
            Self::Unread { lasts } | Self::Coverage { lasts, .. } => *lasts,
        }
    }
}

impl Outage {
    /// Whether two are the same one at different times.
    pub fn is_of(&self, other: &Self) -> bool {
        (&self.rule, &self.source) == (&other.rule, &other.source)
    }
}

impl OutageRule<'_> {
    /// What lacks now.
    pub(super) fn find(&self, ears: &[Ear], now: Timestamp) -> Vec<Found> {
        let meant: Vec<&Ear> =
            ears.iter().filter(|ear| self.sources.is_empty() || self.sources.contains(&ear.source)).collect();
        let mut unread: Vec<(Timestamp, &str, &Ear)> = Vec::new();
        for ear in &meant {
            unread.extend(ear.unread.as_ref().map(|(since, why)| (*since, why.as_str(), *ear)));
        }
        unread.sort_by(|one, other| (one.0, &one.2.source).cmp(&(other.0, &other.2.source)));
        match self.lack {
            Lack::Unread { .. } => {
                let one = |(since, why, ear): &(Timestamp, &str, &Ear)| {
                    let long = span(now.duration_since(*since));
                    self.found(Some(&ear.source), *since, format!("“{}”已{long}读不到：{why}", ear.name), now)
                };
                unread.iter().map(one).collect()
            }
            Lack::Coverage { percent, .. } => {
                let (all, well) = (meant.len(), meant.len() - unread.len());
                // Since so many could not be read, there were too few.
                let few = (1..=unread.len()).find(|lost| (all - lost) * 100 < all * usize::from(*percent));
                let Some((since, _, _)) = few.map(|lost| unread[lost - 1]) else { return Vec::new() };
                let names: Vec<&str> =
                    unread.iter().take(NAMED).map(|(_, _, ear)| ear.name.as_str()).collect();
                let more = if unread.len() > NAMED { "等" } else { "" };
                let why = format!(
                    "{all} 个信源中只有 {well} 个读得到，已{}；读不到的：{}{more}",
                    span(now.duration_since(since)),
                    names.join("、")
                );
                vec![self.found(None, since, why, now)]
            }
        }
    }

    fn found(&self, source: Option<&SourceId>, since: Timestamp, why: String, now: Timestamp) -> Found {
        let outage = Outage {
            rule: self.name.to_owned(),
            title: self.title.to_owned(),
            source: source.cloned(),
            grade: self.grade,
            since,
            why,
            receivers: self.receivers.to_vec(),
            told_at: now,
            over_at: None,
        };
        Found { outage, is_due: now.duration_since(since) >= self.lack.lasts() }
    }
}

/// `2 小时 5 分钟`.
fn span(time: SignedDuration) -> String {
    match (time.as_hours(), time.as_mins() % 60) {
        (0, minutes) => format!(" {minutes} 分钟"),
        (hours, 0) => format!(" {hours} 小时"),
        (hours, minutes) => format!(" {hours} 小时 {minutes} 分钟"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::RuleBook;
    use super::*;
    use crate::detect::fixture::at;

    const RULES: &str = "[[rule]]\nname = 'unread'\ntitle = '信源读不到'\nwhen = { unread = '2h' }\n
        [[rule]]\nname = 'few'\ntitle = '信源过少'\nwhen = { coverage = 60, lasts = '30m' }\ngrade = 'orange'\nreceivers = ['chief']\n";

    fn ear(id: &str, name: &str, unread: Option<&str>) -> Ear {
        let source = SourceId::new(id).unwrap();
        let unread = unread.map(|since| (at(since), "HTTP 503".to_owned()));
        Ear { source, name: name.to_owned(), unread }
    }

    #[test]
    fn what_cannot_be_read_is_told_when_it_has_lasted() {
        let book = RuleBook::from_toml(RULES).unwrap();
        assert!(book.watches().is_empty(), "the detector has nothing to do with it");
        let ears = [
            ear("forum", "论坛", Some("2026-11-28T08:00:00Z")),
            ear("board", "贴吧", Some("2026-11-28T09:50:00Z")),
            ear("hot", "热榜", None),
        ];
        let told = |now: &str| {
            let found = book.outages(&ears, at(now)).into_iter().filter(|found| found.is_due);
            found
                .map(|found| format!("{} {}", found.outage.grade, found.outage.why))
                .collect::<Vec<_>>()
                .join("\n")
        };
        assert_eq!(told("2026-11-28T09:59:59Z"), "");
        insta::assert_snapshot!(told("2026-11-28T10:00:00Z"), @"yellow “论坛”已 2 小时读不到：HTTP 503");
        // One of three read is fewer than 60 percent, two of three are not.
        insta::assert_snapshot!(told("2026-11-28T10:20:00Z"), @r"
        yellow “论坛”已 2 小时 20 分钟读不到：HTTP 503
        orange 3 个信源中只有 1 个读得到，已 30 分钟；读不到的：论坛、贴吧
        ");
        assert_eq!(book.outages(&[], at("2026-11-28T10:20:00Z")), []);
        assert_eq!(book.outages(&ears[1..2], at("2026-11-28T09:51:00Z")).len(), 2, "not yet due, and there");
    }
}
