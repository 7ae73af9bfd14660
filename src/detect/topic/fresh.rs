//! New words: runs of characters that the dictionaries do not know, and that people use as one word.
//!
//! Counted are the stretches of two to five characters in runs the segmenter left as single characters, in
//! originals only. A stretch is a word if its characters hold together (they meet far more often than by
//! chance) and its neighbours vary (it is no piece of a longer one). It then is a key like any word for a
//! week, and is never put into a dictionary without a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys;
use super::said::Run;
use super::volume::DAY;

/// Longest stretch that may be a word, in characters.
const LONGEST: usize = 5;
/// Longest run looked at, in characters: what is longer is no language.
const LONGEST_RUN: usize = 12;
/// Fewest uses and fewest voices of a new word.
const USES: u32 = 4;
const VOICES: usize = 4;
/// Least pointwise mutual information of the two parts of a word, in bits.
const COHESION: f32 = 4.0;
/// Least entropy of a word's neighbours, in bits: bare, and within marks that name things.
const FREEDOM: f32 = 1.0;
const FREEDOM_QUOTED: f32 = 0.6;
/// Different neighbours kept on a side.
const NEIGHBOURS: usize = 12;
/// How long a new word is taken for one without proving itself again, in seconds.
const LIFE: u32 = 7 * DAY;
/// Characters that no word begins or ends with.
const FUNCTION: &str = "的了在是我你他她它们不也就都还又和与及或很太没有把被让给对到去来上下里着过吗呢吧啊呀么这那个些哪谁几多少再才只但而且为因所以要会能可想说看做用从向于之其";

/// What is counted of runs without a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fresh {
    stretches: BTreeMap<Box<str>, Stretch>,
    /// Words so far, with the time until which they are taken for words.
    accepted: BTreeMap<Box<str>, u32>,
    chars: BTreeMap<char, u32>,
    all_chars: u32,
    began: u32,
    max: usize,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Stretch {
    uses: u32,
    quoted: u32,
    voices: Vec<u32>,
    before: Vec<(char, u16)>,
    after: Vec<(char, u16)>,
    last: u32,
}

impl Fresh {
    pub(super) fn new(max: usize) -> Self {
        Self {
            stretches: BTreeMap::new(),
            accepted: BTreeMap::new(),
            chars: BTreeMap::new(),
            all_chars: 0,
            began: 0,
            max,
        }
    }

    /// Takes the runs of a post in; gives the new words among their stretches.
    pub(super) fn take(&mut self, runs: &[Run<'_>], voice: u64, now: u32) -> Vec<String> {
        let mut found = Vec::new();
        for run in runs {
            let chars: Vec<char> = run.text.chars().collect();
            if chars.len() > LONGEST_RUN {
                continue;
            }
            self.count_chars(&chars, now);
            for start in 0..chars.len() {
                for end in start + 2..=chars.len().min(start + LONGEST) {
                    if FUNCTION.contains(chars[start]) || FUNCTION.contains(chars[end - 1]) {
                        continue;
                    }
                    let before = start.checked_sub(1).map(|at| chars[at]).or(run.before);
                    let after = chars.get(end).copied().or(run.after);
                    let text: String = chars[start..end].iter().collect();
                    self.count(&text, run.quoted, voice, [before, after], now);
                    if self.is_word(&text, now) && !found.contains(&text) {
                        found.push(text);
                    }
                }
            }
        }
        // A piece of a word beside it says nothing more.
        let whole = found.clone();
        found.retain(|word| !whole.iter().any(|other| other != word && other.contains(word.as_str())));
        found
    }

    /// Forgets what was not used for a day.
    pub(super) fn tidy(&mut self, now: u32) {
        self.stretches.retain(|_, stretch| now.saturating_sub(stretch.last) < DAY);
        self.accepted.retain(|_, until| *until > now);
    }

    /// Share of the room in use, 0 to 1.
    pub(super) fn fill(&self) -> f32 {
        self.stretches.len() as f32 / self.max as f32
    }

    fn count_chars(&mut self, chars: &[char], now: u32) {
        if now.saturating_sub(self.began) > DAY {
            // Half of the past is enough to know how frequent a character is.
            self.chars.values_mut().for_each(|count| *count /= 2);
            self.chars.retain(|_, count| *count > 0);
            self.all_chars = self.chars.values().sum();
            self.began = now;
        }
        for c in chars {
            *self.chars.entry(*c).or_default() += 1;
        }
        self.all_chars += chars.len() as u32;
    }

    fn count(&mut self, text: &str, quoted: bool, voice: u64, around: [Option<char>; 2], now: u32) {
        if !self.stretches.contains_key(text) && self.stretches.len() >= self.max {
            self.make_room();
        }
        let salted = (keys::salted(voice, keys::of_word(text)) >> 32) as u32;
        let stretch = self.stretches.entry(text.into()).or_default();
        stretch.uses += 1;
        stretch.quoted += u32::from(quoted);
        stretch.last = now;
        if stretch.voices.len() < VOICES && !stretch.voices.contains(&salted) {
            stretch.voices.push(salted);
        }
        let sides = [&mut stretch.before, &mut stretch.after];
        for (side, neighbour) in sides.into_iter().zip(around) {
            // The border of a text is a neighbour like any other.
            let neighbour = neighbour.unwrap_or('\n');
            if let Some((_, count)) = side.iter_mut().find(|(known, _)| *known == neighbour) {
                *count = count.saturating_add(1);
            } else if side.len() < NEIGHBOURS {
                side.push((neighbour, 1));
            }
        }
    }

    fn is_word(&mut self, text: &str, now: u32) -> bool {
        if self.accepted.get(text).is_some_and(|until| *until > now) {
            return true;
        }
        let Some(stretch) = self.stretches.get(text) else { return false };
        if stretch.uses < USES || stretch.voices.len() < VOICES {
            return false;
        }
        let needed = if stretch.quoted * 2 > stretch.uses { FREEDOM_QUOTED } else { FREEDOM };
        let word = entropy(&stretch.before).min(entropy(&stretch.after)) >= needed
            && self.cohesion(text, stretch.uses) >= COHESION;
        if word {
            self.accepted.insert(text.into(), now.saturating_add(LIFE));
        }
        word
    }

    /// The least mutual information over all ways to part the text in two.
    fn cohesion(&self, text: &str, uses: u32) -> f32 {
        let all = self.all_chars.max(1) as f32;
        let frequency = |part: &str| {
            let mut chars = part.chars();
            let count = match (chars.next(), chars.next()) {
                (Some(only), None) => self.chars.get(&only).copied(),
                _ => self.stretches.get(part).map(|stretch| stretch.uses),
            };
            count.unwrap_or(1).max(1) as f32 / all
        };
        let whole = uses as f32 / all;
        let splits = text.char_indices().skip(1).map(|(at, _)| text.split_at(at));
        splits
            .map(|(left, right)| (whole / (frequency(left) * frequency(right))).log2())
            .fold(f32::INFINITY, f32::min)
    }

    /// Forgets the eighth that was used least.
    fn make_room(&mut self) {
        let mut least: Vec<_> =
            self.stretches.iter().map(|(text, stretch)| (stretch.uses, stretch.last, text.clone())).collect();
        least.sort_unstable();
        for (_, _, text) in least.into_iter().take(self.max / 8) {
            self.stretches.remove(&text);
        }
    }
}

/// Entropy of counts, in bits.
fn entropy(counts: &[(char, u16)]) -> f32 {
    let all: f32 = counts.iter().map(|(_, count)| f32::from(*count)).sum();
    counts.iter().map(|(_, count)| f32::from(*count) / all).map(|share| -share * share.log2()).sum()
}
