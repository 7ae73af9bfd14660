//! Observes assessed posts one after another and concludes signals.
//!
//! Time here is the posts' own. A publication time more than five minutes after the capture is not
//! believed; a post more than a day older than its capture raises nothing, so that the first look at a
//! source does not alert for last week. Posts come out of order (lists show the newest first), so a
//! window ends at the latest post of its matter, and a post that arrives late still counts where it
//! belongs: a number of voices is a fact, not a trend. Arrival is the capture time that stands in the
//! journal, never a clock: observing the same records again concludes the same signals.
//!
//! What suddenly rises is heard from every post, old or new, graded or not: what is usual cannot be told otherwise.
//!
//! Voices are counted by writer. A copy adds its own writer and nothing else; where the source names no
//! writer, each post counts, but equal texts count once.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::assess::{AssessedPost, Grade};
use crate::extract::post::Post;
use crate::lexicon::category::Category;
use crate::source::SourceId;

use super::event::{Event, EventConfig, Events, Placed, Regrouping, Told};
use super::evidence;
use super::heard::Heard;
use super::matter::{Matter, Sighting};
use super::signal::{Evidence, Measure, Signal, SignalId, Subject};
use super::topic::{Listener, Spoken, TopicConfig};
use super::watch::{EventOnly, Watch, Watched};
use super::words::Sorts;

/// A publication time this much after the capture is not believed (algorithms §1).
const SKEW: Duration = Duration::from_mins(5);
/// A post older than this when captured raises nothing (algorithms §1).
const LATEST: Duration = Duration::from_hours(24);

/// Posts to signals.
#[derive(Debug, Clone)]
pub struct Detector {
    config: DetectConfig,
    watches: Vec<Watch>,
    source_names: BTreeMap<SourceId, String>,
    state: DetectorState,
    sorts: Sorts,
}

/// What a post led to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Observed {
    /// What was measured, in the order of the watches.
    pub signals: Vec<Signal>,
    /// The topic that the post belongs to, if that rises.
    pub topic: Option<u64>,
    /// The event that the post belongs to, and what was merged.
    pub placed: Placed,
}

/// Bounds of the detector's memory: the `[detect]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectConfig {
    /// Most matters (a category at a place) remembered at once; the longest silent one makes room. Default: 4096.
    pub max_matters: usize,
    /// Most posts remembered of one matter; the oldest makes room. Default: 256.
    pub max_posts_per_matter: usize,
    /// How suddenly rising topics are found.
    pub topics: TopicConfig,
    /// How posts of one happening are put together.
    pub events: EventConfig,
}

/// What the detector remembers, for snapshots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectorState {
    matters: BTreeMap<(Category, Option<String>), Matter>,
    topics: Listener,
    events: Events,
    counters: Counters,
}

/// What did not count as it came; for metrics and the status page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Publication times that were not believed.
    pub skewed: u64,
    /// Posts too old to raise anything.
    pub late: u64,
    /// Matters forgotten because there was no room.
    pub matters_pushed_out: u64,
    /// Posts forgotten because their matter had no room.
    pub posts_pushed_out: u64,
}

impl Default for DetectConfig {
    fn default() -> Self {
        Self {
            max_matters: 4096,
            max_posts_per_matter: 256,
            topics: TopicConfig::default(),
            events: EventConfig::default(),
        }
    }
}

impl DetectConfig {
    /// What is wrong with the values: key and reason.
    pub fn faults(&self) -> Vec<(String, &'static str)> {
        let topics = self.topics.faults().into_iter();
        let events = self.events.faults().into_iter();
        let topics = topics.map(|(key, reason)| (format!("topics.{key}"), reason));
        topics.chain(events.map(|(key, reason)| (format!("events.{key}"), reason))).collect()
    }
}

impl DetectorState {
    /// Nothing seen yet.
    pub fn new(config: &DetectConfig) -> Self {
        let topics = Listener::new(config.topics.clone());
        let events = Events::new(config.events.clone());
        Self { matters: BTreeMap::new(), topics, events, counters: Counters::default() }
    }

    /// Whether it was kept under the same bounds: topics and events that were kept
    /// otherwise cannot be gone on with.
    pub fn fits(&self, config: &DetectConfig) -> bool {
        *self.topics.config() == config.topics && *self.events.config() == config.events
    }
}

impl Detector {
    /// A detector that has seen nothing. `source_names` are the sources' names for people.
    pub fn new(config: DetectConfig, watches: Vec<Watch>, source_names: BTreeMap<SourceId, String>) -> Self {
        let state = DetectorState::new(&config);
        Self::restore(config, watches, source_names, state)
    }

    /// A detector that goes on from a snapshot.
    pub fn restore(
        config: DetectConfig,
        watches: Vec<Watch>,
        source_names: BTreeMap<SourceId, String>,
        state: DetectorState,
    ) -> Self {
        Self { config, watches, source_names, state, sorts: Sorts::default() }
    }

    /// What is remembered, for a snapshot.
    pub fn state(&self) -> &DetectorState {
        &self.state
    }

    /// What suddenly rises.
    pub fn topics(&self) -> &Listener {
        &self.state.topics
    }

    /// What happened, as many posts tell of it.
    pub fn events(&self) -> &Events {
        &self.state.events
    }

    /// What did not count as it came.
    pub fn counters(&self) -> Counters {
        self.state.counters
    }

    /// Watches for something else from here on; what was seen is kept.
    pub fn set_watches(&mut self, watches: Vec<Watch>) {
        self.watches = watches;
    }

    /// Calls the sources by these names from here on.
    pub fn set_source_names(&mut self, source_names: BTreeMap<SourceId, String>) {
        self.source_names = source_names;
    }

    /// How far before a point observing must begin (by capture time) for everything that matters at
    /// that point to be remembered without a snapshot.
    pub fn look_back(&self) -> Duration {
        self.longest_window() + LATEST
    }

    /// Takes the next post in and says what it tipped.
    ///
    /// Posts that were not graded (adverts, denials, fiction, things that concern no office) make no matter.
    pub fn observe(&mut self, post: &AssessedPost, sequence: u64) -> Observed {
        let said = &*post.post;
        let at = self.event_time(said);
        let graded = self.graded(post, sequence);
        if said.source.is_drill() {
            let signals =
                graded.map(|(grade, spoken)| self.drill(post, at, grade, &spoken)).unwrap_or_default();
            return Observed { signals, ..Observed::default() };
        }
        let spoken = graded.as_ref().map(|(_, spoken)| spoken.clone());
        let heard = Heard::of(post, &mut self.sorts);
        let placed = self.state.events.observe(&heard, spoken.as_ref());
        let topic = self.state.topics.hear(&heard, spoken);
        let late = at + LATEST < said.captured_at;
        if late {
            self.state.counters.late += u64::from(graded.is_some());
            return Observed { signals: Vec::new(), topic, placed };
        }
        let mut signals = Vec::new();
        if let Some((grade, spoken)) = &graded {
            let Spoken { subject, evidence } = spoken;
            self.remember(subject, at, *grade, post, evidence);
            let tip = Tip { post, subject, at, grade: *grade, evidence };
            let key = (subject.category, subject.place.clone());
            let matter = self.state.matters.get_mut(&key).expect("it was just remembered");
            signals.extend(self.watches.iter().filter_map(|watch| conclude(watch, &tip, matter)));
        }
        if let Some(topic) = topic {
            let topics = &mut self.state.topics;
            signals.extend(self.watches.iter().filter_map(|watch| rises(watch, topic, topics, post, at)));
        }
        if let Some(event) = placed.event {
            let events = &mut self.state.events;
            signals.extend(self.watches.iter().filter_map(|watch| weighs(watch, event, events, post, at)));
        }
        Observed { signals, topic, placed }
    }

    /// Does what somebody says of events: final, whatever words and places say. `posts` are those it speaks of, as they were
    /// judged, each with its place in the journal. Gives what was merged: which, into which.
    pub fn regroup(&mut self, change: &Regrouping, posts: &[(AssessedPost, u64)]) -> Vec<(u64, u64)> {
        match change {
            Regrouping::Merge { from, into } => self.state.events.merge(*from, *into).into_iter().collect(),
            Regrouping::Split { event, go, .. } => {
                let told: Vec<Told<'_>> = posts
                    .iter()
                    .map(|(post, sequence)| {
                        let spoken = self.graded(post, *sequence).map(|(_, spoken)| spoken);
                        (Heard::of(post, &mut self.sorts), spoken)
                    })
                    .collect();
                let go = go.iter().copied().collect();
                self.state.events.split(*event, change.leads_to(), &told, &go);
                Vec::new()
            }
        }
    }

    /// What a drill's post tips: only what one post tips by itself, and nothing of it is remembered.
    fn drill(&self, post: &AssessedPost, at: Timestamp, grade: Grade, spoken: &Spoken) -> Vec<Signal> {
        let tip = Tip { post, subject: &spoken.subject, at, grade, evidence: &spoken.evidence };
        let single = self.watches.iter().filter(|watch| matches!(watch.measure, Watched::Post { .. }));
        single.filter_map(|watch| conclude(watch, &tip, &mut Matter::default())).collect()
    }

    /// The grade of a post, and what it is about, if it is graded.
    fn graded(&self, post: &AssessedPost, sequence: u64) -> Option<(Grade, Spoken)> {
        let (said, judged) = (&*post.post, &*post.assessment);
        let (grade, category) = (judged.grade?, judged.category.as_ref()?);
        let subject = Subject {
            category: category.id,
            place: judged.places.first().cloned(),
            department: judged.department.as_ref().map(|department| department.id.clone()),
        };
        let known = self.source_names.get(&said.source).map_or(said.source.as_str(), String::as_str);
        let source_name = if said.source.is_drill() { "演练" } else { known };
        Some((grade, Spoken { subject, evidence: evidence::of(post, sequence, source_name) }))
    }

    fn event_time(&mut self, post: &Post) -> Timestamp {
        if post.published_at > post.captured_at + SKEW {
            self.state.counters.skewed += 1;
            post.captured_at
        } else {
            post.published_at
        }
    }

    fn longest_window(&self) -> Duration {
        let windows = self.watches.iter().filter_map(|watch| match watch.measure {
            Watched::Voices { window, .. } => Some(window),
            Watched::Post { .. } | Watched::Topic { .. } | Watched::Event { .. } => None,
        });
        windows.max().unwrap_or_default()
    }

    fn remember(
        &mut self,
        subject: &Subject,
        at: Timestamp,
        grade: Grade,
        post: &AssessedPost,
        tipping: &Evidence,
    ) {
        let key = (subject.category, subject.place.clone());
        if !self.state.matters.contains_key(&key)
            && self.state.matters.len() >= self.config.max_matters.max(1)
        {
            self.make_room();
        }
        let longest = self.longest_window();
        let matter = self.state.matters.entry(key).or_default();
        let horizon = matter.latest.max(at) - longest;
        let sighting = Sighting {
            at,
            post: post.post.id,
            voice: voice_within(subject, post),
            grade,
            source: post.post.source.clone(),
        };
        let cap = self.config.max_posts_per_matter.max(1);
        self.state.counters.posts_pushed_out += matter.take(sighting, tipping.clone(), horizon, cap);
    }

    /// Forgets the sixteenth of the matters that have been silent longest, so that room need not be made
    /// with every post.
    fn make_room(&mut self) {
        let mut silent: Vec<_> =
            self.state.matters.iter().map(|(key, matter)| (matter.latest, key.clone())).collect();
        silent.sort();
        silent.truncate(self.config.max_matters.div_ceil(16));
        for (_, key) in silent {
            self.state.matters.remove(&key);
            self.state.counters.matters_pushed_out += 1;
        }
    }
}

/// The post just taken in, with what every watch wants to know of it.
struct Tip<'a> {
    post: &'a AssessedPost,
    subject: &'a Subject,
    at: Timestamp,
    grade: Grade,
    evidence: &'a Evidence,
}

/// What `watch` concludes from the post just taken in.
fn conclude(watch: &Watch, tip: &Tip<'_>, matter: &mut Matter) -> Option<Signal> {
    let filter = &watch.filter;
    let looked_at = filter.admits_source(&tip.post.post.source)
        && filter.admits_subject(tip.subject, &tip.post.assessment.places);
    if !looked_at {
        return None;
    }
    let post = tip.post.post.id;
    let (key, measure, evidence) = match watch.measure {
        Watched::Post { at_least, at_most } => {
            if tip.grade < at_least || tip.grade > at_most {
                return None;
            }
            let measure = Measure::Post { sensitivity: tip.post.assessment.sensitivity, grade: tip.grade };
            // With the grade in the key an edit that makes a post worse is news, any other is not.
            (format!("post {post} {}", tip.grade), measure, vec![tip.evidence.clone()])
        }
        Watched::Voices { at_least, window, floor } => {
            let from = matter.latest - window;
            if tip.grade < floor || tip.at <= from {
                return None;
            }
            let tally = matter.tally(from, |seen| seen.grade >= floor && filter.admits_source(&seen.source));
            let level = matter.rises(xxh3_64(watch.name.as_bytes()), tally.voices, at_least)?;
            let measure = Measure::Voices {
                voices: tally.voices,
                posts: tally.posts,
                window_seconds: window.as_secs(),
                highest: tally.highest,
            };
            let counts = |shown: &Evidence| shown.grade >= Some(floor) && filter.admits_source(&shown.source);
            (format!("voices {level} {post}"), measure, matter.evidence(from, tip.evidence, counts))
        }
        Watched::Topic { .. } | Watched::Event { .. } => return None,
    };
    Some(Signal {
        id: SignalId::of(&watch.name, tip.subject, &key),
        watch: watch.name.clone(),
        measure,
        subject: tip.subject.clone(),
        at: tip.at,
        evidence,
        dictionary: tip.post.assessment.versions.dictionary.clone(),
    })
}

/// What `watch` concludes of the topic that the post just taken in belongs to.
fn rises(
    watch: &Watch,
    id: u64,
    topics: &mut Listener,
    post: &AssessedPost,
    at: Timestamp,
) -> Option<Signal> {
    let Watched::Topic { at_least } = watch.measure else { return None };
    let topic = topics.topic(id)?;
    let subject = topic.subject.clone()?;
    let looked_at = watch.filter.admits_source(&post.post.source)
        && watch.filter.admits_subject(&subject, &post.assessment.places);
    if topic.rising.level < at_least || !looked_at {
        return None;
    }
    let evidence = topics.evidence(topic);
    let topic = topics.topic_mut(id)?;
    if !topic.has_news_for(xxh3_64(watch.name.as_bytes())) {
        return None;
    }
    let rising = &topic.rising;
    let measure = Measure::Topic {
        topic: id,
        words: rising.words.clone(),
        voices: rising.voices,
        posts: rising.posts.len() as u32,
        highest: topic.highest(),
        significance: rising.significance,
        why: rising.why.clone(),
    };
    Some(Signal {
        id: SignalId::of(&watch.name, &subject, &format!("topic {id:016x} {}", rising.voices)),
        watch: watch.name.clone(),
        measure,
        subject,
        at,
        evidence,
        dictionary: post.assessment.versions.dictionary.clone(),
    })
}

/// What `watch` concludes of the event that the post just taken in belongs to.
fn weighs(watch: &Watch, id: u64, events: &mut Events, post: &AssessedPost, at: Timestamp) -> Option<Signal> {
    let Watched::Event { at_least, only } = watch.measure else { return None };
    let (now, grades) = (events.now(), events.config().grades);
    let event = events.event_mut(id)?;
    let subject = event.subject()?;
    let score = event.score(now, &grades);
    let grade = score.grade.filter(|grade| *grade >= at_least)?;
    let looked_at = watch.filter.admits_source(&post.post.source)
        && watch.filter.admits_subject(&subject, &post.assessment.places);
    if !looked_at
        || !is_such(event, only, now)
        || !event.has_news_for(xxh3_64(watch.name.as_bytes()), Some(grade), now)
    {
        return None;
    }
    let voices = event.voices();
    Some(Signal {
        id: SignalId::of(&watch.name, &subject, &format!("event {id:016x} {grade} {voices}")),
        watch: watch.name.clone(),
        measure: Measure::Event {
            event: id,
            title: event.title(),
            voices,
            posts: event.posts,
            score: score.points,
            grade,
            why: score.sentence(),
            verify: event.doubt(),
        },
        subject,
        at,
        evidence: event.evidence().to_vec(),
        dictionary: post.assessment.versions.dictionary.clone(),
    })
}

/// Whether an event is what a rule asks for besides its grade.
fn is_such(event: &Event, only: EventOnly, now: u32) -> bool {
    let EventOnly { voices, phase, doubles_within, verify } = only;
    let (stands, doubles) = event.phase(now);
    voices.is_none_or(|least| event.voices() >= least)
        && phase.is_none_or(|phase| phase == stands)
        && doubles_within
            .is_none_or(|most| doubles.is_some_and(|hours| hours <= most.as_secs_f32() / 3_600.0))
        && verify.is_none_or(|wanted| event.doubt().is_some() == wanted)
}

/// The writer of `post` as counted within one matter. The matter is mixed in, so that what is remembered of
/// two matters cannot be joined (algorithms §1).
fn voice_within(subject: &Subject, post: &AssessedPost) -> u64 {
    let place = subject.place.as_deref().unwrap_or("");
    let salt = xxh3_64(format!("{}\n{place}", subject.category).as_bytes());
    match post.post.voice {
        Some(voice) => xxh3_64_with_seed(voice.as_bytes(), salt),
        None => xxh3_64_with_seed(&post.fingerprint.copy().to_le_bytes(), salt),
    }
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
