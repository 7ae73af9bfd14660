//! A topic as it stands: what rises, what that is about, since when, and whom it was told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::recent::{Recent, Spoken};
use super::tracker::{Member, Rising};
use crate::assess::Grade;
use crate::detect::signal::{Evidence, Signal, Subject};

/// Fewest graded posts that make a topic a matter for the desk, and their least share among its posts, as one in
/// so many: that half the town is glad about something is no alarm.
const GRADED: usize = 3;
const ONE_IN: usize = 3;
/// A place stands for a topic if one in so many of the posts that tell its service names it.
const AT_PLACE: usize = 2;
/// Hours of the curve.
const HOURS: usize = 48;
/// A topic is told again when twice as many speak of it, and so many more.
const TIMES: u32 = 2;
const MORE: u32 = 10;

/// A topic as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// How it rises, by its latest post.
    pub rising: Rising,
    /// What its posts are about; `None` while they are no matter for the desk.
    pub subject: Option<Subject>,
    /// When its first post was said, in seconds since 1970.
    pub first: u32,
    /// When its latest was.
    pub last: u32,
    /// Posts by hour, the hour as its first second since 1970; of the latest two days.
    pub hours: BTreeMap<u32, u32>,
    /// By the hash of a watch's name: the voices it was told with.
    told: BTreeMap<u64, u32>,
}

impl Topic {
    pub(super) fn new(rising: Rising) -> Self {
        let (first, last) = (u32::MAX, 0);
        let mut topic =
            Self { subject: None, first, last, hours: BTreeMap::new(), told: BTreeMap::new(), rising };
        // Its posts so far; the latest is counted with those to come.
        let latest = topic.rising.posts.first().map(|member| member.post);
        let so_far: Vec<u32> = topic.rising.posts.iter().map(|member| member.at).collect();
        so_far.into_iter().skip(usize::from(latest.is_some())).for_each(|at| topic.count(at));
        topic
    }

    /// Takes in how it rises by its latest post, said at `at`.
    pub(super) fn goes_on(&mut self, rising: Rising, at: u32, recent: &Recent) {
        self.rising = rising;
        self.count(at);
        self.subject = subject_of(&self.rising.posts, recent);
    }

    fn count(&mut self, at: u32) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        *self.hours.entry(at / 3_600 * 3_600).or_insert(0) += 1;
        while self.hours.len() > HOURS {
            self.hours.pop_first();
        }
    }

    /// Whether there is something new to tell those who watch under this name: the first alarm, or twice the voices
    /// and ten more.
    pub(in crate::detect) fn has_news_for(&mut self, watch: u64) -> bool {
        let voices = self.rising.voices;
        let news = match self.told.get(&watch) {
            None => true,
            Some(&before) => voices >= before.saturating_mul(TIMES).max(before.saturating_add(MORE)),
        };
        if news {
            self.told.insert(watch, voices);
        }
        news
    }

    /// The highest grade among its posts.
    pub fn highest(&self) -> Option<Grade> {
        let highest = self.rising.posts.iter().map(|member| member.grade).max()?;
        highest.checked_sub(1).and_then(|rung| Grade::ALL.get(usize::from(rung)).copied())
    }

    /// Its posts that tell what it is about, strongest first.
    pub(super) fn evidence(&self, recent: &Recent) -> Vec<Evidence> {
        let Some(subject) = &self.subject else { return Vec::new() };
        let told = spoken_of(&self.rising.posts, recent);
        let told = told.filter(|spoken| spoken.subject.category == subject.category);
        let mut evidence: Vec<Evidence> = told.map(|spoken| spoken.evidence.clone()).collect();
        evidence.sort_by(Evidence::by_strength);
        evidence.truncate(Signal::EVIDENCE);
        evidence
    }
}

fn spoken_of<'a>(posts: &'a [Member], recent: &'a Recent) -> impl Iterator<Item = &'a Spoken> {
    posts.iter().filter_map(|member| recent.get(member.post))
}

/// What most of the graded posts are about, if enough of all posts are graded.
fn subject_of(posts: &[Member], recent: &Recent) -> Option<Subject> {
    let spoken: Vec<&Subject> = spoken_of(posts, recent).map(|spoken| &spoken.subject).collect();
    let (category, of_category) = most(spoken.iter().map(|subject| subject.category))?;
    if of_category < GRADED || of_category * ONE_IN < posts.len() {
        return None;
    }
    let spoken = || spoken.iter().filter(|subject| subject.category == category);
    let place = most(spoken().filter_map(|subject| subject.place.as_ref()));
    let department = most(spoken().filter_map(|subject| subject.department.as_ref()));
    Some(Subject {
        category,
        place: place.filter(|(_, times)| times * AT_PLACE >= of_category).map(|(place, _)| place.clone()),
        department: department.map(|(department, _)| department.clone()),
    })
}

/// What comes most often, the least of equals, and how often.
fn most<T: Ord>(all: impl Iterator<Item = T>) -> Option<(T, usize)> {
    let mut times: BTreeMap<T, usize> = BTreeMap::new();
    all.for_each(|one| *times.entry(one).or_insert(0) += 1);
    times.into_iter().reduce(|best, next| if next.1 > best.1 { next } else { best })
}
