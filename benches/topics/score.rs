//! Lets a stream pass and holds what was told against the truth.

use std::collections::BTreeMap;

use minsheng::detect::topic::{Kind, Level, Said, TopicConfig, Topics, Word};

use crate::stream::{BEGIN, DAY, Plan, Stream, Truth, mix, spelled};

/// How well topics were found.
#[derive(Debug, Default, Clone)]
pub struct Score {
    /// Bursts planted, and found.
    pub bursts: [u32; 2],
    /// Of these, those of 60 posts or more.
    pub large: [u32; 2],
    /// Of these, those whose words are all common.
    pub common: [u32; 2],
    /// Posts of each found burst that had been said when it was told, in order.
    pub posts_until: Vec<u32>,
    /// Minutes from telling to the middle post of each found burst of an hour or longer, in order.
    pub minutes_ahead: Vec<i32>,
    /// Alarms that belong to nothing planted.
    pub false_alarms: u32,
    /// Alarms on a scheduled peak from its fourth time on, by peak.
    pub late_peaks: BTreeMap<u32, u32>,
    /// Alarms on a scheduled peak up to its third time.
    pub early_peaks: u32,
    /// Alarms on slow rises.
    pub slow_rises: u32,
    /// Alarms on floods, repeated texts and adverts.
    pub floods: u32,
    /// Alarms before anything could be known.
    pub cold: u32,
    /// Days scored.
    pub days: u32,
}

impl Score {
    /// False alarms a day.
    pub fn false_alarms_a_day(&self) -> f32 {
        self.false_alarms as f32 / self.days as f32
    }

    /// Share of bursts found.
    pub fn recall(&self) -> f32 {
        self.bursts[1] as f32 / self.bursts[0].max(1) as f32
    }

    /// Share found of the bursts of 60 posts or more.
    pub fn recall_of_large(&self) -> f32 {
        self.large[1] as f32 / self.large[0].max(1) as f32
    }
}

/// The middle of an ordered list; 0 of an empty one.
pub fn median<T: Copy + Default + Ord>(values: &[T]) -> T {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Lets the stream pass.
pub fn score(plan: &Plan, stream: &Stream, config: &TopicConfig) -> Score {
    let mut topics = Topics::new(config.clone());
    let spelled: Vec<String> = (0..24_000).map(spelled).collect();
    let mut found: BTreeMap<u32, u32> = BTreeMap::new();
    let mut score = Score { days: plan.days, ..Score::default() };
    for (number, said) in stream.talk.iter().enumerate() {
        if said.truth == Truth::Advert {
            topics.pass_over_advert(said.at);
            continue;
        }
        let bands: Vec<u64> = (0..16).map(|band| mix(said.copy ^ band)).collect();
        let words = said.words.iter().map(|word| {
            // A fortieth of the words is the dictionaries'.
            let kind = if word % 40 == 7 { Kind::Term } else { Kind::Word };
            Word { text: &spelled[*word as usize], kind }
        });
        let told = topics.observe(&Said {
            at: said.at,
            post: number as u64,
            voice: said.voice,
            named: plan.named,
            copy: said.copy,
            sketch: mix(said.copy),
            bands: &bands,
            words: words.collect(),
            ..Said::default()
        });
        let Some(told) = told.filter(|told| told.news && told.level == Level::Alarm) else { continue };
        let mut tally: BTreeMap<Truth, usize> = BTreeMap::new();
        for member in told.posts.iter().take(told.voices as usize) {
            *tally.entry(stream.talk[member.post as usize].truth).or_default() += 1;
        }
        let most = tally.iter().max_by_key(|(_, count)| **count).map(|(truth, _)| *truth);
        let share = tally.values().max().copied().unwrap_or(0) * 2 >= tally.values().sum();
        let truth = most.filter(|_| share).unwrap_or(Truth::Background);
        if said.arrives < BEGIN + plan.warm * DAY {
            score.cold += u32::from(truth == Truth::Background);
            continue;
        }
        match truth {
            Truth::Background => score.false_alarms += 1,
            Truth::Burst(burst) => {
                found.entry(burst).or_insert(said.at);
            }
            Truth::Peak(peak, time) if time > 3 => *score.late_peaks.entry(peak).or_default() += 1,
            Truth::Peak(..) => score.early_peaks += 1,
            Truth::SlowRise => score.slow_rises += 1,
            Truth::Flood | Truth::Viral | Truth::Advert => score.floods += 1,
        }
    }
    for (number, burst) in stream.bursts.iter().enumerate() {
        let told = found.get(&(number as u32));
        let count = |counts: &mut [u32; 2]| {
            counts[0] += 1;
            counts[1] += u32::from(told.is_some());
        };
        count(&mut score.bursts);
        if burst.times.len() >= 60 {
            count(&mut score.large);
        }
        if burst.common {
            count(&mut score.common);
        }
        let Some(told) = told else { continue };
        score.posts_until.push(burst.times.partition_point(|at| at <= told) as u32);
        let (middle, last) = (burst.times[burst.times.len() / 2], burst.times[burst.times.len() - 1]);
        if last - burst.times[0] >= 3_600 {
            score.minutes_ahead.push((i64::from(middle) - i64::from(*told)) as i32 / 60);
        }
    }
    score.posts_until.sort_unstable();
    score.minutes_ahead.sort_unstable();
    score
}
