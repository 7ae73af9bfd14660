//! Puts posts together that tell of one happening: problem × place or institution × time.
//!
//! What answers a post, or stands in its thread, belongs to its event; any other post is compared with the events
//! that name the same place or share its rarest words. Now and then events that grew alike are merged. What is
//! remembered is bounded, and depends on the posts alone, never on a clock: the same posts make the same events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bygone::Bygone;
use super::config::EventConfig;
use super::event::{Event, Joining};
use super::features;
use super::forecast::{Forecast, Forecaster};
use super::frequency::Frequencies;
use super::likeness::{Common, Compared, Tie, tie};
use super::lookup::{Homes, Lookup};
use super::merge;
use super::pace::Pace;
use super::past::Past;
use super::regroup::Apart;
use super::rhythm::Rhythm;
use crate::assess::{AssessedPost, Grade, Status};
use crate::detect::anchors::Anchor;
use crate::detect::hash::hash;
use crate::detect::heard::Heard;
use crate::detect::topic::{Spoken, instant, short};

/// Rarest features by which an event is looked up, and by which it can be found.
const SOUGHT: usize = 12;
const FOUND_BY: usize = 24;
/// Most events that a post is compared with.
const COMPARED: usize = 64;
/// Time between two looks for events to merge, in seconds.
const MERGE_EVERY: u32 = 600;
/// … and for events that are over.
const END_EVERY: u32 = 3_600;
/// An anchor that more than this share of the posts names tells nothing, once so many posts are known.
const COMMON: f32 = 0.02;
const KNOWN: f32 = 500.0;
/// Words of a post that may stand in a title.
const TITLE_WORDS: usize = 6;
/// An event of grade yellow or higher is over after so many times the quiet of others.
const GRAVE: u32 = 3;

/// The events that are spoken of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Events {
    config: EventConfig,
    now: u32,
    next: u32,
    merge_at: u32,
    pace: Pace,
    frequencies: Frequencies,
    anchored: Frequencies,
    by_anchor: Lookup,
    by_feature: Lookup,
    pub(super) homes: Homes,
    live: BTreeMap<u32, Box<Event>>,
    /// Those that posts came to since it was last looked for events to merge.
    touched: BTreeSet<u32>,
    end_at: u32,
    /// Their numbers by id.
    numbers: BTreeMap<u64, u32>,
    past: Past,
    bygone: Bygone,
    forecaster: Forecaster,
    rhythm: Rhythm,
    /// What somebody took apart stays so.
    pub(super) apart: Apart,
    counters: EventCounters,
}

/// What did not go its usual way; for metrics and the status page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCounters {
    /// Events that were put together with an older one.
    pub merged: u64,
    /// Events forgotten because there was no room.
    pub pushed_out: u64,
}

/// What became of a post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// The event it belongs to; `None` for an advert.
    pub event: Option<u64>,
    /// Events that were merged meanwhile: which, into which.
    pub merged: Vec<(u64, u64)>,
}

impl Events {
    /// With nothing seen yet.
    pub fn new(config: EventConfig) -> Self {
        Self {
            now: 0,
            next: 1,
            merge_at: 0,
            end_at: 0,
            touched: BTreeSet::new(),
            pace: Pace::new(config.quiet_posts),
            frequencies: Frequencies::new(),
            anchored: Frequencies::new(),
            by_anchor: Lookup::new(1 << 13, 32),
            by_feature: Lookup::new(1 << 16, 12),
            homes: Homes::new(1 << 17),
            live: BTreeMap::new(),
            numbers: BTreeMap::new(),
            past: Past::default(),
            bygone: Bygone::new(),
            apart: Apart::default(),
            forecaster: Forecaster::new(),
            rhythm: Rhythm::new(),
            counters: EventCounters::default(),
            config,
        }
    }

    /// How events are put together.
    pub fn config(&self) -> &EventConfig {
        &self.config
    }

    /// What did not go its usual way.
    pub fn counters(&self) -> EventCounters {
        self.counters
    }

    /// The latest time that was spoken at, in seconds since 1970.
    pub fn now(&self) -> u32 {
        self.now
    }

    /// The events that are spoken of, also those of a single post, oldest first.
    pub fn current(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.live.values().map(|event| &**event)
    }

    /// One of them.
    pub fn event(&self, id: u64) -> Option<&Event> {
        self.live.get(self.numbers.get(&id)?).map(|event| &**event)
    }

    /// One of them, to note whom it was told.
    pub(in crate::detect) fn event_mut(&mut self, id: u64) -> Option<&mut Event> {
        self.live.get_mut(self.numbers.get(&id)?).map(|event| &mut **event)
    }

    /// What is to be expected of an event; nothing where too little is known.
    pub fn forecast(&self, event: &Event) -> Vec<Forecast> {
        self.forecaster.of(event, &self.rhythm, self.now)
    }

    /// Puts a post where it belongs, `spoken` being what it is about if it is graded.
    pub fn observe(&mut self, heard: &Heard<'_>, spoken: Option<&Spoken>) -> Placed {
        let post = heard.post;
        let at = instant(&post.post);
        let merged = self.advance(at);
        let id = short(post.post.id.as_bytes());
        if post.assessment.status == Status::Advert {
            return Placed { event: None, merged };
        }
        if let Some(known) = self.home(id) {
            // It was edited; what it was first decides where it belongs.
            return Placed { event: Some(known.id), merged };
        }
        self.pace.add(self.now);
        self.rhythm.add(at);
        let anchors = self.telling(&heard.anchors);
        let features = features::of(post.normalized.text(), &post.tokens);
        self.frequencies.add(&features, self.now);
        let weighed = self.weigh(&features);
        let category = post.assessment.category.as_ref().map(|category| category.id);
        let names = names_of(&anchors);
        let compared = Compared { features: &weighed, names: &names, anchors: &anchors, category, at };
        let sought = rarest(&weighed);
        let (number, tie) = match self.thread(post, &compared).or_else(|| self.best(&compared, &sought)) {
            Some((number, tie)) => (number, Some(tie)),
            None => (self.open(id, at, &compared), None),
        };
        let old = self.old(heard, spoken, at);
        let settled = Settled { id, at, anchors: &anchors, weighed: &weighed, sought: &sought, old };
        let event = self.settle(number, heard, spoken, &settled, tie.as_ref());
        Placed { event, merged }
    }

    /// Puts a post into an event, and lets what is alike find it there.
    fn settle(
        &mut self,
        number: u32,
        heard: &Heard<'_>,
        spoken: Option<&Spoken>,
        settled: &Settled<'_>,
        tie: Option<&Tie>,
    ) -> Option<u64> {
        let Settled { id, at, anchors, weighed, sought, old } = *settled;
        let post = heard.post;
        self.homes.put(id, number);
        for anchor in anchors {
            self.by_anchor.put(anchor.key, number);
        }
        for &feature in sought.iter().take(FOUND_BY) {
            self.by_feature.put(feature, number);
        }
        let words: Vec<(&str, f32)> = heard
            .words
            .iter()
            .map(|word| (word.text, self.frequencies.weight(hash(word.text))))
            .take(TITLE_WORDS)
            .collect();
        let voice = post.post.voice.as_ref().map_or(id, |voice| short(voice.as_bytes()));
        let joining = Joining { post, spoken, features: weighed, anchors, words: &words, voice, at, old };
        let event = self.live.get_mut(&number)?;
        event.take(&joining, tie);
        event.stand(self.now, &self.config.grades);
        self.touched.insert(number);
        Some(event.id)
    }

    /// Puts a post that was seen before into an event.
    pub(super) fn put_in(&mut self, number: u32, heard: &Heard<'_>, spoken: Option<&Spoken>) {
        let post = heard.post;
        let mut anchors = heard.anchors.clone();
        self.leave_common(&mut anchors);
        let weighed = self.weigh(&features::of(post.normalized.text(), &post.tokens));
        let sought = rarest(&weighed);
        let (id, at) = (short(post.post.id.as_bytes()), instant(&post.post));
        let old = self.old(heard, spoken, at);
        let settled = Settled { id, at, anchors: &anchors, weighed: &weighed, sought: &sought, old };
        self.settle(number, heard, spoken, &settled, None);
    }

    /// The number of an event that is not over.
    pub(super) fn number(&self, id: u64) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// Takes an event out, to be put back.
    pub(super) fn take_out(&mut self, number: u32) -> Option<Box<Event>> {
        self.live.remove(&number)
    }

    /// Puts back what was taken out.
    pub(super) fn put_back(&mut self, event: Box<Event>) {
        self.live.insert(event.number, event);
    }

    /// Begins an event of which nothing is known yet.
    pub(super) fn begin(&mut self, id: u64, at: u32) -> u32 {
        self.make_room();
        let number = self.next;
        self.next += 1;
        self.live.insert(number, Box::new(Event::new(number, id, at)));
        self.numbers.insert(id, number);
        number
    }

    /// Lets an event go on in another; nothing where one of them is over.
    pub(super) fn put_together(&mut self, from: u32, into: u32) -> Option<(u64, u64)> {
        if !self.live.contains_key(&into) {
            return None;
        }
        let ended = self.remove(from)?;
        let goes_on = self.live.get_mut(&into)?;
        for key in ended.held_anchors(0.0) {
            self.by_anchor.put(key, into);
        }
        for post in &ended.members {
            self.homes.put(short(post.as_bytes()), into);
        }
        for (feature, _) in ended.features() {
            self.by_feature.put(*feature, into);
        }
        let told = (ended.id, goes_on.id);
        goes_on.merge(*ended);
        self.counters.merged += 1;
        Some(told)
    }

    /// For how many days a text has been known, if it is old. What nobody need answer, and what offices publish time and
    /// again, is not asked.
    fn old(&mut self, heard: &Heard<'_>, spoken: Option<&Spoken>, at: u32) -> Option<u32> {
        let post = heard.post;
        if spoken.is_none() || post.post.official {
            return None;
        }
        let characters = post.normalized.text().chars().count();
        self.bygone.hear(post.fingerprint.bits(), characters, at)
    }

    /// The event of a post that was seen before.
    fn home(&self, post: u64) -> Option<&Event> {
        self.live.get(&self.homes.get(post)?).map(|event| &**event)
    }

    /// The anchors of a post that are not on everybody's lips.
    fn telling<'a>(&mut self, anchors: &[Anchor<'a>]) -> Vec<Anchor<'a>> {
        let mut anchors = anchors.to_vec();
        let keys: Vec<u32> = anchors.iter().map(|anchor| anchor.key).collect();
        self.anchored.add(&keys, self.now);
        self.leave_common(&mut anchors);
        anchors
    }

    fn leave_common(&self, anchors: &mut Vec<Anchor<'_>>) {
        if self.anchored.posts() >= KNOWN {
            anchors.retain(|anchor| self.anchored.share(anchor.key) <= COMMON);
        }
    }

    /// Features with what they tell, together of length one.
    fn weigh(&self, features: &[u32]) -> Vec<(u32, f32)> {
        let mut weighed: Vec<(u32, f32)> =
            features.iter().map(|&feature| (feature, self.frequencies.weight(feature))).collect();
        let length = weighed.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        for (_, weight) in &mut weighed {
            *weight /= length.max(f32::MIN_POSITIVE);
        }
        weighed
    }

    /// The event of what a post answers or stands under, unless the post speaks of another place.
    fn thread(&self, post: &AssessedPost, compared: &Compared<'_>) -> Option<(u32, Tie)> {
        let said = &*post.post;
        let mut above = said.parent.iter().chain(&said.thread).map(|above| short(above.as_bytes()));
        let event = above.find_map(|above| self.home(above))?;
        let held: Vec<u32> = event.held_anchors(0.0).collect();
        let elsewhere = !held.is_empty()
            && !compared.anchors.is_empty()
            && !compared.anchors.iter().any(|anchor| held.contains(&anchor.key));
        let tie = Tie { by: Common::Thread, words: event.alike(compared.features), odds: 0.0 };
        (!elsewhere).then_some((event.number, tie))
    }

    /// Of the events that a post could belong to, the one it belongs to most.
    fn best(&self, compared: &Compared<'_>, sought: &[u32]) -> Option<(u32, Tie)> {
        let mut candidates: Vec<u32> = Vec::with_capacity(COMPARED);
        let by_anchor = compared.anchors.iter().flat_map(|anchor| self.by_anchor.get(anchor.key));
        let seen = sought.iter().filter(|feature| self.frequencies.count(**feature) > 1.5).take(SOUGHT);
        let by_feature = seen.flat_map(|&feature| self.by_feature.get(feature));
        for number in by_anchor.chain(by_feature) {
            if candidates.len() < COMPARED && !candidates.contains(&number) {
                candidates.push(number);
            }
        }
        let short = self.pace.short(self.now, self.config.quiet.as_secs() as u32);
        let tied = candidates.into_iter().filter_map(|number| {
            let event = self.live.get(&number)?;
            Some((number, tie(compared, event, short, self.quiet(event))?))
        });
        tied.max_by(|one, other| one.1.odds.total_cmp(&other.1.odds).then(other.0.cmp(&one.0)))
    }

    /// How long an event may be silent.
    fn quiet(&self, event: &Event) -> u32 {
        let least = self.config.quiet.as_secs() as u32;
        let grave = if event.highest() >= Some(Grade::Yellow) { GRAVE } else { 1 };
        self.pace.quiet(self.now, least).max(least * grave)
    }

    fn open(&mut self, post: u64, at: u32, compared: &Compared<'_>) -> u32 {
        let number = self.begin(post, at);
        let again = self.past.of(compared.anchors, compared.category, at);
        if let Some(event) = self.live.get_mut(&number) {
            event.again = again;
        }
        number
    }

    fn remove(&mut self, number: u32) -> Option<Box<Event>> {
        let event = self.live.remove(&number)?;
        self.numbers.remove(&event.id);
        Some(event)
    }

    /// Lets time go on: events that grew alike are merged, those that are over are put away.
    fn advance(&mut self, at: u32) -> Vec<(u64, u64)> {
        self.now = self.now.max(at);
        if self.now < self.merge_at {
            return Vec::new();
        }
        self.merge_at = self.now + MERGE_EVERY;
        if self.now >= self.end_at {
            self.end_at = self.now + END_EVERY;
            self.end();
        }
        let since = self.now.saturating_sub(self.config.quiet.as_secs() as u32);
        let mut merged = Vec::new();
        let touched = std::mem::take(&mut self.touched);
        for (from, into) in merge::found(&touched, &self.live, &self.by_anchor, &self.apart, since) {
            merged.extend(self.put_together(from, into));
        }
        merged
    }

    /// Puts the events away that are over.
    fn end(&mut self) {
        let is_over = |event: &Event| self.now.saturating_sub(event.last) > self.quiet(event);
        let over: Vec<u32> =
            self.live.values().filter(|event| is_over(event)).map(|event| event.number).collect();
        for number in over {
            if let Some(event) = self.remove(number) {
                self.past.keep(&event);
                self.forecaster.learn(&event, &self.rhythm);
            }
        }
    }

    /// Forgets a sixteenth of the events where there are too many: first those of one ungraded post, then the longest
    /// silent.
    fn make_room(&mut self) {
        if self.live.len() < self.config.max_events {
            return;
        }
        let mut least: Vec<(bool, bool, u32, u32)> = self
            .live
            .values()
            .map(|event| (event.posts > 1, event.highest().is_some(), event.last, event.number))
            .collect();
        least.sort_unstable();
        for (.., number) in least.into_iter().take(self.config.max_events.div_ceil(16)) {
            if let Some(event) = self.remove(number) {
                self.past.keep(&event);
                self.counters.pushed_out += 1;
            }
        }
    }
}

/// What a post is put into an event by.
#[derive(Clone, Copy)]
struct Settled<'a> {
    id: u64,
    at: u32,
    anchors: &'a [Anchor<'a>],
    weighed: &'a [(u32, f32)],
    sought: &'a [u32],
    old: Option<u32>,
}

/// The features of the anchors' names, sorted.
fn names_of(anchors: &[Anchor<'_>]) -> Vec<u32> {
    let mut names: Vec<u32> = anchors.iter().flat_map(|anchor| features::of_name(anchor.name)).collect();
    names.sort_unstable();
    names
}

/// The rarest features, rarest first.
fn rarest(weighed: &[(u32, f32)]) -> Vec<u32> {
    let mut ranked: Vec<&(u32, f32)> = weighed.iter().collect();
    ranked.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    ranked.into_iter().map(|(feature, _)| *feature).collect()
}
