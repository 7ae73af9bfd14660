//! Whether a key stands out: its voices in each window, held against what is usual then.
//!
//! Usual is the key's share of all posts of the last days, times the posts of the window, times what the season
//! adds. In the first day of a stream nothing is usual yet, so nothing stands out: what is grave by itself is
//! told by its own grade.

use super::baseline::{Baseline, Usual};
use super::config::TopicConfig;
use super::said::Kind;
use super::score;
use super::season::Season;
use super::table::{Key, Name};
use super::volume::{DAY, WINDOWS};

/// For so long after its beginning a stream is too little known for anything to stand out, in seconds.
const UNKNOWN: u32 = DAY;
/// For so long a stream is known a little, and alarms need more, in seconds.
const LITTLE_KNOWN: u32 = 7 * DAY;
/// How much more, in standard deviations.
const LITTLE_KNOWN_MORE: f32 = 1.0;
/// A season explains at most this many times the plain expectation.
const MOST_SEASONAL: f32 = 50.0;
/// A rise is at least this many times what is usual.
const TIMES: f32 = 2.0;

/// A key that stands out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) key: u64,
    /// The window in which it stands out most, of [`WINDOWS`].
    pub(super) window: usize,
    pub(super) voices: f32,
    pub(super) expected: f32,
    pub(super) significance: f32,
    pub(super) alarm: bool,
}

/// What a key has to surpass at one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    now: u32,
    /// Posts within each window.
    posts: [f32; WINDOWS.len()],
    /// Significance of an alarm, for any key.
    any: f32,
    /// … for places and what the dictionaries know: of such keys there are few, so less gives as few false alarms.
    served: f32,
    /// Fewest voices.
    voices: f32,
    /// Whether the stream is too young to know what is usual.
    unknown: bool,
}

/// What is known of the past.
pub(super) struct Past<'a> {
    pub(super) baseline: &'a mut Baseline,
    pub(super) season: &'a Season,
}

impl Bar {
    /// The bar of a stream that is `age` seconds old, with so many posts within each window.
    pub(super) fn new(
        now: u32,
        age: u32,
        posts: [f32; WINDOWS.len()],
        posts_a_day: f32,
        config: &TopicConfig,
    ) -> Self {
        let more = if age < LITTLE_KNOWN { LITTLE_KNOWN_MORE } else { 0.0 };
        let alarm = |tests| score::threshold(tests * posts_a_day, config.false_alarms_per_day) + more;
        Self {
            now,
            posts,
            any: alarm(score::TESTS_OF_ANY),
            served: alarm(score::TESTS_OF_SERVED),
            voices: config.min_voices as f32,
            unknown: age < UNKNOWN,
        }
    }

    /// Whether a key with these voices can stand out at all; most cannot.
    pub(super) fn may_pass(&self, voices: &[f32; WINDOWS.len()], usual: Usual) -> bool {
        !self.unknown && (0..WINDOWS.len()).any(|window| self.rises(window, voices, usual))
    }

    /// How a key stands in the window in which it stands out most, if it does.
    pub(super) fn weigh(
        &self,
        (key, entry): (u64, &Key),
        voices: &[f32; WINDOWS.len()],
        usual: Usual,
        past: &mut Past<'_>,
    ) -> Option<Standing> {
        let served = matches!(entry.name, Name::Word(Kind::Term | Kind::Place, _));
        let alarm = if served { self.served } else { self.any };
        let mut best: Option<Standing> = None;
        for window in 0..entry.name.windows() {
            if !self.rises(window, voices, usual) {
                continue;
            }
            let plain = self.plain(window, usual);
            let score = |expected| score::significance(voices[window], expected, usual.known, entry.each());
            let needed = best.map_or(alarm - score::WATCH, |best| best.significance);
            // The season only ever takes away, and is costly to ask.
            if score(plain) < needed {
                continue;
            }
            let expected = plain * self.season(window, key, &entry.name, past);
            let significance = score(expected);
            if significance >= needed && voices[window] >= TIMES * expected {
                let alarm = significance >= alarm;
                best = Some(Standing { key, window, voices: voices[window], expected, significance, alarm });
            }
        }
        best
    }

    fn plain(&self, window: usize, usual: Usual) -> f32 {
        (self.posts[window] * usual.share).max(score::LEAST_EXPECTED)
    }

    fn rises(&self, window: usize, voices: &[f32; WINDOWS.len()], usual: Usual) -> bool {
        voices[window] >= self.voices && voices[window] >= TIMES * self.plain(window, usual)
    }

    /// How many times the plain expectation is to be expected at this time of the day and week.
    fn season(&self, window: usize, key: u64, name: &Name, past: &mut Past<'_>) -> f32 {
        let words = match name {
            Name::Word(..) => [key, key],
            Name::Pair(one, other) => [*one, *other],
        };
        let from = self.now.saturating_sub(WINDOWS[window]);
        let times = words.map(|word| {
            let usual = past.baseline.usual(word, self.now);
            1.0 + past.season.usual(word, from, self.now) / self.plain(window, usual)
        });
        times[0].max(times[1]).clamp(1.0, MOST_SEASONAL)
    }
}
