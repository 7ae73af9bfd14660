//! A stream of a town's talk with a known truth, from a seed: the rhythm of day and week, topics that wax and
//! wane on their own, and planted among them bursts of many sizes and slopes, scheduled peaks, slow rises,
//! floods by few writers, texts that many repeat, adverts, and outages whose posts arrive late.
//!
//! Words are made of numbers and mean nothing; what a post belongs to stands beside it.

use std::ops::Range;

/// Monday 2 March 2026, 00:00 in Beijing, in seconds since 1970.
pub const BEGIN: u32 = 1_772_380_800;
/// Seconds of a day.
pub const DAY: u32 = 86_400;
const WORDS: usize = 24_000;
const TOPICS: usize = 600;
const SOURCES: u32 = 4;

/// What is to be said.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Same seed, same stream.
    pub seed: u64,
    /// Days before anything is planted that scores.
    pub warm: u32,
    /// Days that are scored.
    pub days: u32,
    /// Posts of the background on a day.
    pub posts_a_day: u32,
    /// Bursts on a scored day.
    pub bursts_a_day: f32,
    /// Whether posts tell their writers.
    pub named: bool,
}

/// What a post belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Everyday talk.
    Background,
    /// A planted burst.
    Burst(u32),
    /// A scheduled peak, and its how-manieth time, from 1.
    Peak(u32, u32),
    /// A rise over many days.
    SlowRise,
    /// A flood by few writers.
    Flood,
    /// One text repeated by many.
    Viral,
    /// Somebody sells something.
    Advert,
}

/// One post.
#[derive(Debug, Clone)]
pub struct Talk {
    /// When it was said.
    pub at: u32,
    /// When it arrives: the order of the stream.
    pub arrives: u32,
    /// Who said it.
    pub voice: u64,
    /// Its words, by number.
    pub words: Vec<u32>,
    /// Equal for copies.
    pub copy: u64,
    /// What it belongs to.
    pub truth: Truth,
}

/// A planted burst.
#[derive(Debug, Clone)]
pub struct Burst {
    /// Its posts' times, in order.
    pub times: Vec<u32>,
    /// Whether each of its words is a common one.
    pub common: bool,
}

/// A stream and its truth.
#[derive(Debug)]
pub struct Stream {
    /// In order of arrival.
    pub talk: Vec<Talk>,
    /// By number.
    pub bursts: Vec<Burst>,
}

/// A generator of pseudo-random numbers: SplitMix64.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn within(&mut self, range: Range<u32>) -> u32 {
        range.start + (self.unit() * f64::from(range.end - range.start)) as u32
    }

    /// Between two bounds, small ones as likely as large ones.
    fn scaled(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.unit())
    }

    fn normal(&mut self) -> f64 {
        let (radius, angle) = ((-2.0 * self.unit().max(1e-12).ln()).sqrt(), self.unit());
        radius * (angle * std::f64::consts::TAU).cos()
    }

    /// A word of the language: the frequent ones first.
    fn word(&mut self) -> u32 {
        (self.scaled(1.0, WORDS as f64) as u32).min(WORDS as u32 - 1)
    }
}

/// Mixes the bits of a number.
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// How a word is written.
pub fn spelled(word: u32) -> String {
    const SOUNDS: [char; 40] = [
        '沂', '岚', '沅', '芷', '澧', '蓟', '滦', '潞', '汶', '泗', '洮', '渭', '泾', '沔', '淦', '渌', '涞',
        '漳', '沁', '涿', '邕', '邛', '鄱', '郧', '鄞', '邳', '郯', '郸', '邰', '邽', '岷', '嵩', '峄', '崂',
        '岱', '峨', '崤', '嵊', '峒', '岢',
    ];
    let (mut rest, mut text) = (word as usize + 40, String::new());
    while rest > 0 {
        text.push(SOUNDS[rest % 40]);
        rest /= 40;
    }
    text
}

/// Makes the stream.
pub fn stream(plan: &Plan) -> Stream {
    let mut town = Town::new(plan);
    town.background();
    town.peaks();
    town.slow_rises();
    let bursts = town.bursts();
    town.floods();
    town.outages();
    let mut talk = town.talk;
    talk.sort_by_key(|said| said.arrives);
    Stream { talk, bursts }
}

struct Town<'a> {
    plan: &'a Plan,
    chance: Chance,
    /// Words of each topic of the background.
    topics: Vec<Vec<u32>>,
    talk: Vec<Talk>,
}

impl<'a> Town<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut chance = Chance::new(plan.seed);
        let topics = (0..TOPICS)
            .map(|_| {
                let size = chance.within(12..40);
                (0..size).map(|_| chance.scaled(30.0, WORDS as f64) as u32 % WORDS as u32).collect()
            })
            .collect();
        Self { plan, chance, topics, talk: Vec::new() }
    }

    fn until(&self) -> u32 {
        BEGIN + (self.plan.warm + self.plan.days) * DAY
    }

    fn scored(&self) -> u32 {
        BEGIN + self.plan.warm * DAY
    }

    fn writer(&mut self) -> u64 {
        // Few write much, most write little.
        let most = f64::from(self.plan.posts_a_day) * 4.0;
        mix(self.chance.scaled(1.0, most) as u64)
    }

    fn say(&mut self, at: u32, words: Vec<u32>, truth: Truth) {
        let (voice, copy) = (self.writer(), self.chance.bits());
        let mut words = words;
        words.sort_unstable();
        words.dedup();
        let voice = if self.plan.named { voice } else { copy };
        self.talk.push(Talk { at, arrives: at, voice, words, copy, truth });
    }

    fn background(&mut self) {
        let mut moods = vec![0.0_f64; TOPICS];
        let sizes: Vec<f64> = (0..TOPICS).map(|_| self.chance.scaled(0.1, 4.0)).collect();
        for day in 0..self.plan.warm + self.plan.days {
            let mut ends = Vec::with_capacity(TOPICS);
            let mut sum = 0.0;
            for (mood, size) in moods.iter_mut().zip(&sizes) {
                *mood = 0.6 * *mood + 0.8 * 0.35 * self.chance.normal();
                sum += size * mood.exp();
                ends.push(sum);
            }
            let weekend = if day % 7 >= 5 { 0.8 } else { 1.0 };
            let posts = f64::from(self.plan.posts_a_day) * weekend;
            for _ in 0..posts as u32 {
                let at = BEGIN + day * DAY + self.instant();
                let drawn = self.chance.unit() * sum;
                let topic = ends.partition_point(|end| *end < drawn).min(TOPICS - 1);
                let words = self.words(topic);
                self.say(at, words, Truth::Background);
            }
        }
    }

    /// A second of the day: little at night, most at noon and in the evening.
    fn instant(&mut self) -> u32 {
        const HOURS: [f64; 24] = [
            0.45, 0.25, 0.15, 0.1, 0.1, 0.2, 0.45, 0.8, 1.0, 1.1, 1.1, 1.2, 1.4, 1.2, 1.0, 1.0, 1.0, 1.1,
            1.2, 1.4, 1.6, 1.6, 1.3, 0.8,
        ];
        loop {
            let second = self.chance.within(0..DAY);
            if self.chance.unit() * 1.6 < HOURS[(second / 3_600) as usize] {
                return second;
            }
        }
    }

    fn words(&mut self, topic: usize) -> Vec<u32> {
        let mut words = Vec::new();
        for _ in 0..self.chance.within(6..15) {
            let own = self.chance.unit() < 0.5;
            let pick = self.chance.within(0..self.topics[topic].len() as u32) as usize;
            let word = if own { self.topics[topic][pick] } else { self.chance.word() };
            words.push(word);
        }
        words
    }

    /// Some of `core`, at least two, and what else one says.
    fn words_of(&mut self, core: &[u32]) -> Vec<u32> {
        let mut words: Vec<u32> = core.iter().copied().filter(|_| self.chance.unit() < 0.75).collect();
        while words.len() < 2 {
            let pick = self.chance.within(0..core.len() as u32) as usize;
            if !words.contains(&core[pick]) {
                words.push(core[pick]);
            }
        }
        words.extend((0..self.chance.within(4..10)).map(|_| self.chance.word()));
        words
    }

    fn core(&mut self, common: bool) -> Vec<u32> {
        let size = self.chance.within(2..5);
        let mut core: Vec<u32> = (0..size).map(|_| self.chance.within(60..900)).collect();
        if !common {
            let rare = if self.chance.unit() < 0.5 { 2 } else { 1 };
            for word in core.iter_mut().take(rare) {
                *word = self.chance.within(3_000..WORDS as u32);
            }
        }
        core.sort_unstable();
        core.dedup();
        if core.len() < 2 { self.core(common) } else { core }
    }

    fn bursts(&mut self) -> Vec<Burst> {
        let count = (self.plan.bursts_a_day * self.plan.days as f32).round() as u32;
        let mut bursts = Vec::new();
        for number in 0..count {
            let common = self.chance.unit() < 0.35;
            let core = self.core(common);
            let size = self.chance.scaled(8.0, 400.0) as u32;
            let lasts = self.chance.scaled(20.0 * 60.0, 10.0 * 3_600.0);
            // Large bursts are not over in minutes.
            let lasts = lasts.max(f64::from(size) * 20.0);
            let latest = self.until() - 12 * 3_600;
            let from = self.chance.within(self.scored()..latest);
            let mut times: Vec<u32> = (0..size)
                .map(|_| {
                    // Rises, then wanes: the sum of two waiting times.
                    let waits = -(self.chance.unit().max(1e-9).ln() + self.chance.unit().max(1e-9).ln());
                    from + (waits * lasts / 4.0).min(lasts * 1.5) as u32
                })
                .collect();
            times.sort_unstable();
            for at in &times {
                let words = self.words_of(&core);
                self.say(*at, words, Truth::Burst(number));
            }
            bursts.push(Burst { times, common });
        }
        bursts
    }

    /// Three peaks a day and one a week from the beginning, two more from within the scored days.
    fn peaks(&mut self) {
        let warm = self.plan.warm;
        for (peak, (first, every, hour)) in
            [(0, 1, 7.5), (0, 1, 12.0), (0, 1, 22.0), (0, 7, 9.0), (warm + 2, 1, 18.0), (warm + 3, 1, 20.5)]
                .into_iter()
                .enumerate()
        {
            let core = self.core(false);
            let size = f64::from(self.plan.posts_a_day).sqrt() / 4.0;
            let days = (first..warm + self.plan.days).step_by(every).enumerate();
            for (times, day) in days {
                for _ in 0..(size * self.chance.scaled(0.7, 1.4)) as u32 + 6 {
                    let at = BEGIN + day * DAY + (hour * 3_600.0) as u32 + self.chance.within(0..1_800);
                    let words = self.words_of(&core);
                    self.say(at, words, Truth::Peak(peak as u32, times as u32 + 1));
                }
            }
        }
    }

    /// Two matters of which five times as much is said at the end of ten days.
    fn slow_rises(&mut self) {
        for _ in 0..2 {
            let core = self.core(false);
            let from = self.scored().saturating_sub(4 * DAY);
            for day in 0..14 {
                let growth = 5_f64.powf(f64::from(day.min(10)) / 10.0);
                let posts = f64::from(self.plan.posts_a_day) / 1_500.0 * growth + 1.0;
                for _ in 0..posts as u32 {
                    let at = from + day * DAY + self.instant();
                    if at < self.until() {
                        let words = self.words_of(&core);
                        self.say(at, words, Truth::SlowRise);
                    }
                }
            }
        }
    }

    /// Floods by one to three writers, half of them in words that differ; texts that a hundred repeat; adverts.
    fn floods(&mut self) {
        for flood in 0..12 {
            let core = self.core(false);
            let from = self.chance.within(self.scored()..self.until() - DAY);
            let voices: Vec<u64> = (0..self.chance.within(1..4)).map(|_| self.chance.bits()).collect();
            let copy = self.chance.bits();
            for _ in 0..self.chance.within(60..200) {
                let at = from + self.chance.within(0..1_800);
                let words = self.words_of(&core);
                self.say(at, words, Truth::Flood);
                let pick = self.chance.within(0..voices.len() as u32) as usize;
                if let Some(said) = self.talk.last_mut() {
                    let spun = self.plan.named && flood % 2 == 1;
                    (said.voice, said.copy) = (voices[pick], if spun { said.copy } else { copy });
                }
            }
        }
        for (truth, same) in [(Truth::Viral, true), (Truth::Advert, false)] {
            for _ in 0..6 {
                let core = self.core(false);
                let from = self.chance.within(self.scored()..self.until() - DAY);
                let (text, copy) = (self.words_of(&core), self.chance.bits());
                for _ in 0..100 {
                    let at = from + self.chance.within(0..7_200);
                    let words = if same { text.clone() } else { self.words_of(&core) };
                    self.say(at, words, truth);
                    if let Some(said) = self.talk.last_mut().filter(|_| same) {
                        said.copy = copy;
                    }
                }
            }
        }
    }

    /// Two hours of silence whose posts arrive within ten minutes: once of everybody with their times, once
    /// of everybody without, once of a single source without.
    fn outages(&mut self) {
        let noon = self.scored() + DAY + 10 * 3_600;
        for (day, dated, source) in [(0, true, None), (1, false, None), (2, false, Some(1))] {
            let (from, until) = (noon + day * DAY, noon + day * DAY + 7_200);
            for said in &mut self.talk {
                let silent = source.is_none_or(|source| said.copy as u32 % SOURCES == source);
                if (from..until).contains(&said.at) && silent {
                    said.arrives = until + (said.at - from) / 12;
                    if !dated {
                        said.at = said.arrives;
                    }
                }
            }
        }
    }
}
