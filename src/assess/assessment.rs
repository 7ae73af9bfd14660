//! What the judgement on a post is made of: plain values, stored and shown as they stand.
//!
//! Only [`Assessor`](super::Assessor) makes them. The lines of an assessment add up to its score.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Grade, Sentiment, Toll};
use crate::extract::post::Post;
use crate::lexicon::category::Category;
use crate::text::fingerprint::Fingerprint;
use crate::text::normalize::Normalized;
use crate::text::segment::{Segmenter, Tokens};

/// A post with what the lexicon and the rules of scoring say of it.
#[derive(Debug, Clone)]
pub struct AssessedPost {
    /// The post.
    pub post: Arc<Post>,
    /// What was concluded.
    pub assessment: Arc<Assessment>,
    /// Title, line feed and text (text alone if no title), normalised: what the tokens were cut from.
    pub normalized: Arc<Normalized>,
    /// Its words, cut once: index, topics and events share them.
    pub tokens: Arc<Tokens>,
    /// For finding copies.
    pub fingerprint: Fingerprint,
    /// How many people it says have come to harm.
    pub toll: Toll,
    /// Of the places named, those narrow enough to tell one happening from another: an estate, not a district.
    pub spots: Vec<String>,
    /// What cut it, for those who have more to ask of its words.
    pub segmenter: Arc<Segmenter>,
}

/// The judgement on one post by itself (interfaces 3.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// 0 to 100; the sum of the factors' points.
    pub sensitivity: f32,
    /// What the score means; `None` is recorded only.
    pub grade: Option<Grade>,
    /// The writer's mood.
    pub sentiment: Sentiment,
    /// The service it is about.
    pub category: Option<Verdict<Category>>,
    /// Who should answer; an id of the departments in `categories.toml`. `None`: a person assigns it.
    pub department: Option<Verdict<String>>,
    /// Places named, canonical, deepest first; the place the source declares if the text names none.
    pub places: Vec<String>,
    /// Dictionary rows found.
    pub hits: Vec<Hit>,
    /// The lines of the score, largest first; they add up to `sensitivity`.
    pub factors: Vec<Factor>,
    /// One sentence for the duty officer, in Chinese, at most 60 characters.
    pub explanation: String,
    /// How the matter is put: asserted, denied, advertised…
    pub status: Status,
    /// For near-duplicates: 64 bits, compared by [`hamming`](crate::text::fingerprint::hamming) distance.
    pub fingerprint: u64,
    /// What judged.
    pub versions: Versions,
}

impl Assessment {
    /// The content of the post by itself, before reach, floors and ceilings: what `detect` takes into
    /// the score of an event. 0 to 70.
    pub fn content(&self) -> f32 {
        let lines = self.factors.iter().filter(|factor| factor.name.is_content());
        (lines.map(|factor| factor.points).sum::<f32>() * 10.0).round() / 10.0
    }
}

/// A choice and how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict<T> {
    /// What was chosen.
    pub id: T,
    /// 0 to 1.
    pub confidence: f32,
}

/// One dictionary row found in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The row's term.
    pub term: String,
    /// Its category, with sub: `health.fee`; `-` for helper rows.
    pub category: String,
    /// Its kind: `topic`, `severity`…
    pub kind: String,
    /// First character, in Unicode scalar values of title + line feed + text as received (text alone if no title).
    pub start: u32,
    /// One past the last character.
    pub end: u32,
    /// The row's weight.
    pub weight: f32,
    /// Whether it stands under a negation.
    pub negated: bool,
    /// The file it stands in.
    pub dictionary: String,
}

/// One line of the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Which line.
    pub name: FactorName,
    /// Its points, after the status factor; may be negative for a ceiling.
    pub points: f32,
    /// What gave them, in Chinese.
    pub why: String,
}

/// The lines of the score (algorithms §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorName {
    /// The category's weight.
    Category,
    /// Harm done.
    Harm,
    /// How many and how long.
    Scale,
    /// Someone who cannot help himself.
    Vulnerable,
    /// How pressing.
    Urgency,
    /// The mood.
    Sentiment,
    /// How many readers reacted.
    Reach,
    /// What the status (denial, advert, …) took away, or the cap on the content.
    Status,
    /// A floor that raised the score.
    Floor,
    /// A ceiling that lowered it.
    Ceiling,
    /// What a learned model added or took away.
    Model,
}

/// How the matter is put (algorithms §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Said to be so.
    Asserted,
    /// Somebody sells something.
    Advert,
    /// An exercise.
    Drill,
    /// A story, a film, a game.
    Fiction,
    /// Said not to be so.
    Negated,
    /// Over and mended.
    Resolved,
    /// Said of elsewhere.
    Elsewhere,
    /// Said of long ago.
    OldNews,
    /// Thought of as possible.
    Hypothetical,
    /// Heard from others.
    Hearsay,
    /// Asked.
    Question,
}

/// What judged; every assessment names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The rules of scoring, changed by us.
    pub engine: String,
    /// The dictionaries, first 12 hex digits of their hash.
    pub dictionary: String,
    /// The learned model, if one was used.
    pub model: Option<String>,
}

impl FactorName {
    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Category => "事项",
            Self::Harm => "危害",
            Self::Scale => "规模",
            Self::Vulnerable => "弱势群体",
            Self::Urgency => "紧迫",
            Self::Sentiment => "情绪",
            Self::Status => "语气状态",
            Self::Reach => "传播",
            Self::Floor => "保底",
            Self::Ceiling => "封顶",
            Self::Model => "模型",
        }
    }

    /// Whether the line belongs to the content of the post, not to its reach or bounds.
    pub fn is_content(self) -> bool {
        match self {
            Self::Category
            | Self::Harm
            | Self::Scale
            | Self::Vulnerable
            | Self::Urgency
            | Self::Sentiment
            | Self::Status => true,
            Self::Reach | Self::Floor | Self::Ceiling | Self::Model => false,
        }
    }
}

impl Status {
    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Asserted => "陈述",
            Self::Advert => "广告",
            Self::Drill => "演练",
            Self::Fiction => "影视或游戏",
            Self::Negated => "否认或辟谣",
            Self::Resolved => "已解决",
            Self::Elsewhere => "外地的事",
            Self::OldNews => "旧闻",
            Self::Hypothetical => "假设或担心",
            Self::Hearsay => "听说",
            Self::Question => "询问是否属实",
        }
    }
}
