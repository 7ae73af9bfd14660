//! Says of every find that does not count what keeps it out: for people who work on dictionaries.
//!
//! A second scan, slower than the first and never on the way of a post. What it lists and what
//! [`Lexicon::scan`] gives are all that the automaton found, but for words that are not whole and parts
//! that found no others.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Candidate, Finds};
use crate::lexicon::matcher::Lexicon;
use crate::text::segment::Tokens;

/// A find of a row that does not count in this text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOut {
    /// Number of the row in its lexicon.
    pub row: u32,
    /// First character.
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// What keeps it out.
    pub by: Keeper,
}

/// What keeps a find out. Characters are those of the normalised text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// The row sleeps on the day.
    Date,
    /// A context of the row's `unless`.
    Context {
        /// First character of the context.
        start: u32,
        /// One past its last character.
        end: u32,
    },
    /// A `~word` of the row's `unless`.
    Near {
        /// First character of the word.
        start: u32,
        /// One past its last character.
        end: u32,
    },
    /// A match of the same category and kind that is longer, or the first of equals.
    Match {
        /// Number of its row.
        row: u32,
        /// First character of the match.
        start: u32,
        /// One past its last character.
        end: u32,
    },
}

impl Lexicon {
    /// The finds that do not count, by start, end and row.
    pub fn kept_out(&self, text: &str, tokens: &Tokens, date: Date) -> Vec<KeptOut> {
        let mut finds = Finds::of(self, text, tokens);
        // What would stand if there were no contexts; `all` rows are joined of parts that lie in one, too.
        let mut free = Finds { contexts: Vec::new(), ..finds.clone() };
        let mut found = free.literals.clone();
        free.join_parts(self, text, &mut found);
        let candidates = finds.candidates(self, text, date);
        let accepted = self.accepted(candidates);
        let mut kept_out: Vec<KeptOut> = found
            .iter()
            .filter_map(|find| {
                let by = self.keeper(&finds, find, &accepted, date)?;
                Some(KeptOut { row: find.row, start: find.start, end: find.end, by })
            })
            .collect();
        kept_out.sort_by_key(|kept| (kept.start, kept.end, kept.row));
        kept_out.dedup();
        kept_out
    }

    fn keeper(&self, finds: &Finds, find: &Candidate, accepted: &[Candidate], date: Date) -> Option<Keeper> {
        let row = self.row(find.row);
        if !row.is_active(date) {
            return Some(Keeper::Date);
        }
        let mut covered = find.covered().iter();
        if let Some((start, end)) =
            covered.find_map(|&(start, end)| finds.context_of(self, find.row, start, end))
        {
            return Some(Keeper::Context { start, end });
        }
        if let Some((start, end)) = finds.near_to(self, find) {
            return Some(Keeper::Near { start, end });
        }
        let rival = |other: &&Candidate| {
            let of = self.row(other.row);
            (of.category, of.kind) == (row.category, row.kind) && other.overlaps(find)
        };
        let taken = accepted.iter().find(rival)?;
        // Its own row counts here already: by this find, or by a longer spelling.
        (taken.row != find.row).then_some(Keeper::Match {
            row: taken.row,
            start: taken.start,
            end: taken.end,
        })
    }

    /// The candidates that became matches.
    fn accepted(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let matches = self.resolve(candidates.clone());
        let matches: BTreeSet<_> = matches.iter().map(|found| (found.row, found.start, found.end)).collect();
        candidates.into_iter().filter(|one| matches.contains(&(one.row, one.start, one.end))).collect()
    }
}

impl Candidate {
    fn overlaps(&self, other: &Self) -> bool {
        let touches = |&(start, end): &(u32, u32)| other.covered().iter().any(|&(s, e)| start < e && s < end);
        self.covered().iter().any(touches)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{day, segmented, town};
    use super::*;

    #[test]
    fn every_find_that_does_not_count_is_told_with_what_keeps_it_out() {
        let lexicon = town();
        let said = |text: &str, date: &str| {
            let slice = |start: u32, end: u32| -> String {
                text.chars().skip(start as usize).take((end - start) as usize).collect()
            };
            let kept = lexicon.kept_out(text, &segmented(&lexicon, text), day(date));
            let told = kept.iter().filter(|kept| lexicon.row(kept.row).category.is_some()).map(|kept| {
                let by = match kept.by {
                    Keeper::Date => "date".to_owned(),
                    Keeper::Context { start, end } => format!("in {}", slice(start, end)),
                    Keeper::Near { start, end } => format!("near {}", slice(start, end)),
                    Keeper::Match { row, start, end } => {
                        format!("by {}={}", lexicon.row(row).term, slice(start, end))
                    }
                };
                format!("{} {by}", slice(kept.start, kept.end))
            });
            told.collect::<Vec<_>>().join("; ")
        };
        for (text, expected) in [
            ("我家停水了", ""),
            ("停水公告模板下载", "停水 in 停水公告模板"),
            ("看到停水通知", "停水 by 停水通知=停水通知"),
            ("信息爆炸的时代", "爆炸 in 信息爆炸"),
            ("促销啦,爆燃价", "爆燃 near 促销"),
            ("从不拖欠工资", "拖欠工资 in 不拖欠"),
            ("不拖欠,但现在拖欠工资", "拖欠,但现在拖欠工资 in 不拖欠"),
            ("电梯遇到坏人", "电梯遇到坏 in 坏人"),
            ("大面积停水", ""),
        ] {
            assert_eq!(said(text, "2026-03-01"), expected, "{text}");
        }
        assert_eq!(said("暖气不热", "2026-05-01"), "暖气不热 date");
        assert_eq!(said("暖气不热", "2026-03-01"), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn what_is_kept_out_does_not_count_and_what_keeps_it_out_does(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "停水", "通知", "公告模板", "信息", "爆炸", "爆燃", "促销", "不", "拖欠", "工资", "坏", "人", "电梯", "。",
                    "大面积", "暖气", "不热",
                ]),
                0..14,
            ),
        ) {
            let (lexicon, text) = (town(), words.concat());
            let tokens = segmented(&lexicon, &text);
            let matches = lexicon.scan(&text, &tokens, day("2026-03-01")).matches;
            let counts = |row, start, end| {
                matches.iter().any(|one| (one.row, one.start, one.end) == (row, start, end))
            };
            for kept in lexicon.kept_out(&text, &tokens, day("2026-03-01")) {
                prop_assert!(!counts(kept.row, kept.start, kept.end), "{kept:?} in {text}");
                if let Keeper::Match { row, start, end } = kept.by {
                    prop_assert!(counts(row, start, end), "{kept:?} in {text}");
                    prop_assert!(row != kept.row);
                }
            }
        }
    }
}
