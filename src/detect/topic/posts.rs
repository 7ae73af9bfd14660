//! The latest posts: which of them are copies, and what topics are made of.
//!
//! A copy adds nothing to a topic: that many repeat one text is reach, not news. Only texts so short that two
//! people may well write the same count again, if two people did. More than twenty near-identical posts by at
//! most three writers within ten minutes are a flood, which is counted for the status page.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::said::Said;
use super::volume::DAY;

/// Sketches that differ in at most this many of 64 bits are near copies: about 0.8 of their character pairs
/// are the same.
const NEAR: u32 = 7;
/// Of the bands of a fingerprint, how many are looked up.
const BANDS: usize = 8;
/// How long a run of near-identical posts is looked at together, in seconds.
const FLOOD_WITHIN: u32 = 600;
/// More near-identical posts than this are a flood, by at most [`FLOOD_VOICES`].
const FLOOD: u16 = 20;
const FLOOD_VOICES: usize = 3;
/// Runs of near-identical posts looked at at once.
const RUNS: usize = 256;

/// The latest posts, by number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Posts {
    kept: VecDeque<Kept>,
    /// Number of the first post kept.
    first: u32,
    max: usize,
    /// By a band's lower bits: its upper bits, and number plus one of the latest post that has it.
    #[serde(with = "crate::detect::sparse")]
    bands: Vec<(u32, u32)>,
    runs: VecDeque<Run>,
    floods: u64,
}

/// One post.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) post: u64,
    pub(super) voice: u64,
    copy: u64,
    sketch: u64,
    pub(super) at: u32,
    pub(super) grade: u8,
    pub(super) named: bool,
}

/// Near-identical posts after one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Run {
    original: u32,
    began: u32,
    posts: u16,
    voices: Vec<u64>,
}

/// What a post is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Novelty {
    /// Its own words; the post's number.
    Original(u32),
    /// The words of another.
    Copy,
}

impl Posts {
    pub(super) fn new(max: usize) -> Self {
        let bands = vec![(0, 0); (max * BANDS).next_power_of_two()];
        Self { kept: VecDeque::new(), first: 0, max, bands, runs: VecDeque::new(), floods: 0 }
    }

    /// Takes a post in, unless it is a copy of one of the last day.
    pub(super) fn take(&mut self, said: &Said<'_>) -> Novelty {
        if let Some(original) = self.original_of(said) {
            self.note_copy(original, said);
            return Novelty::Copy;
        }
        let number = self.first.wrapping_add(self.kept.len() as u32);
        for &band in said.bands.iter().take(BANDS) {
            let place = self.place(band);
            self.bands[place] = ((band >> 32) as u32, number.wrapping_add(1));
        }
        self.kept.push_back(Kept {
            post: said.post,
            voice: said.voice,
            copy: said.copy,
            sketch: said.sketch,
            at: said.at,
            grade: said.grade,
            named: said.named,
        });
        if self.kept.len() > self.max {
            self.kept.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        Novelty::Original(number)
    }

    /// The post of this number, if it is still kept.
    pub(super) fn get(&self, number: u32) -> Option<&Kept> {
        self.kept.get(number.wrapping_sub(self.first) as usize)
    }

    /// Floods so far.
    pub(super) fn floods(&self) -> u64 {
        self.floods
    }

    fn original_of(&self, said: &Said<'_>) -> Option<u32> {
        said.bands.iter().take(BANDS).find_map(|&band| {
            let (upper, next) = self.bands[self.place(band)];
            let number = next.checked_sub(1)?;
            let known = self.get(number).filter(|_| upper == (band >> 32) as u32)?;
            let recent = said.at.abs_diff(known.at) < DAY;
            let alike = known.copy == said.copy || (known.sketch ^ said.sketch).count_ones() <= NEAR;
            let own_words = said.short && said.named && known.voice != said.voice;
            (recent && alike && !own_words && known.post != said.post).then_some(number)
        })
    }

    fn place(&self, band: u64) -> usize {
        band as usize & (self.bands.len() - 1)
    }

    fn note_copy(&mut self, original: u32, said: &Said<'_>) {
        let Some(run) = self.runs.iter_mut().find(|run| run.original == original) else {
            if self.runs.len() >= RUNS {
                self.runs.pop_front();
            }
            let first = self.get(original).map(|kept| kept.voice);
            let mut voices: Vec<u64> = first.into_iter().chain([said.voice]).collect();
            voices.dedup();
            self.runs.push_back(Run { original, began: said.at, posts: 2, voices });
            return;
        };
        if said.at.saturating_sub(run.began) > FLOOD_WITHIN {
            *run = Run { original, began: said.at, posts: 0, voices: Vec::new() };
        }
        run.posts = run.posts.saturating_add(1);
        if run.voices.len() <= FLOOD_VOICES && !run.voices.contains(&said.voice) {
            run.voices.push(said.voice);
        }
        self.floods += u64::from(run.posts == FLOOD + 1 && run.voices.len() <= FLOOD_VOICES);
    }
}
