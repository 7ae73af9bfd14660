//! A measured fact about what the public says: strength and evidence, no opinion.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::assess::{Grade, Status};
use crate::extract::post::PostId;
use crate::lexicon::category::Category;
use crate::source::SourceId;

/// Something measured that a rule may speak to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Computed from what was watched for, subject and window: concluding it again gives the same id.
    pub id: SignalId,
    /// What was watched for: the name of the rule that asked for it.
    pub watch: String,
    /// What was measured.
    pub measure: Measure,
    /// What it is about.
    pub subject: Subject,
    /// When it was known: event time of the post that tipped it.
    pub at: Timestamp,
    /// Posts that show it, the strongest first, at most [`Signal::EVIDENCE`].
    pub evidence: Vec<Evidence>,
    /// The dictionary version that judged the post that tipped it.
    pub dictionary: String,
}

impl Signal {
    /// Most pieces of evidence a signal carries.
    pub const EVIDENCE: usize = 8;

    /// The matter in the strongest post's leading terms, `燃气泄漏、爆炸`; empty if it has none.
    pub fn matter(&self) -> String {
        self.evidence.first().map(|strongest| strongest.terms.join("、")).unwrap_or_default()
    }
}

/// Name of a signal: 128 bits, written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SignalId([u8; 16]);

/// What was measured, with the figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Measure {
    /// One post by itself reached a grade.
    Post {
        /// Its score, 0 to 100.
        sensitivity: f32,
        /// Its grade.
        grade: Grade,
    },
    /// So many distinct voices spoke of one category at one place within a window.
    Voices {
        /// Distinct voices.
        voices: u32,
        /// Posts.
        posts: u32,
        /// Length of the window in seconds.
        window_seconds: u64,
        /// The highest grade among the posts.
        highest: Option<Grade>,
    },
    /// Some words are said by far more people than usual.
    Topic {
        /// Names the topic; stays while it lasts.
        topic: u64,
        /// Its most telling words, at most three.
        words: Vec<String>,
        /// Distinct voices within the window in which it stands out most.
        voices: u32,
        /// Posts it is made of, the latest 256 at most.
        posts: u32,
        /// The highest grade among the posts.
        highest: Option<Grade>,
        /// How far above the usual, in standard deviations.
        significance: f32,
        /// Voices held against the usual, in one Chinese sentence.
        why: String,
    },
    /// Posts of one happening together reached a grade.
    Event {
        /// Names the event; stays while it lasts.
        event: u64,
        /// What it is called: `望江花园 · 停水`.
        title: String,
        /// Distinct voices.
        voices: u32,
        /// Posts, comments and copies.
        posts: u32,
        /// Its score, 0 to 100.
        score: f32,
        /// Its grade.
        grade: Grade,
        /// The lines of the score in one Chinese sentence, largest first.
        why: String,
        /// Why it needs verifying, if it does.
        verify: Option<String>,
    },
}

/// What a signal is about: a matter, never a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The service.
    pub category: Category,
    /// The deepest place named, if any.
    pub place: Option<String>,
    /// Who should answer: an id of `departments.toml`.
    pub department: Option<String>,
}

/// One post that shows what a signal says; enough that a mail needs no look-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The post.
    pub post: PostId,
    /// Its sequence number in the journal.
    pub sequence: u64,
    /// Where it can be read.
    pub url: Option<Url>,
    /// The source it was found on.
    pub source: SourceId,
    /// The source's name for people.
    pub source_name: String,
    /// What it says, masked, at most 120 characters, without names.
    pub excerpt: String,
    /// What it is about, in at most two terms of the dictionaries, the leading one first.
    pub terms: Vec<String>,
    /// Its own score, 0 to 100.
    pub sensitivity: f32,
    /// Its own grade.
    pub grade: Option<Grade>,
    /// How it puts the matter: asserted, heard from others…
    pub status: Status,
    /// Why, in one sentence (the assessment's explanation).
    pub why: String,
    /// When it was published.
    pub published_at: Timestamp,
}

impl Evidence {
    /// The order of evidence: the strongest first, then the earliest, then by identity.
    pub fn by_strength(one: &Self, other: &Self) -> Ordering {
        other
            .sensitivity
            .total_cmp(&one.sensitivity)
            .then_with(|| one.published_at.cmp(&other.published_at))
            .then_with(|| one.post.cmp(&other.post))
    }
}

impl SignalId {
    /// The id of what `rule` says about `subject` in the window that `key` names.
    pub fn of(rule: &str, subject: &Subject, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        let place = subject.place.as_deref().unwrap_or("");
        for part in [rule, subject.category.id(), place, key] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(id)
    }

    /// The bytes, for keys of stores.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SignalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
