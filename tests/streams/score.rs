//! How well topics and events tell what is true of a stream.

use std::collections::BTreeMap;

use minsheng::detect::event::Placed;
use minsheng::detect::topic::Rising;
use minsheng::extract::post::Post;

use super::{Kind, Stream};

/// Posts after the last one of a story, in seconds, by which an alarm still belongs to it.
const AFTERWARDS: i64 = 6 * 3_600;
/// Share of an alarm's posts that must be of one story for the alarm to be of it.
const MAJORITY: f32 = 0.5;
/// A scheduled peak may surprise so many times.
const LEARNT: u32 = 3;

/// What the topics were worth.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct TopicScore {
    pub(crate) days: f32,
    pub(crate) bursts: usize,
    pub(crate) found: usize,
    /// Of 60 posts or more.
    pub(crate) large: usize,
    pub(crate) large_found: usize,
    /// Median number of the story's posts at the first alarm.
    pub(crate) posts_at_alarm: f32,
    /// Median minutes from the first alarm to half of the story's posts.
    pub(crate) lead_minutes: f32,
    /// Alarms of nothing that happened, by what they were of.
    pub(crate) false_alarms: BTreeMap<&'static str, usize>,
    /// Alarms of a scheduled peak after its third time.
    pub(crate) peak_alarms: usize,
}

impl TopicScore {
    pub(crate) fn false_a_day(&self) -> f32 {
        self.false_alarms.values().sum::<usize>() as f32 / self.days
    }

    pub(crate) fn recall(&self) -> f32 {
        self.found as f32 / self.bursts.max(1) as f32
    }

    pub(crate) fn recall_of_large(&self) -> f32 {
        self.large_found as f32 / self.large.max(1) as f32
    }
}

/// Notes what is told while a stream runs.
pub(crate) struct Tally<'a> {
    stream: &'a Stream,
    of: BTreeMap<u64, usize>,
    alarms: Vec<(usize, Vec<u64>)>,
    placed: Vec<Option<u64>>,
    into: BTreeMap<u64, u64>,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(stream: &'a Stream) -> Self {
        let of = stream.posts.iter().enumerate().map(|(at, post)| (short(post), at)).collect();
        Self { stream, of, alarms: Vec::new(), placed: Vec::new(), into: BTreeMap::new() }
    }

    /// Notes what the next post led to.
    pub(crate) fn note(&mut self, rising: Option<&Rising>, placed: &Placed) {
        if let Some(rising) = rising {
            let posts = rising.posts.iter().map(|member| member.post).collect();
            self.alarms.push((self.placed.len(), posts));
        }
        self.into.extend(placed.merged.iter().copied());
        self.placed.push(placed.event);
    }

    /// What an alarm is of: the story of most of its posts.
    fn story_of(&self, posts: &[u64]) -> Option<u32> {
        let mut times: BTreeMap<u32, usize> = BTreeMap::new();
        let told = posts.iter().filter_map(|post| self.stream.told[*self.of.get(post)?]);
        told.for_each(|story| *times.entry(story).or_default() += 1);
        let (story, most) = times.into_iter().max_by_key(|(_, times)| *times)?;
        (most as f32 >= MAJORITY * posts.len() as f32).then_some(story)
    }

    pub(crate) fn topics(&self) -> TopicScore {
        let stream = self.stream;
        let mut when: Vec<Vec<i64>> = vec![Vec::new(); stream.stories.len()];
        for (post, story) in stream.posts.iter().zip(&stream.told) {
            if let Some(story) = story {
                when[*story as usize].push(post.captured_at.as_second());
            }
        }
        let sizes = stream.sizes();
        let mut score = TopicScore { days: stream.days as f32, ..TopicScore::default() };
        let is_large = |story: usize| sizes[story] >= 60;
        for (number, story) in stream.stories.iter().enumerate() {
            if story.kind == Kind::Burst {
                score.bursts += 1;
                score.large += usize::from(is_large(number));
            }
        }
        let mut found: BTreeMap<u32, (f32, f32)> = BTreeMap::new();
        for (at, posts) in &self.alarms {
            let now = stream.posts[*at].captured_at.as_second();
            let story = self.story_of(posts);
            let Some(number) = story else {
                *score.false_alarms.entry("everyday talk").or_default() += 1;
                continue;
            };
            let of = number as usize;
            match stream.stories[of].kind {
                Kind::Burst | Kind::Small if now <= when[of].last().copied().unwrap_or(0) + AFTERWARDS => {
                    let so_far = when[of].iter().filter(|&&said| said <= now).count() as f32;
                    let half = when[of][when[of].len() / 2];
                    let lead = (half - now) as f32 / 60.0;
                    if stream.stories[of].kind == Kind::Burst {
                        found.entry(number).or_insert((so_far, lead));
                    }
                }
                Kind::Burst | Kind::Small => *score.false_alarms.entry("long over").or_default() += 1,
                Kind::Flood => *score.false_alarms.entry("flood").or_default() += 1,
                Kind::Advert => *score.false_alarms.entry("advert").or_default() += 1,
                Kind::Rise => *score.false_alarms.entry("slow rise").or_default() += 1,
                Kind::Peak(day) if day >= LEARNT => score.peak_alarms += 1,
                Kind::Peak(_) => {}
            }
        }
        score.found = found.len();
        score.large_found = found.keys().filter(|&&story| is_large(story as usize)).count();
        score.posts_at_alarm = median(found.values().map(|(posts, _)| *posts).collect());
        score.lead_minutes = median(found.values().map(|(_, lead)| *lead).collect());
        score
    }

    /// The event of each post at the end.
    pub(crate) fn clusters(&self) -> Clusters {
        let last = |mut id: u64| {
            while let Some(&further) = self.into.get(&id) {
                id = further;
            }
            id
        };
        let events: Vec<Option<u64>> = self.placed.iter().map(|event| event.map(last)).collect();
        Clusters::of(self.stream, &events)
    }
}

/// How posts were put together, held against the stories: B-cubed (Bagga & Baldwin 1998) over the posts of what happened;
/// other posts that stand among them count against precision.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Clusters {
    pub(crate) posts: usize,
    pub(crate) precision: f32,
    pub(crate) recall: f32,
    /// Share of the posts that stand in an event most of whose posts are of another place.
    pub(crate) misplaced: f32,
    /// Events that the stories fall into, for each story.
    pub(crate) split: f32,
}

impl Clusters {
    fn of(stream: &Stream, events: &[Option<u64>]) -> Self {
        let is_story = |story: Option<u32>| {
            story.filter(|&story| matches!(stream.stories[story as usize].kind, Kind::Burst | Kind::Small))
        };
        let stories: Vec<Option<u32>> = stream.told.iter().map(|story| is_story(*story)).collect();
        let mut both: BTreeMap<(u64, u32), usize> = BTreeMap::new();
        let mut in_event: BTreeMap<u64, usize> = BTreeMap::new();
        let mut in_story: BTreeMap<u32, usize> = BTreeMap::new();
        for (event, story) in events.iter().zip(&stories) {
            if let Some(event) = event {
                *in_event.entry(*event).or_default() += 1;
            }
            if let Some(story) = story {
                *in_story.entry(*story).or_default() += 1;
                if let Some(event) = event {
                    *both.entry((*event, *story)).or_default() += 1;
                }
            }
        }
        let mut place_of: BTreeMap<u64, (usize, &str)> = BTreeMap::new();
        for (&(event, story), &times) in &both {
            let place = stream.stories[story as usize].place.as_str();
            let most = place_of.entry(event).or_insert((0, place));
            if times > most.0 {
                *most = (times, place);
            }
        }
        let mut score = Self::default();
        for (event, story) in events.iter().zip(&stories) {
            let Some(story) = story else { continue };
            score.posts += 1;
            let Some(event) = event else {
                // Told of nowhere, it stands alone.
                score.precision += 1.0;
                score.recall += 1.0 / in_story[story] as f32;
                continue;
            };
            let shared = both[&(*event, *story)] as f32;
            score.precision += shared / in_event[event] as f32;
            score.recall += shared / in_story[story] as f32;
            let elsewhere = place_of[event].1 != stream.stories[*story as usize].place;
            score.misplaced += f32::from(u8::from(elsewhere));
        }
        let posts = score.posts.max(1) as f32;
        score.precision /= posts;
        score.recall /= posts;
        score.misplaced /= posts;
        score.split = both.len() as f32 / in_story.len().max(1) as f32;
        score
    }

    pub(crate) fn f1(&self) -> f32 {
        2.0 * self.precision * self.recall / (self.precision + self.recall).max(f32::MIN_POSITIVE)
    }
}

/// A post as topics name it.
fn short(post: &Post) -> u64 {
    u128::from_be_bytes(*post.id.as_bytes()) as u64
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f32::NAN)
}
