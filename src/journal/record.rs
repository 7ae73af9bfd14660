//! What the journal's records say. The journal itself moves bytes; these types give them meaning.
//!
//! Every record is a version byte and a `postcard` body. A change of shape takes a new version; old
//! ones are read for ever (`tests/fixtures/journal-v1` holds some). Since postcard does not describe
//! itself, the types here use no tagging, skipping or flattening of fields.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::Sequence;
use crate::alert::Outage;
use crate::assess::evaluation::{Matter, Rung};
use crate::assess::{Assessment, Mood};
use crate::crawl::Role;
use crate::crawl::fetch::Validators;
use crate::detect::SignalId;
use crate::detect::event::Regrouping;
use crate::extract::post::{Counts, Post, PostId};
use crate::incident::{FactCard, Handover, IncidentEvent};
use crate::notify::policy::{Decided, Silence};
use crate::notify::{Delivery, Notification, NotificationKey};
use crate::people::{Person, PersonName, Role as Right, TokenRecord};
use crate::source::SourceId;

const VERSION: u8 = 1;

/// What stands in the `posts` stream: what was seen, and what the crawler found of its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum PostRecord {
    /// Seen for the first time.
    Found(Box<Post>),
    /// Its title or text is not what it was.
    Revised {
        /// Which post.
        post: PostId,
        /// The new title.
        title: String,
        /// The new text.
        text: String,
        /// What was counted at the same time.
        counts: Counts,
        /// When it was seen.
        at: Timestamp,
    },
    /// Only its counts changed.
    Counted {
        /// Which post.
        post: PostId,
        /// The counts now.
        counts: Counts,
        /// When they were seen.
        at: Timestamp,
    },
    /// Its source does not show it any more. Seen missing twice, an hour apart, it loses its text (V6).
    Missing {
        /// Which post.
        post: PostId,
        /// When it was missed.
        at: Timestamp,
    },
    /// It is shown again.
    Returned {
        /// Which post.
        post: PostId,
        /// When it was seen.
        at: Timestamp,
    },
    /// One look at a source ended; what it found stands before this record.
    Looked(Box<Look>),
    /// One page of a source was read.
    Visited(Box<Visit>),
    /// Somebody at the desk said which posts tell of one happening. It stands among the posts, so that the detector meets
    /// it at its place whenever it observes them.
    Regrouped(Box<Regrouped>),
}

impl PostRecord {
    /// Whether these bytes are of a [`PostRecord::Regrouped`], without reading all of them.
    pub fn is_regrouped(payload: &[u8]) -> bool {
        payload.first() == Some(&VERSION) && payload.get(1) == Some(&REGROUPED)
    }
}

/// The number by which [`PostRecord::Regrouped`] is written.
const REGROUPED: u8 = 7;

/// What somebody said of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regrouped {
    /// What.
    pub change: Regrouping,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: PersonOrToken,
    /// When.
    pub at: Timestamp,
}

/// One look at a source: the accounting of coverage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// Which source.
    pub source: SourceId,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What it came to.
    pub outcome: LookOutcome,
    /// Posts found that were not known.
    pub new_posts: u32,
    /// Posts seen in all.
    pub seen_posts: u32,
    /// Items that could not be read.
    pub defects: u32,
    /// Pages fetched.
    pub pages: u32,
    /// When the next look is due.
    pub next_due: Timestamp,
    /// Where the next look goes on: `after` of WordPress comments.
    pub cursor: Option<Timestamp>,
    /// Whether everything that is revisited was looked at (a sweep).
    pub swept: bool,
    /// Whether the look could show that nothing lies between it and the one before.
    pub overlapped: bool,
}

/// What a look at a source came to; "nothing new" and "could not look" never look the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LookOutcome {
    /// Something was there.
    Observed,
    /// The source answered, and held nothing at all.
    Empty,
    /// The source forbids it: robots.txt, 401, 403, a log-in page.
    Blocked(String),
    /// The source did not answer as it should.
    Failed(String),
}

/// One page of a source as it was read last: when to look again, and with which validators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Which source.
    pub source: SourceId,
    /// Which page.
    pub url: Url,
    /// What it is to the source.
    pub role: Role,
    /// The thread it shows.
    pub thread: Option<PostId>,
    /// When it was read.
    pub at: Timestamp,
    /// When its content changed last.
    pub changed_at: Timestamp,
    /// What lets the next request ask "only if it has changed"; `None` asks for all of it.
    pub validators: Option<Validators>,
}

/// What stands in the `desk` stream: what was concluded and what people did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DeskRecord {
    /// Changes of incidents and, in the same record, who must hear of them.
    Desk(Box<DeskStep>),
    /// What became of one try to deliver.
    Delivered(Delivery),
    /// A person was added or changed.
    Person(Box<Person>),
    /// A token was made or changed.
    Token(Box<TokenRecord>),
    /// These dictionaries, and this model, are in force from here on; both are kept by their hashes.
    Lexicon {
        /// First 12 hex digits of the hash of the dictionaries; with a model, `+` and those of its hash.
        version: String,
        /// When they took effect.
        at: Timestamp,
    },
    /// These rules are in force from here on.
    Rules {
        /// First 12 hex digits of the hash of the file.
        version: String,
        /// When they took effect.
        at: Timestamp,
    },
    /// An operator paused or resumed a source.
    SourcePaused {
        /// Which.
        source: SourceId,
        /// Whether it rests.
        paused: bool,
        /// Who said so.
        by: PersonOrToken,
        /// When.
        at: Timestamp,
    },
    /// Something worth keeping that changed no state: log-ins, searches, start-up exceptions.
    Audit(Box<AuditEntry>),
    /// Somebody at the desk said what is right of a post.
    Verdict(Box<DeskVerdict>),
    /// Stored texts are judged by another version from here on.
    Rescored(Box<Rescored>),
    /// Somebody at the desk said how far it got with the claim of an event.
    Fact(Box<FactCard>),
    /// What became of one try to deliver several things in one message.
    Together(Vec<Delivery>),
    /// Notifications that are to be tried again.
    Requeued(Requeued),
    /// What becomes of notifications that were held back.
    Fates(Vec<Decided>),
    /// Somebody asked for silence, or ended it.
    Silence(Box<Silence>),
    /// A shift changed, its pack was accepted, or others were called since nobody had.
    Handover(Box<Handover>),
    /// Something cannot be heard any more, or can again, and who is told.
    Outage(Box<(Outage, Vec<Notification>)>),
}

/// Notifications that are to be tried again, though they were refused or their receiver was set up wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requeued {
    /// Which.
    pub keys: Vec<NotificationKey>,
    /// Who wants it; the console for a receiver that was mended.
    pub by: PersonOrToken,
    /// When.
    pub at: Timestamp,
}

/// One decision of the desk: all of it happens, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskStep {
    /// The signal that caused it; concluding it again is recognised by this.
    pub signal: Option<SignalId>,
    /// The changes, in order.
    pub events: Vec<IncidentEvent>,
    /// Who must hear of them.
    pub notifications: Vec<Notification>,
    /// The key a client gave so that a repeated request does nothing twice.
    pub idempotency_key: Option<String>,
}

/// What somebody at the desk says is right of a post: of the matter, never of who wrote it. What is `None` they do
/// not say. The latest of a post counts; the earlier ones stay in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeskVerdict {
    /// Which post.
    pub post: PostId,
    /// The record that holds the text they read.
    pub text_at: Sequence,
    /// The judgement they had before them.
    pub judged: JudgedAs,
    /// How urgent it is.
    pub grade: Option<Rung>,
    /// Whose matter it is.
    pub category: Option<Matter>,
    /// Who should answer: an id of the departments, `none` if none of ours.
    pub department: Option<String>,
    /// The mood of the text.
    pub sentiment: Option<Mood>,
    /// Whether information is asked for.
    pub question: Option<bool>,
    /// What they say to it.
    pub note: Option<String>,
    /// Who says so.
    pub by: PersonOrToken,
    /// When.
    pub at: Timestamp,
    /// The key a client gave so that a repeated request does nothing twice.
    pub idempotency_key: Option<String>,
}

/// A judgement as somebody had it before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedAs {
    /// How urgent.
    pub grade: Rung,
    /// Whose matter.
    pub category: Matter,
    /// Who should answer; `None` if that was left to a person.
    pub department: Option<String>,
    /// The dictionaries that judged; with a model, `+` and its version.
    pub version: String,
}

/// Texts that are judged by another version from here on: those of a stretch of the journal. What was concluded
/// from the judgement before stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescored {
    /// The first place of the stretch.
    pub from: Sequence,
    /// The last one.
    pub to: Sequence,
    /// Named as in [`DeskRecord::Lexicon`], and kept like those.
    pub version: String,
    /// Who asked for it.
    pub by: PersonOrToken,
    /// When.
    pub at: Timestamp,
}

/// Who asked for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PersonOrToken {
    /// Someone at the desk.
    Person(PersonName),
    /// A machine, by its token's name.
    Token(String),
    /// Whoever may use the machine's own command line.
    Console,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, if known.
    pub by: Option<PersonOrToken>,
    /// With which right.
    pub right: Option<Right>,
    /// What, in a constant word: `login`, `login-failed`, `search`, `outward-exception`.
    pub what: String,
    /// On what, or with which words.
    pub detail: String,
    /// From which address.
    pub from: Option<String>,
}

impl From<&Assessment> for JudgedAs {
    fn from(assessment: &Assessment) -> Self {
        let versions = &assessment.versions;
        Self {
            grade: Rung::of(assessment.grade),
            category: assessment.category.as_ref().map(|verdict| verdict.id).into(),
            department: assessment.department.as_ref().map(|verdict| verdict.id.clone()),
            version: match &versions.model {
                Some(model) => format!("{}+{model}", versions.dictionary),
                None => versions.dictionary.clone(),
            },
        }
    }
}

/// Why bytes of the journal are no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by a newer program.
    #[error("record version {0} is newer than this program; use the newer program")]
    Future(u8),
    /// Nothing there.
    #[error("empty record")]
    Empty,
    /// The body does not fit its version.
    #[error("record body cannot be read")]
    Body(#[from] postcard::Error),
}

/// A record that can stand in the journal.
pub trait Record: Serialize + DeserializeOwned {
    /// The record as it is written.
    fn encode(&self) -> Vec<u8> {
        let bytes = postcard::to_extend(self, vec![VERSION]);
        bytes.expect("records hold only what postcard can write, and memory is there")
    }

    /// The record back from what was written.
    fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match bytes.split_first() {
            None => Err(RecordError::Empty),
            Some((&VERSION, body)) => Ok(postcard::from_bytes(body)?),
            Some((&version, _)) => Err(RecordError::Future(version)),
        }
    }
}

impl Record for PostRecord {}
impl Record for DeskRecord {}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
