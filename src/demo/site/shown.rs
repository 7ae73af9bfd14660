//! What of the town has appeared at one instant, and in which order it stands.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::schedule::Schedule;
use super::super::town::{Entry, Site, Town};

/// The town at one instant: nothing that appears later can be reached through it.
pub(super) struct Shown<'a> {
    pub(super) town: &'a Town,
    pub(super) schedule: &'a Schedule,
    pub(super) now: Timestamp,
}

/// A topic, article, notice or headline with what has been answered to it.
pub(super) struct Thread<'a> {
    pub(super) opener: &'a Entry,
    /// Each answer below what it answers, older ones first, with its depth: 1 for an answer to the opener.
    pub(super) comments: Vec<(&'a Entry, usize)>,
    /// When the last of them appeared.
    pub(super) active: Timestamp,
}

impl<'a> Shown<'a> {
    /// Everything on a site, the opener published last first.
    pub(super) fn newest(&self, site: Site) -> Vec<Thread<'a>> {
        let mut answers: BTreeMap<&str, Vec<&'a Entry>> = BTreeMap::new();
        let mut openers = Vec::new();
        for entry in self.entries(site) {
            match &entry.reply_to {
                Some(above) => answers.entry(above).or_default().push(entry),
                None => openers.push(entry),
            }
        }
        openers.into_iter().rev().map(|opener| self.gather(opener, &answers)).collect()
    }

    /// Everything on a site, the thread with the latest answer first.
    pub(super) fn liveliest(&self, site: Site) -> Vec<Thread<'a>> {
        let mut threads = self.newest(site);
        threads.sort_by_key(|thread| std::cmp::Reverse(thread.active));
        threads
    }

    /// The thread that this entry opens.
    pub(super) fn thread(&self, site: Site, key: &str) -> Option<Thread<'a>> {
        self.newest(site).into_iter().find(|thread| thread.opener.key == key)
    }

    fn entries(&self, site: Site) -> impl Iterator<Item = &'a Entry> {
        let entries = self.town.entries().iter();
        entries.filter(move |entry| entry.site == site && self.schedule.shows(entry, self.now))
    }

    fn gather(&self, opener: &'a Entry, answers: &BTreeMap<&str, Vec<&'a Entry>>) -> Thread<'a> {
        let below = |above: &Entry, depth: usize| {
            let answers = answers.get(&above.key[..]).into_iter().flatten();
            answers.rev().map(move |answer| (*answer, depth)).collect::<Vec<_>>()
        };
        let mut comments = Vec::new();
        let mut open = below(opener, 1);
        while let Some((comment, depth)) = open.pop() {
            comments.push((comment, depth));
            open.extend(below(comment, depth + 1));
        }
        let instants = comments.iter().map(|(comment, _)| self.schedule.appears_at(comment));
        let active = instants.chain([self.schedule.appears_at(opener)]).max();
        Thread { opener, comments, active: active.expect("there is at least the opener") }
    }
}
