//! Posts, assessments and signals for the tests of this module and of those that build on it.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use crate::assess::{AssessedPost, Assessment, Grade, Hit, Mood, Sentiment, Status, Toll, Verdict, Versions};
use crate::extract::post::{AuthorName, Counts, Dated, Post, PostId, PostKind, VoiceKey};
use crate::lexicon::category::Category;
use crate::source::SourceId;
use crate::text::fingerprint::Fingerprint;
use crate::text::normalize::normalize;
use crate::text::segment::Segmenter;

use super::{Evidence, Measure, Signal, SignalId, Subject};

/// What cuts the texts: it takes a while to build.
pub(crate) static SEGMENTER: LazyLock<Arc<Segmenter>> =
    LazyLock::new(|| Arc::new(Segmenter::new(["停水", "望江花园"])));

/// The instant that `text` names: RFC 3339.
pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A forum post about a water outage, to be changed by each test.
pub(crate) struct Draft {
    pub(crate) id: u32,
    pub(crate) author: Option<&'static str>,
    pub(crate) text: &'static str,
    pub(crate) category: Category,
    pub(crate) place: Option<&'static str>,
    pub(crate) grade: Option<Grade>,
    pub(crate) published: Timestamp,
    pub(crate) captured: Timestamp,
    pub(crate) source: &'static str,
    /// The wording it shares with others; `None`: its own.
    pub(crate) copy: Option<&'static str>,
}

impl Draft {
    /// Post number `id`, written and captured at `published`, by a writer of its own.
    pub(crate) fn new(id: u32, published: Timestamp) -> Self {
        Self {
            id,
            author: None,
            text: "望江花园停水两天了，老人没法做饭",
            category: Category::Utilities,
            place: Some("望江花园"),
            grade: Some(Grade::Blue),
            published,
            captured: published,
            source: "town-forum",
            copy: None,
        }
    }

    pub(crate) fn assessed(&self) -> AssessedPost {
        let source = SourceId::new(self.source).unwrap();
        let key = VoiceKey::new([1; 32]);
        let wording = self.copy.map_or_else(|| format!("{}，{}号楼", self.text, self.id), str::to_owned);
        let fingerprint = Fingerprint::of(&wording);
        let sensitivity = match self.grade {
            None => 4.0,
            Some(Grade::Blue) => 20.0,
            Some(Grade::Yellow) => 40.0,
            Some(Grade::Orange) => 60.0,
            Some(Grade::Red) => 80.0,
        };
        let post = Post {
            id: PostId::by_external_id(&source, &self.id.to_string()),
            voice: self.author.map(|name| AuthorName::new(name).unwrap().voice(&source, &key)),
            external_id: Some(self.id.to_string()),
            kind: PostKind::Post,
            parent: None,
            thread: None,
            url: Some(format!("https://forum.example/t/{}", self.id).parse().unwrap()),
            title: String::new(),
            text: self.text.to_owned(),
            official: false,
            published_at: self.published,
            dated: Dated::Claimed,
            captured_at: self.captured,
            place: None,
            counts: Counts::default(),
            source,
        };
        let hit = Hit {
            term: "停水".to_owned(),
            category: self.category.id().to_owned(),
            kind: "topic".to_owned(),
            start: 4,
            end: 6,
            weight: 14.0,
            negated: false,
            dictionary: "16-utilities".to_owned(),
        };
        let assessment = Assessment {
            sensitivity,
            grade: self.grade,
            sentiment: Sentiment { label: Mood::Negative, score: -0.5 },
            category: Some(Verdict { id: self.category, confidence: 0.9 }),
            department: Some(Verdict { id: "water".to_owned(), confidence: 0.9 }),
            places: self.place.into_iter().map(str::to_owned).collect(),
            hits: vec![hit],
            factors: Vec::new(),
            explanation: format!("停水14分，持续两天2分，老人4分，合计{sensitivity}分"),
            status: Status::Asserted,
            fingerprint: fingerprint.bits(),
            versions: Versions { engine: "1".to_owned(), dictionary: "d1c710a9e001".to_owned(), model: None },
        };
        let normalized = normalize(self.text);
        let tokens = SEGMENTER.segment(normalized.text());
        AssessedPost {
            toll: Toll::default(),
            post: Arc::new(post),
            assessment: Arc::new(assessment),
            normalized: Arc::new(normalized),
            tokens: Arc::new(tokens),
            fingerprint,
            spots: self.place.into_iter().map(str::to_owned).collect(),
            segmenter: Arc::clone(&SEGMENTER),
        }
    }
}

/// A signal on one post of this grade about a water outage, as the watch `watch` would raise it.
pub(crate) fn signal(watch: &str, id: u32, grade: Grade, now: Timestamp) -> Signal {
    let draft = Draft { grade: Some(grade), ..Draft::new(id, now) };
    let evidence: Evidence = super::evidence::of(&draft.assessed(), u64::from(id), "江城论坛");
    let subject = Subject {
        category: Category::Utilities,
        place: Some("望江花园".to_owned()),
        department: Some("water".to_owned()),
    };
    Signal {
        id: SignalId::of(watch, &subject, &id.to_string()),
        watch: watch.to_owned(),
        measure: Measure::Post { sensitivity: evidence.sensitivity, grade },
        subject,
        at: now,
        evidence: vec![evidence],
        dictionary: "d1c710a9e001".to_owned(),
    }
}
