//! What is remembered of one matter (a category at a place): who spoke of it when, and the strongest posts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::Grade;
use crate::extract::post::PostId;
use crate::source::SourceId;

use super::signal::{Evidence, Signal};

/// One matter within the longest window anybody watches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Matter {
    /// Event time of its latest post; windows end here.
    pub(super) latest: Timestamp,
    /// In order of event time.
    sightings: VecDeque<Sighting>,
    /// The strongest posts, strongest first.
    shown: Vec<Evidence>,
    /// By the hash of a watch's name: how often its threshold has doubled, counted from 1. Absent: below it.
    levels: BTreeMap<u64, u32>,
}

/// One post of a matter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sighting {
    pub(super) at: Timestamp,
    pub(super) post: PostId,
    /// Stands for the writer within this matter only: salted with it.
    pub(super) voice: u64,
    pub(super) grade: Grade,
    pub(super) source: SourceId,
}

/// What was counted in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) voices: u32,
    pub(super) posts: u32,
    pub(super) highest: Option<Grade>,
}

impl Matter {
    /// Takes a post in and forgets what lies before `horizon`; returns how many posts the cap pushed out.
    pub(super) fn take(
        &mut self,
        sighting: Sighting,
        evidence: Evidence,
        horizon: Timestamp,
        cap: usize,
    ) -> u64 {
        // An edited post is observed again: it replaces itself.
        self.sightings.retain(|known| known.post != sighting.post);
        self.shown.retain(|known| known.post != evidence.post && known.published_at > horizon);
        let place = self.sightings.partition_point(|known| known.at <= sighting.at);
        self.latest = self.latest.max(sighting.at);
        self.sightings.insert(place, sighting);
        while self.sightings.front().is_some_and(|oldest| oldest.at <= horizon) {
            self.sightings.pop_front();
        }
        let surplus = self.sightings.len().saturating_sub(cap);
        self.sightings.drain(..surplus);
        self.shown.push(evidence);
        self.shown.sort_by(Evidence::by_strength);
        self.shown.truncate(Signal::EVIDENCE);
        surplus as u64
    }

    /// Counts the posts after `from` that `counts` lets pass.
    pub(super) fn tally(&self, from: Timestamp, counts: impl Fn(&Sighting) -> bool) -> Tally {
        let within = self.sightings.partition_point(|known| known.at <= from);
        let mut voices = BTreeSet::new();
        let (mut posts, mut highest) = (0, None);
        for sighting in self.sightings.range(within..).filter(|sighting| counts(sighting)) {
            voices.insert(sighting.voice);
            posts += 1;
            highest = highest.max(Some(sighting.grade));
        }
        Tally { voices: voices.len() as u32, posts, highest }
    }

    /// The level that `voices` newly reached for this watch, if they did: 1 at the threshold, 2 at its double…
    ///
    /// The count has to fall to half of the threshold before it can be crossed anew; otherwise a matter
    /// that hovers about the threshold would be reported with every post.
    pub(super) fn rises(&mut self, watch: u64, voices: u32, threshold: u32) -> Option<u32> {
        if voices <= threshold / 2 {
            self.levels.remove(&watch);
            return None;
        }
        let level = (voices / threshold).checked_ilog2().map_or(0, |doublings| doublings + 1);
        let reached = self.levels.get(&watch).copied().unwrap_or(0);
        if level <= reached {
            return None;
        }
        self.levels.insert(watch, level);
        Some(level)
    }

    /// The evidence published after `from` that `counts` lets pass, strongest first, with `tipping` in any case.
    pub(super) fn evidence(
        &self,
        from: Timestamp,
        tipping: &Evidence,
        counts: impl Fn(&Evidence) -> bool,
    ) -> Vec<Evidence> {
        let kept = self.shown.iter().filter(|shown| shown.post != tipping.post);
        let kept = kept.filter(|shown| shown.published_at > from && counts(shown));
        let mut evidence: Vec<Evidence> = kept.take(Signal::EVIDENCE - 1).cloned().collect();
        evidence.push(tipping.clone());
        evidence.sort_by(Evidence::by_strength);
        evidence
    }
}
