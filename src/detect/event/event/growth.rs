//! How an event grows by posts, and comes to one with another or falls apart by a person's word.

use std::collections::BTreeSet;

use super::{Anchored, Carried, Event, Joining};
use crate::assess::AssessedPost;
use crate::detect::event::heat::Part;
use crate::detect::event::likeness::{Common, Tie};
use crate::detect::event::voices::Newness;
use crate::detect::signal::{Evidence, Signal};
use crate::detect::topic::Spoken;
use crate::extract::post::{PostId, PostKind};

/// Most features kept of what its posts share.
const FEATURES: usize = 64;
/// Most anchors kept, and most posts named.
const ANCHORS: usize = 12;
const POSTS: usize = 64;
/// Most sources told apart.
const SOURCES: usize = 32;
/// Sketches of its posts by which copies are found, and in how many of 64 bits a near copy may differ.
const SKETCHES: usize = 16;
const NEAR: u32 = 7;

impl Event {
    /// Takes a post in.
    pub(in crate::detect::event) fn take(&mut self, joining: &Joining<'_>, tie: Option<&Tie>) {
        let Joining { post, at, .. } = *joining;
        let said = &*post.post;
        let copied = self.is_copy(post);
        let voice = xxhash_rust::xxh3::xxh3_64_with_seed(&joining.voice.to_le_bytes(), self.id);
        self.posts += 1;
        self.copies += u32::from(copied);
        let comment = said.kind == PostKind::Comment;
        self.comments += u32::from(comment);
        if said.official && self.posts > 1 {
            self.answered = Some(self.answered.map_or(at, |known| known.min(at)));
        }
        (self.first, self.last) = (self.first.min(at), self.last.max(at));
        if self.members.len() == POSTS {
            self.members.pop_front();
        }
        self.members.push_back(said.id);
        let new = self.voices.add(voice) == Newness::New;
        if !copied {
            self.witnesses.add(voice);
            let counts = said.counts;
            self.reactions += (counts.likes + 3 * counts.comments + 5 * counts.reposts) as f32;
        }
        let part = match (copied, comment) {
            (true, _) => Part::Copy,
            (false, true) => Part::Comment,
            (false, false) => Part::Original,
        };
        self.heat.add(part, voice, at);
        self.curve.add(at, u32::from(new));
        self.doubts.add(post, voice, copied, joining.old);
        self.media |= said.kind == PostKind::Article;
        if self.sources.len() < SOURCES || self.sources.contains_key(&said.source) {
            let carried = self.sources.entry(said.source.clone()).or_insert(Carried { posts: 0, first: at });
            carried.posts += 1;
            carried.first = carried.first.min(at);
        }
        if let Some(category) = &post.assessment.category {
            *self.categories.entry(category.id).or_default() += 1;
        }
        self.note_words(joining);
        if let Some(spoken) = joining.spoken {
            self.note_subject(spoken, post);
        }
        self.tie = tie.map(told_tie);
    }

    /// The same event with none of its posts, to be made anew of them: whom it was told, and what it comes after, stays.
    pub(in crate::detect::event) fn anew(known: &Self) -> Self {
        let again = known.again;
        Self { told: known.told.clone(), again, ..Self::new(known.number, known.id, known.first) }
    }

    /// The event without some of its posts, where not all of the others are known one by one: its figures stay what they
    /// are, and what shows it is of the others.
    pub(in crate::detect::event) fn without(mut self, go: &BTreeSet<PostId>) -> Self {
        let before = self.members.len();
        self.members.retain(|post| !go.contains(post));
        self.posts = self.posts.saturating_sub((before - self.members.len()) as u32);
        self.copies = self.copies.min(self.posts);
        self.comments = self.comments.min(self.posts);
        self.evidence.retain(|shows| !go.contains(&shows.post));
        self
    }

    /// Takes another event in: both tell of one happening.
    pub(in crate::detect::event) fn merge(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.posts += other.posts;
        self.copies += other.copies;
        self.comments += other.comments;
        self.answered = self.answered.into_iter().chain(other.answered).min();
        self.members.extend(other.members);
        while self.members.len() > POSTS {
            self.members.pop_front();
        }
        self.voices.merge(&other.voices);
        self.witnesses.merge(&other.witnesses);
        self.add_features(&other.features);
        for (anchor, posts) in other.anchors {
            self.add_anchor(anchor.key, &anchor.name, posts);
        }
        for (category, posts) in other.categories {
            *self.categories.entry(category).or_default() += posts;
        }
        for (place, posts) in other.places {
            *self.places.entry(place).or_default() += posts;
        }
        for (department, posts) in other.departments {
            *self.departments.entry(department).or_default() += posts;
        }
        for (source, more) in other.sources {
            let carried = self.sources.entry(source).or_insert(Carried { posts: 0, first: more.first });
            carried.posts += more.posts;
            carried.first = carried.first.min(more.first);
        }
        self.terms.merge(&other.terms);
        self.words.merge(&other.words);
        self.heat.merge(&other.heat);
        self.curve.merge(&other.curve);
        self.doubts.merge(&other.doubts);
        self.add_evidence(other.evidence);
        self.content = self.content.max(other.content);
        self.highest = self.highest.max(other.highest);
        self.stood = self.stood.max(other.stood);
        self.reactions += other.reactions;
        self.media |= other.media;
        for (watch, told) in other.told {
            self.told.entry(watch).or_insert(told);
        }
    }

    fn is_copy(&mut self, post: &AssessedPost) -> bool {
        let sketch = post.fingerprint.bits();
        if self.sketches.iter().any(|known| (known ^ sketch).count_ones() <= NEAR) {
            return true;
        }
        if self.sketches.len() == SKETCHES {
            self.sketches.pop_front();
        }
        self.sketches.push_back(sketch);
        false
    }

    fn note_words(&mut self, joining: &Joining<'_>) {
        self.add_features(joining.features);
        for anchor in joining.anchors {
            self.add_anchor(anchor.key, anchor.name, 1);
        }
        for (word, worth) in joining.words {
            self.words.add(word, *worth);
        }
    }

    fn note_subject(&mut self, spoken: &Spoken, post: &AssessedPost) {
        let Spoken { subject, evidence } = spoken;
        if let Some(place) = &subject.place {
            *self.places.entry(place.clone()).or_default() += 1;
        }
        if let Some(department) = &subject.department {
            *self.departments.entry(department.clone()).or_default() += 1;
        }
        for term in &evidence.terms {
            self.terms.add(term, 1.0);
        }
        self.content = self.content.max(post.assessment.content());
        self.highest = self.highest.max(post.assessment.grade);
        self.add_evidence(vec![evidence.clone()]);
    }

    fn add_evidence(&mut self, more: Vec<Evidence>) {
        self.evidence.extend(more);
        self.evidence.sort_by(Evidence::by_strength);
        self.evidence.truncate(Signal::EVIDENCE);
    }

    fn add_anchor(&mut self, key: u32, name: &str, posts: u32) {
        match self.anchors.iter().position(|(known, _)| known.key == key) {
            Some(at) => self.anchors[at].1 += posts,
            None if self.anchors.len() < ANCHORS => {
                self.anchors.push((Anchored { key, name: name.to_owned() }, posts));
            }
            None => {}
        }
    }

    fn add_features(&mut self, more: &[(u32, f32)]) {
        let known = std::mem::take(&mut self.features);
        let mut sum = Vec::with_capacity(known.len() + more.len());
        let (mut one, mut other) = (known.into_iter().peekable(), more.iter().copied().peekable());
        loop {
            let next = match (one.peek(), other.peek()) {
                (Some(left), Some(right)) if left.0 == right.0 => {
                    let both = (left.0, left.1 + right.1);
                    one.next();
                    other.next();
                    Some(both)
                }
                (Some(left), Some(right)) if left.0 < right.0 => one.next(),
                (Some(_), None) => one.next(),
                (_, Some(_)) => other.next(),
                (None, None) => None,
            };
            let Some(next) = next else { break };
            sum.push(next);
        }
        if sum.len() > FEATURES {
            sum.select_nth_unstable_by(FEATURES, |one, other| {
                other.1.total_cmp(&one.1).then(one.0.cmp(&other.0))
            });
            sum.truncate(FEATURES);
            sum.sort_unstable_by_key(|(feature, _)| *feature);
        }
        self.features = sum;
    }
}

/// `同一地点“望江花园”，用词相似 0.31`.
fn told_tie(tie: &Tie) -> String {
    match &tie.by {
        Common::Thread => "回复或同一讨论串".to_owned(),
        Common::Place(place) => format!("同一地点“{place}”，用词相似 {:.2}", tie.words),
        Common::Words => format!("用词相似 {:.2}", tie.words),
    }
}
