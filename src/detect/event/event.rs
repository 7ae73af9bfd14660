//! An event as it stands: what its posts share, where and when it was spoken of, and by how many.

mod growth;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::curve::{Curve, Hour, Phase};
use super::doubts::{self, Doubt, Doubts};
use super::heat::Heat;
use super::score::{self, Known, Score};
use super::title::{Wording, title};
use super::voices::Voices;
use crate::assess::{AssessedPost, Grade};
use crate::detect::anchors::Anchor;
use crate::detect::signal::{Evidence, Subject};
use crate::detect::topic::Spoken;
use crate::extract::post::PostId;
use crate::lexicon::category::Category;
use crate::source::SourceId;

/// Longest title taken from a post, in characters.
const EXCERPT: usize = 20;
/// An event that is younger, in seconds, tells no time in which it doubles.
const YOUNG: u32 = 1_800;

/// A happening in the world, as its posts tell of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub(super) number: u32,
    /// Names the event; stays while it lasts, and through merging with younger ones.
    pub id: u64,
    /// When its first post was said, in seconds since 1970.
    pub first: u32,
    /// When its latest was.
    pub last: u32,
    /// Posts, comments and copies of it.
    pub posts: u32,
    /// How many of them repeat another's words.
    pub copies: u32,
    /// How many of them are comments.
    pub comments: u32,
    /// When an office said something in it first, in seconds since 1970.
    pub answered: Option<u32>,
    /// The earlier event of the same place and service that this one comes after: its id (复发).
    pub again: Option<u64>,
    /// Its posts: the latest 64, latest last.
    pub members: VecDeque<PostId>,
    /// Why the latest post that joined it did.
    pub tie: Option<String>,
    voices: Voices,
    witnesses: Voices,
    /// Sum of its posts' features, sorted; the heaviest.
    features: Vec<(u32, f32)>,
    anchors: Vec<(Anchored, u32)>,
    categories: BTreeMap<Category, u32>,
    places: BTreeMap<String, u32>,
    departments: BTreeMap<String, u32>,
    sources: BTreeMap<SourceId, Carried>,
    terms: Wording,
    words: Wording,
    heat: Heat,
    curve: Curve,
    doubts: Doubts,
    sketches: VecDeque<u64>,
    evidence: Vec<Evidence>,
    content: f32,
    highest: Option<Grade>,
    /// Its grade when its latest post came.
    stood: Option<Grade>,
    reactions: f32,
    media: bool,
    told: BTreeMap<u64, Told>,
}

/// An anchor as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Anchored {
    key: u32,
    name: String,
}

/// What a source carried of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Posts on it.
    pub posts: u32,
    /// When it carried the first, in seconds since 1970.
    pub first: u32,
}

/// Whom an event was told how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    grade: Option<Grade>,
    voices: u32,
    at: u32,
    places: Vec<String>,
}

/// Told again when so many times as many speak of it, and so many more.
const TIMES: u32 = 2;
const MORE: u32 = 10;
/// Between two tellings that are not of a higher grade lies so much time, in seconds; less where it is red.
const COOL_DOWN: u32 = 3_600;
const COOL_DOWN_RED: u32 = 900;

/// One post as an event takes it in.
pub(super) struct Joining<'a> {
    pub(super) post: &'a AssessedPost,
    pub(super) spoken: Option<&'a Spoken>,
    pub(super) features: &'a [(u32, f32)],
    pub(super) anchors: &'a [Anchor<'a>],
    /// Words that may stand in a title, each with what it tells.
    pub(super) words: &'a [(&'a str, f32)],
    pub(super) voice: u64,
    pub(super) at: u32,
    /// For how many days its text has been known, if it is old.
    pub(super) old: Option<u32>,
}

impl Event {
    /// An event of which nothing is known yet.
    pub(super) fn new(number: u32, id: u64, at: u32) -> Self {
        Self {
            number,
            id,
            first: at,
            last: at,
            posts: 0,
            copies: 0,
            comments: 0,
            answered: None,
            again: None,
            members: VecDeque::new(),
            tie: None,
            voices: Voices::new(),
            witnesses: Voices::new(),
            features: Vec::new(),
            anchors: Vec::new(),
            categories: BTreeMap::new(),
            places: BTreeMap::new(),
            departments: BTreeMap::new(),
            sources: BTreeMap::new(),
            terms: Wording::default(),
            words: Wording::default(),
            heat: Heat::new(at),
            curve: Curve::default(),
            doubts: Doubts::new(),
            sketches: VecDeque::new(),
            evidence: Vec::new(),
            content: 0.0,
            highest: None,
            stood: None,
            reactions: 0.0,
            media: false,
            told: BTreeMap::new(),
        }
    }

    /// Its id as people and machines see it: 16 hex digits.
    pub fn id_text(&self) -> String {
        format!("{:016x}", self.id)
    }

    /// Distinct voices, about; posts, where a source names no writer.
    pub fn voices(&self) -> u32 {
        self.voices.count()
    }

    /// The service that most of its posts are about, those that are not graded too.
    pub fn category(&self) -> Option<Category> {
        most(&self.categories).copied()
    }

    /// What it is about, if any of its posts is graded; its place is one that the gazetteer knows.
    pub fn subject(&self) -> Option<Subject> {
        self.highest?;
        Some(Subject {
            category: self.category()?,
            place: most(&self.places).cloned(),
            department: most(&self.departments).cloned(),
        })
    }

    /// The place that most of its posts name.
    pub fn place(&self) -> Option<&str> {
        let anchored =
            self.anchors.iter().max_by(|one, other| one.1.cmp(&other.1).then(other.0.name.cmp(&one.0.name)));
        let named = most(&self.places).map(String::as_str);
        named.or(anchored.map(|(anchor, _)| anchor.name.as_str()))
    }

    /// What it is called: `望江花园 · 停水、水管爆裂`.
    pub fn title(&self) -> String {
        let place = self.place().unwrap_or_default();
        let mut words = self.terms.leading(place);
        if words.is_empty() {
            words = self.words.leading(place);
        }
        let said = title(place, &words);
        if said.is_empty() { self.excerpt() } else { said }
    }

    /// The beginning of its strongest post, where no words name it.
    fn excerpt(&self) -> String {
        let said = self.evidence.first().map_or("", |shows| shows.excerpt.as_str());
        said.chars().take(EXCERPT).collect()
    }

    /// Places that its posts name, most often named first.
    pub fn places(&self) -> Vec<(&str, u32)> {
        let mut places: Vec<(&str, u32)> =
            self.places.iter().map(|(place, posts)| (place.as_str(), *posts)).collect();
        places.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        places
    }

    /// Sources that carried it, the first first.
    pub fn sources(&self) -> Vec<(&SourceId, Carried)> {
        let mut sources: Vec<_> = self.sources.iter().map(|(source, carried)| (source, *carried)).collect();
        sources.sort_by_key(|(source, carried)| (carried.first, (*source).clone()));
        sources
    }

    /// Posts by hour, as the hour's first second since 1970.
    pub fn hours(&self) -> impl DoubleEndedIterator<Item = (u32, Hour)> {
        self.curve.hours()
    }

    /// Posts from `from` until before `until`, of the last day.
    pub(super) fn posts_between(&self, from: u32, until: u32) -> u32 {
        self.curve.posts(from, until)
    }

    /// How hot it is, 0 to 100.
    pub fn heat(&self, now: u32) -> f32 {
        self.heat.index(now)
    }

    /// Whether more and more speak of it, and in how many hours twice as many do; `None` if it does not rise, or only
    /// just began.
    pub fn phase(&self, now: u32) -> (Phase, Option<f32>) {
        let (slope, phase) = self.curve.trend(now);
        let told = phase == Phase::Rising && now.saturating_sub(self.first) >= YOUNG;
        (phase, told.then(|| std::f32::consts::LN_2 / slope))
    }

    /// What speaks for verifying it, and how much, 0 to 1; nothing where it concerns no service.
    pub fn doubts(&self) -> (f32, Vec<Doubt>) {
        if self.highest.is_none() {
            return (0.0, Vec::new());
        }
        let doubts = self.doubts.evidence();
        (doubts::together(&doubts), doubts)
    }

    /// The same in one Chinese sentence, if it is enough to be listed.
    pub fn doubt(&self) -> Option<String> {
        let (strength, doubts) = self.doubts();
        if strength < doubts::LISTED { None } else { doubts::sentence(&doubts) }
    }

    /// How weighty it is; `grades` are the points at which blue, yellow, orange and red begin.
    pub fn score(&self, now: u32, grades: &[f32; 4]) -> Score {
        let hour = self.curve.posts(now.saturating_sub(3_600), now + 1) as f32;
        let before = (self.posts as f32 - hour).max(0.0);
        let hours = ((now.saturating_sub(self.first)) as f32 / 3_600.0 - 1.0).max(1.0);
        score::of(
            &Known {
                content: self.content,
                floor: self.highest,
                reactions: self.reactions,
                witnesses: self.witnesses.count(),
                lately: (hour, before / hours),
                media: self.media,
                age: now.saturating_sub(self.first) as f32 / 3_600.0,
                again: self.again.is_some(),
                answered: self.answered.is_some(),
                stood: self.stood,
            },
            grades,
        )
    }

    /// Notes the grade it has now. What is of no service has none, and is not worth the reckoning.
    pub(super) fn stand(&mut self, now: u32, grades: &[f32; 4]) {
        if self.highest.is_some() {
            self.stood = self.score(now, grades).grade;
        }
    }

    /// Posts that show it, strongest first, at most [`Signal::EVIDENCE`](crate::detect::Signal::EVIDENCE).
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// The highest grade among its posts.
    pub fn highest(&self) -> Option<Grade> {
        self.highest
    }

    /// How alike the words of a post are: the cosine.
    pub(super) fn alike(&self, features: &[(u32, f32)]) -> f32 {
        product(&self.features, features) / length(&self.features).max(f32::MIN_POSITIVE)
    }

    /// How alike the words of a post are apart from `names`.
    pub(super) fn alike_without(&self, features: &[(u32, f32)], names: &[u32]) -> f32 {
        let rest = |features: &[(u32, f32)]| -> Vec<(u32, f32)> {
            features.iter().filter(|(feature, _)| names.binary_search(feature).is_err()).copied().collect()
        };
        let (ours, theirs) = (rest(&self.features), rest(features));
        product(&ours, &theirs) / (length(&ours) * length(&theirs)).max(f32::MIN_POSITIVE)
    }

    /// How many of its posts are of a service, and of how many of them the service is known; none if of none.
    pub(super) fn share_of(&self, category: Category) -> Option<(f32, f32)> {
        let all: u32 = self.categories.values().sum();
        let of_it = self.categories.get(&category).copied().unwrap_or(0);
        (all > 0).then_some((of_it as f32, all as f32))
    }

    /// The words its posts share, sorted.
    pub(super) fn features(&self) -> &[(u32, f32)] {
        &self.features
    }

    /// How alike the words of another event are: the cosine.
    pub(super) fn alike_to(&self, other: &Self) -> f32 {
        product(&self.features, &other.features)
            / (length(&self.features) * length(&other.features)).max(f32::MIN_POSITIVE)
    }

    /// The anchors that at least this share of its posts names.
    pub(super) fn held_anchors(&self, share: f32) -> impl Iterator<Item = u32> {
        let named = self.anchors.iter().map(|(_, posts)| *posts).max().unwrap_or(0);
        let least = share * (self.posts as f32).min(named as f32 * 4.0);
        self.anchors.iter().filter(move |(_, posts)| *posts as f32 >= least).map(|(anchor, _)| anchor.key)
    }

    /// Whether there is news to tell those who watch under this name: a grade it was not told with, twice the voices
    /// and ten more, or a place that was not named before (algorithms §13).
    pub(in crate::detect) fn has_news_for(&mut self, watch: u64, grade: Option<Grade>, now: u32) -> bool {
        let voices = self.voices();
        let places: Vec<String> = self.places.keys().cloned().collect();
        let news = match self.told.get(&watch) {
            None => true,
            Some(told) if grade > told.grade => true,
            Some(told) => {
                let wait = if grade == Some(Grade::Red) { COOL_DOWN_RED } else { COOL_DOWN };
                let grown = voices >= (told.voices * TIMES).max(told.voices + MORE);
                let wider = places.iter().any(|place| !told.places.contains(place));
                now.saturating_sub(told.at) >= wait && (grown || wider)
            }
        };
        if news {
            self.told.insert(watch, Told { grade, voices, at: now, places });
        }
        news
    }
}

/// The sum of the products of what both hold.
fn product(one: &[(u32, f32)], other: &[(u32, f32)]) -> f32 {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut product = 0.0;
    while let (Some(&&(left, ours)), Some(&&(right, theirs))) = (one.peek(), other.peek()) {
        if left == right {
            product += ours * theirs;
        }
        if left <= right {
            one.next();
        }
        if right <= left {
            other.next();
        }
    }
    product
}

fn length(features: &[(u32, f32)]) -> f32 {
    features.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt()
}

/// What comes most often, the first of equals.
fn most<T: Ord>(times: &BTreeMap<T, u32>) -> Option<&T> {
    times.iter().reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(one, _)| one)
}
