//! Observes what is said, post after post, and tells what rises.
//!
//! A key is looked at with each post that holds it, so that a rise is told by the post that makes it one and
//! not at the end of a period: in a quiet night nobody would come to end it.

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, Usual};
use super::config::TopicConfig;
use super::doorkeeper::Doorkeeper;
use super::group::{Groups, Level};
use super::keys::{self, Partner};
use super::label;
use super::posts::{Kept, Novelty, Posts};
use super::said::{Kind, Said};
use super::season::{EXCESS, LEAST, SLOT, Season};
use super::standing::{Bar, Past, Standing};
use super::table::{Name, Table};
use super::volume::{DAY, Volume, WINDOWS};

/// The window of six hours among [`WINDOWS`]: for so long pairs are remembered.
const PAIRED: usize = 2;

/// What rises, and what is needed to tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topics {
    config: TopicConfig,
    began: Option<u32>,
    now: u32,
    /// End of the slot that is being filled.
    slot_ends: u32,
    volume: Volume,
    baseline: Baseline,
    season: Season,
    doorkeeper: Doorkeeper,
    table: Table,
    posts: Posts,
    groups: Groups,
    counters: TopicCounters,
}

/// What did not count as it came, and how full the tables are; for metrics and the status page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TopicCounters {
    /// Copies, which add nothing to a topic.
    pub copies: u64,
    /// Adverts, which add nothing either.
    pub adverts: u64,
    /// Posts more than a day older than the latest.
    pub late: u64,
    /// Runs of more than twenty near-identical posts by at most three writers within ten minutes.
    pub floods: u64,
    /// Keys forgotten because there was no room.
    pub keys_pushed_out: u64,
    /// Topics forgotten because there was no room.
    pub topics_pushed_out: u64,
}

/// How full the tables are, each from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fill {
    /// The baseline: bursts hide in it above 0.6.
    pub baseline: f32,
    /// The keys followed.
    pub keys: f32,
    /// The doorkeeper.
    pub doorkeeper: f32,
    /// The seasons.
    pub slots: f32,
}

/// A topic that rises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rising {
    /// Names the topic; stays while it lasts.
    pub id: u64,
    /// Whether it is an alarm, or only to be watched.
    pub level: Level,
    /// Its most telling words, at most three.
    pub words: Vec<String>,
    /// The window in which it stands out most, in seconds.
    pub window: u32,
    /// Voices within it.
    pub voices: u32,
    /// Voices usual within it.
    pub expected: f32,
    /// How far above the usual, in standard deviations.
    pub significance: f32,
    /// Why, in one Chinese sentence.
    pub why: String,
    /// Whether each counted post told its writer.
    pub named: bool,
    /// Its latest posts, latest first.
    pub posts: Vec<Member>,
    /// Whether this is the first that is told of it at this level.
    pub news: bool,
}

/// A post of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The post, as [`Said::post`] named it.
    pub post: u64,
    /// Stands for its writer.
    pub voice: u64,
    /// When it was said, in seconds since 1970.
    pub at: u32,
    /// How grave it is by itself, as [`Said::grade`] told.
    pub grade: u8,
}

impl Topics {
    /// With nothing seen yet.
    pub fn new(config: TopicConfig) -> Self {
        Self {
            began: None,
            now: 0,
            slot_ends: 0,
            volume: Volume::new(),
            baseline: Baseline::new(config.baseline_cells),
            season: Season::new(config.max_slots),
            doorkeeper: Doorkeeper::new(config.doorkeeper_cells),
            table: Table::new(config.max_keys),
            posts: Posts::new(config.max_posts),
            groups: Groups::new(config.max_topics),
            counters: TopicCounters::default(),
            config,
        }
    }

    /// Takes the next post in; the topic it belongs to, if that rises.
    pub fn observe(&mut self, said: &Said<'_>) -> Option<Rising> {
        self.advance(said.at);
        if said.at + DAY <= self.now {
            self.counters.late += 1;
            return None;
        }
        let number = match self.posts.take(said) {
            Novelty::Original(number) => number,
            Novelty::Copy => {
                self.counters.copies += 1;
                return None;
            }
        };
        self.volume.add(said.at);
        self.baseline.add_post(self.now);
        let standing = self.look(said, number);
        self.conclude(&standing, said, number)
    }

    /// What did not count as it came.
    pub fn counters(&self) -> TopicCounters {
        TopicCounters {
            floods: self.posts.floods(),
            keys_pushed_out: self.table.pushed_out(),
            topics_pushed_out: self.groups.pushed_out(),
            ..self.counters
        }
    }

    /// How full the tables are.
    pub fn fill(&self) -> Fill {
        Fill {
            baseline: self.baseline.fill(),
            keys: self.table.fill(),
            doorkeeper: self.doorkeeper.fill(),
            slots: self.season.fill(),
        }
    }

    /// How sharply it listens.
    pub fn config(&self) -> &TopicConfig {
        &self.config
    }

    /// Whether a topic is still spoken of.
    pub fn is_active(&self, id: u64) -> bool {
        self.groups.get(id).is_some()
    }

    /// Topics being spoken of.
    pub fn active(&self) -> usize {
        self.groups.len()
    }

    /// Counts a post that is an advert.
    pub fn pass_over_advert(&mut self, at: u32) {
        self.advance(at);
        self.counters.adverts += 1;
    }

    fn advance(&mut self, at: u32) {
        if self.began.is_none() {
            self.began = Some(at);
            self.now = at;
            self.slot_ends = (at / SLOT + 1) * SLOT;
        }
        while at >= self.slot_ends {
            self.end_slot();
            // Nothing was said in the slots that were jumped over.
            self.slot_ends = (self.slot_ends + SLOT).max(at / SLOT * SLOT);
        }
        self.now = self.now.max(at);
        self.volume.advance(self.now);
    }

    /// Notes what stood out in the slot that ended, and tidies up.
    fn end_slot(&mut self) {
        let (until, from) = (self.slot_ends, self.slot_ends - SLOT);
        self.now = self.now.max(until);
        self.volume.advance(until);
        let posts = self.volume.half_hour(until);
        let mut frequent: Vec<(u64, f32)> = Vec::new();
        if posts > 0.0 {
            for (key, entry) in self.table.iter() {
                if matches!(entry.name, Name::Word(..)) && entry.last >= from {
                    let voices = entry.voices_between(from, until);
                    if voices >= LEAST {
                        frequent.push((key, voices));
                    }
                }
            }
        }
        frequent.sort_unstable_by_key(|(key, _)| *key);
        for (key, voices) in frequent {
            if voices >= EXCESS * self.baseline.usual(key, until).share * posts {
                self.season.note(key, from, voices);
            }
        }
        self.season.learn(until);
        self.table.tidy(until);
        self.groups.end(until, self.config.quiet.as_secs() as u32);
    }

    /// Counts the post's keys; those that stand out now.
    fn look(&mut self, said: &Said<'_>, number: u32) -> Vec<Standing> {
        let bar = self.bar();
        let mut standing = Vec::new();
        let mut partners = Vec::with_capacity(said.words.len());
        self.table.make_room(self.now);
        for &word in &said.words {
            let key = keys::of_word(word.text);
            let name = || Name::Word(word.kind, word.text.into());
            let (voices, usual) = self.count(key, name, said, number);
            if voices[PAIRED] >= 2.0 {
                partners.push(Partner { word: key, share: usual.share });
            }
            standing.extend(self.weigh(key, &voices, usual, &bar));
        }
        for (one, other) in keys::pairs(&mut partners, self.config.pair_words) {
            let key = keys::of_pair(one, other);
            if self.table.get(key).is_some() || self.doorkeeper.knows(key, self.now) {
                let (voices, usual) = self.count(key, || Name::Pair(one, other), said, number);
                standing.extend(self.weigh(key, &voices, usual, &bar));
            }
        }
        standing.sort_by(|one, other| {
            other.significance.total_cmp(&one.significance).then(one.key.cmp(&other.key))
        });
        standing
    }

    fn count(
        &mut self,
        key: u64,
        name: impl FnOnce() -> Name,
        said: &Said<'_>,
        number: u32,
    ) -> ([f32; WINDOWS.len()], Usual) {
        let entry = self.table.entry(key, name);
        let times = entry.hear(keys::salted(said.voice, key), said.at, number, self.now);
        (entry.voices(self.now), self.baseline.add(key, times, self.now))
    }

    fn bar(&self) -> Bar {
        let age = self.now.saturating_sub(self.began.unwrap_or(self.now));
        Bar::new(self.now, age, self.volume.within(), self.baseline.posts_a_day(), &self.config)
    }

    fn weigh(
        &mut self,
        key: u64,
        voices: &[f32; WINDOWS.len()],
        usual: Usual,
        bar: &Bar,
    ) -> Option<Standing> {
        if !bar.may_pass(voices, usual) {
            return None;
        }
        let mut past = Past { baseline: &mut self.baseline, season: &self.season };
        bar.weigh((key, self.table.get(key)?), voices, usual, &mut past)
    }

    /// Puts what stands out, strongest first, together with the topics there are.
    fn conclude(&mut self, standing: &[Standing], said: &Said<'_>, number: u32) -> Option<Rising> {
        // A post is of the topic of the place that it names, if that rises.
        let at_place = standing.iter().find(|stands| stands.alarm && self.place(stands.key).is_some());
        let best = *at_place.or(standing.first())?;
        let id = self.topic_of(&best, said)?;
        for stands in standing {
            self.join(id, stands.key);
        }
        let group = self.groups.get_mut(id)?;
        group.add(&[number], self.now);
        let news = group.reach(standing.iter().any(|stands| stands.alarm));
        let level = group.level();
        let numbers: Vec<u32> = group.posts().rev().collect();
        let posts: Vec<&Kept> = numbers.iter().filter_map(|number| self.posts.get(*number)).collect();
        let words = label::words(&self.table, standing, said, self.now);
        let named = posts.iter().all(|post| post.named);
        let voices = best.voices.round() as u32;
        Some(Rising {
            id,
            level,
            why: label::sentence(best.window, voices, best.expected, named),
            words,
            window: WINDOWS[best.window],
            voices,
            expected: best.expected,
            significance: best.significance,
            named,
            posts: posts.into_iter().map(Member::from).collect(),
            news,
        })
    }

    /// The topic a key that stands out belongs to; a new one if it belongs to none.
    fn topic_of(&mut self, best: &Standing, said: &Said<'_>) -> Option<u64> {
        let entry = self.table.get(best.key)?;
        if self.groups.get(entry.topic).is_some() {
            return Some(entry.topic);
        }
        let posts = entry.posts(self.now, WINDOWS[best.window]);
        let id = self.groups.of(&posts, entry.each(), self.place(best.key)).unwrap_or_else(|| {
            let id = keys::salted(best.key, said.post).max(1);
            self.groups.open(id, self.now);
            id
        });
        Some(id)
    }

    /// Makes a key one of a topic's, with its posts, unless it belongs to another.
    fn join(&mut self, id: u64, key: u64) {
        let now = self.now;
        let place = self.place(key);
        let Some(entry) = self.table.get_mut(key) else { return };
        let free = self.groups.get(entry.topic).is_none();
        if !free || !self.groups.get(id).is_some_and(|group| group.may_be_at(place)) {
            return;
        }
        entry.topic = id;
        let posts = entry.posts(now, WINDOWS[PAIRED]);
        if let Some(group) = self.groups.get_mut(id) {
            group.is_at(place);
            group.add(&posts, now);
        }
    }

    /// A key, if it is one of a place.
    fn place(&self, key: u64) -> Option<u64> {
        let entry = self.table.get(key)?;
        matches!(entry.name, Name::Word(Kind::Place, _)).then_some(key)
    }
}

impl Rising {
    /// Its id as people and machines see it: 16 hex digits.
    pub fn id_text(&self) -> String {
        format!("{:016x}", self.id)
    }

    /// Whether this is the first time that it is told as an alarm.
    pub fn is_new_alarm(&self) -> bool {
        self.news && self.level == Level::Alarm
    }
}

impl From<&Kept> for Member {
    fn from(post: &Kept) -> Self {
        Self { post: post.post, voice: post.voice, at: post.at, grade: post.grade }
    }
}
