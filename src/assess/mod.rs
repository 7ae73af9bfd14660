//! Post to assessed post; pure.
//!
//! Decides how urgently one post, taken by itself, needs a response: which service it is about, how
//! grave, whose and where, and why. What many posts together mean is `detect`'s affair.
//!
//! [`Assessor::assess`] normalises, cuts into words once, scans for all dictionaries in one pass, reads
//! how each part is put ([`status`]), what is counted ([`quantity`]), the mood ([`sentiment`]), weighs it
//! ([`sensitivity`], [`impact`]) and says why ([`explain`]). The same post under the same lexicon always
//! gives the same assessment: dated dictionary rows go by the day the post was published.
//!
//! Where a learned model is given, its word is weighed against the rules' ([`together`]).
//!
//! A post that an office publishes on its own account is information, not a complaint. It is scored like
//! any other, so that its lines can be read, and then capped below blue by a line that says so.

pub mod answer;
mod assessment;
mod counterfactual;
pub mod evaluation;
mod explain;
mod features;
#[cfg(test)]
pub(crate) mod fixture;
mod grade;
mod grammar;
mod hints;
mod impact;
mod numeral;
mod quantity;
mod question;
mod reading;
mod report;
mod sensitivity;
mod sentiment;
mod status;
mod subject;
mod together;
mod weights;
pub mod workbench;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};

use self::features::Seen;
use self::quantity::Quantity;
pub use self::quantity::Toll;
use self::reading::{Cue, Reading};
use self::sensitivity::{Evidence, Speaker};
use self::sentiment::Grieved;
use self::status::Standing;
use self::subject::Whereabouts;
use self::together::Concluded;
use crate::extract::post::{Post, PostKind};
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::scan::Scan;
use crate::model::{Bag, Model};
use crate::text::fingerprint::Fingerprint;
use crate::text::normalize::{Normalized, normalize};
use crate::text::segment::{Segmenter, Tokens};

pub use assessment::{AssessedPost, Assessment, Factor, FactorName, Hit, Status, Verdict, Versions};
pub use counterfactual::{Absent, Counterfactual, Without};
pub use grade::Grade;
pub use question::Asking;
pub use report::Report;
pub use sentiment::{Mood, Sentiment};
pub use weights::Weights;

/// Version of the rules of scoring; raised when the same text would be scored otherwise.
pub const ENGINE: &str = "1";

/// Judges posts by one version of the dictionaries. Cheap to share, never changes.
#[derive(Debug)]
pub struct Assessor {
    lexicon: Arc<Lexicon>,
    segmenter: Arc<Segmenter>,
    config: AssessConfig,
    model: Option<Arc<Model>>,
    names: BTreeMap<Category, String>,
}

/// How posts are judged: the `[assess]` table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AssessConfig {
    /// The place this desk answers for, by a name of `places.tsv`. A post that names only places outside
    /// it speaks of elsewhere. Default: none; every place is ours unless the gazetteer says otherwise.
    pub home: Option<String>,
    /// A file of `minsheng model train`, in the directory of the dictionaries; its word is weighed against
    /// the rules'. Empty: rules alone. Default: `minsheng.model`, if it is there.
    pub model: Option<String>,
    /// Points of the score.
    pub weights: Weights,
}

impl Assessor {
    /// Makes an assessor. Builds the segmenter, which takes some hundred milliseconds: do it once for
    /// each version of the dictionaries, off the threads that serve.
    pub fn new(lexicon: Arc<Lexicon>, config: AssessConfig) -> Self {
        let words = lexicon.user_words();
        let segmenter = Arc::new(Segmenter::new(words.iter().map(String::as_str)));
        let names =
            Category::ALL.into_iter().map(|c| (c, lexicon.categories().get(c).name.clone())).collect();
        Self { lexicon, segmenter, config, model: None, names }
    }

    /// Weighs the word of a learned model against the rules from here on.
    #[must_use]
    pub fn with_model(self, model: Option<Arc<Model>>) -> Self {
        Self { model, ..self }
    }

    /// The model whose word is weighed, if there is one.
    pub fn model(&self) -> Option<&Arc<Model>> {
        self.model.as_ref()
    }

    /// The dictionaries it judges by.
    pub fn lexicon(&self) -> &Arc<Lexicon> {
        &self.lexicon
    }

    /// What cuts texts into words.
    pub fn segmenter(&self) -> &Segmenter {
        &self.segmenter
    }

    /// Names dictionaries and model together: `c946c99617b5`, or with a model `c946c99617b5+0a1b2c3d4e5f`.
    pub fn version(&self) -> String {
        match &self.model {
            Some(model) => format!("{}+{}", self.lexicon.version(), model.version()),
            None => self.lexicon.version().to_owned(),
        }
    }

    /// Normalises a text and cuts it into words, as posts are cut: for queries and for marking hits.
    pub fn cut(&self, text: &str) -> (Normalized, Tokens) {
        let normalized = normalize(text);
        let tokens = self.segmenter.segment(normalized.text());
        (normalized, tokens)
    }

    /// Normalises a post and cuts it into words, as it is when it is judged.
    pub fn cut_post(&self, post: &Post) -> (Normalized, Tokens) {
        self.cut(&received(post))
    }

    /// The day by which dated rows are judged: the post's own, in China's time, whoever asks and whenever.
    pub fn day_of(post: &Post) -> Date {
        post.published_at.to_zoned(TimeZone::fixed(Offset::constant(8))).date()
    }

    /// Judges one post.
    pub fn assess(&self, post: Arc<Post>) -> AssessedPost {
        let (normalized, tokens) = self.cut_post(&post);
        let fingerprint = Fingerprint::of(normalized.text());
        let scan = self.scan(&post, &normalized, &tokens);
        let material = Material { post: &post, normalized: &normalized, tokens: &tokens, scan: &scan };
        let (assessment, toll) = self.judge(material, &fingerprint);
        let spots = assessment.places.iter().filter(|place| self.is_spot(place)).cloned().collect();
        AssessedPost {
            post,
            spots,
            assessment: Arc::new(assessment),
            normalized: Arc::new(normalized),
            tokens: Arc::new(tokens),
            fingerprint,
            toll,
            segmenter: Arc::clone(&self.segmenter),
        }
    }

    /// What a post asks for: information, that something be done, or nothing in earnest.
    pub fn asking(&self, assessed: &AssessedPost) -> Asking {
        let scan = self.scan(&assessed.post, &assessed.normalized, &assessed.tokens);
        self.read(Material::of(assessed, &scan), None, |seen, _| seen.evidence.asking)
    }

    /// What a remark by itself asks for. Dated rows of the dictionaries play no part in it.
    pub fn asking_of(&self, text: &str) -> Asking {
        let (normalized, tokens) = self.cut(text);
        let scan = self.lexicon.scan(normalized.text(), &tokens, Date::ZERO);
        let cues = scan.matches.iter().map(|found| self.cue(found)).collect();
        let reading = Reading::new(normalized.text(), &tokens, cues);
        let standing = Standing::read(&reading, Whereabouts::Unknown);
        Asking::read(&reading, &standing)
    }

    /// Whether all places of this name are narrow ones.
    fn is_spot(&self, place: &str) -> bool {
        let places = self.lexicon.places();
        let meanings = places.named(place);
        !meanings.is_empty() && meanings.iter().all(|&id| !places.place(id).kind.is_wide())
    }

    fn scan(&self, post: &Post, normalized: &Normalized, tokens: &Tokens) -> Scan {
        self.lexicon.scan(normalized.text(), tokens, Self::day_of(post))
    }

    fn judge(&self, material: Material<'_>, fingerprint: &Fingerprint) -> (Assessment, Toll) {
        self.read(material, None, |seen, located| {
            let Concluded { score, verdicts, sentiment } = self.conclude(seen, self.model.as_deref());
            let places = if located.is_empty() { seen.post.place.iter().cloned().collect() } else { located };
            let toll = Toll::of(seen.quantities, &seen.reading.chars);
            let assessment = Assessment {
                sensitivity: score.sensitivity,
                grade: score.grade,
                sentiment,
                explanation: explain::sentence(&score, verdicts.category.as_ref(), &self.names),
                category: verdicts.category,
                department: verdicts.department,
                places,
                hits: self.hits(seen.reading, seen.standing, material.normalized),
                factors: score.factors,
                status: score.status,
                fingerprint: fingerprint.bits(),
                versions: Versions {
                    engine: ENGINE.to_owned(),
                    dictionary: self.lexicon.version().to_owned(),
                    model: self.model.as_ref().map(|model| model.version().to_owned()),
                },
            };
            (assessment, toll)
        })
    }

    /// What the rules say, and the word of a model weighed against it if one is asked.
    fn conclude(&self, seen: &Seen<'_>, model: Option<&Model>) -> Concluded {
        match model {
            Some(model) => together::decide(seen, model, &self.config.weights),
            None => Concluded {
                score: seen.score.clone(),
                verdicts: seen.verdicts.clone(),
                sentiment: seen.sentiment,
            },
        }
    }

    /// What a post is to a learned model: for teaching one.
    pub fn bag(&self, post: &Post) -> Bag {
        let (normalized, tokens) = self.cut_post(post);
        let scan = self.scan(post, &normalized, &tokens);
        let material = Material { post, normalized: &normalized, tokens: &tokens, scan: &scan };
        self.read(material, None, |seen, _| features::bag(seen))
    }

    /// Reads a post by the rules; gives what they saw, and the places named, to `conclude`. A quantity that
    /// is `uncounted` is left out of account, wherever the text tells it.
    fn read<T>(
        &self,
        material: Material<'_>,
        uncounted: Option<&Quantity>,
        conclude: impl FnOnce(&Seen<'_>, Vec<String>) -> T,
    ) -> T {
        let Material { post, normalized, tokens, scan } = material;
        let cues = scan.matches.iter().map(|found| self.cue(found)).collect();
        let reading = Reading::new(normalized.text(), tokens, cues);
        let located = subject::locate(self.lexicon.places(), &scan.places, self.config.home.as_deref());
        let standing = Standing::read(&reading, located.whereabouts);
        let mut quantities = quantity::quantities(&reading);
        quantities.retain(|quantity| uncounted.is_none_or(|other| !other.says_the_same(quantity)));
        let sentiment = Sentiment::read(&reading, grieved(&reading, &standing));
        let evidence = Evidence {
            reading: &reading,
            standing: &standing,
            quantities: &quantities,
            sentiment,
            asking: Asking::read(&reading, &standing),
            counts: post.counts,
            speaker: speaker(post),
        };
        let score = sensitivity::score(&evidence, &self.config.weights, &self.names);
        let verdicts = subject::decide(&evidence, score.status, self.lexicon.categories());
        let seen = Seen {
            post,
            evidence: &evidence,
            reading: &reading,
            standing: &standing,
            quantities: &quantities,
            sentiment,
            score: &score,
            verdicts: &verdicts,
            placed: located.whereabouts == Whereabouts::Home,
        };
        conclude(&seen, located.names)
    }

    fn cue(&self, found: &crate::lexicon::scan::Match) -> Cue<'_> {
        let row = self.lexicon.row(found.row);
        let points = match (found.kind, found.category) {
            (Kind::Topic, _) => found.weight,
            (_, Some(category)) => self.lexicon.categories().weight(category, row.sub.as_deref()),
            (_, None) => 0.0,
        };
        Cue {
            kind: found.kind,
            category: found.category,
            sub: row.sub.as_deref(),
            weight: found.weight as f32,
            points: points as f32,
            names_matter: found.category.is_some_and(|category| {
                points >= MATTER_SHARE * self.lexicon.categories().weight(category, None)
            }),
            row: found.row,
            term: &row.term,
            start: found.start,
            end: found.end,
        }
    }

    fn hits(&self, reading: &Reading<'_>, standing: &Standing, normalized: &Normalized) -> Vec<Hit> {
        let hit = |(index, cue): (usize, &Cue<'_>)| {
            let row = self.lexicon.row(cue.row);
            let received = normalized.received(cue.start, cue.end);
            Hit {
                term: row.term.clone(),
                category: row.subject(),
                kind: row.kind.id().to_owned(),
                start: received.start,
                end: received.end,
                weight: cue.weight,
                negated: standing.is_negated(index),
                dictionary: row.dictionary.clone(),
            }
        };
        reading.cues.iter().enumerate().map(hit).collect()
    }
}

/// What one judgement goes by: a post cut into words, and what the dictionaries found in it.
#[derive(Debug, Clone, Copy)]
struct Material<'a> {
    post: &'a Post,
    normalized: &'a Normalized,
    tokens: &'a Tokens,
    scan: &'a Scan,
}

impl<'a> Material<'a> {
    fn of(assessed: &'a AssessedPost, scan: &'a Scan) -> Self {
        let AssessedPost { post, normalized, tokens, .. } = assessed;
        Self { post, normalized, tokens, scan }
    }
}

/// The text that is judged, and that hits count characters of: title, line feed and text.
fn received(post: &Post) -> String {
    if post.title.is_empty() { post.text.clone() } else { format!("{}\n{}", post.title, post.text) }
}

/// A topic row that weighs less than this share of its category only names a thing of the field.
const MATTER_SHARE: f64 = 0.75;

fn speaker(post: &Post) -> Speaker {
    match (post.official, post.kind) {
        (true, _) => Speaker::Office,
        (false, PostKind::Article) => Speaker::Media,
        (false, PostKind::Post | PostKind::Comment) => Speaker::Public,
    }
}

/// Whether the text asserts a matter for the desk, which is a complaint however calmly it is told.
fn grieved(reading: &Reading<'_>, standing: &Standing) -> Grieved {
    let asserted = reading.cues.iter().enumerate().any(|(index, cue)| {
        (cue.kind == Kind::Severity || cue.kind == Kind::Topic && cue.names_matter)
            && standing.of_cue(reading, index).factor() >= 0.8
    });
    if asserted { Grieved::Yes } else { Grieved::No }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fixture::{assess, assess_official, assessor, post};
    use super::*;

    fn points(assessment: &Assessment, name: FactorName) -> f32 {
        assessment.factors.iter().filter(|f| f.name == name).map(|f| f.points).sum()
    }

    #[test]
    fn worked_examples_have_the_points_of_the_design() {
        use FactorName::{Category, Harm, Scale, Urgency, Vulnerable};
        // Algorithms §4, examples 1 to 6: the lines of the content that the text alone gives.
        let mut wrong = Vec::new();
        for (text, lines) in [
            (
                "望江花园停水两天了，家里老人没法做饭，物业电话没人接，请自来水公司给个恢复时间！",
                &[(Scale, 2.0), (Vulnerable, 4.0), (Urgency, 3.0)][..],
            ),
            (
                "清荷小学食堂吃完午饭，班里7个孩子呕吐送医院，学校说没问题，市场监管局能不能来查？",
                &[(Category, 23.0), (Harm, 26.4), (Vulnerable, 4.0), (Urgency, 3.0)],
            ),
            (
                "建筑公司拖欠我们32名工人工资四个月，孩子学费都交不上。",
                &[(Category, 16.0), (Scale, 12.0), (Vulnerable, 4.0)],
            ),
            (
                "东岭路现在一股刺鼻化学味，我和邻居两人头晕恶心，环保局快来测一下",
                &[(Category, 16.0), (Harm, 15.0), (Urgency, 6.0)],
            ),
            (
                "突发！泰和路地铁口路面塌陷，一辆公交车陷进去，有人被困，消防正在救援",
                &[(Category, 27.0), (Harm, 20.0), (Urgency, 10.0)],
            ),
        ] {
            let found = assess(text);
            for (name, expected) in lines {
                let got = points(&found, *name);
                if (got - expected).abs() > 0.05 {
                    wrong.push(format!("{text}: {name:?} {got} for {expected}: {:?}", found.factors));
                }
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }

    #[test]
    fn worked_examples_that_must_stay_silent_do() {
        for (text, status) in [
            ("辟谣：清荷小学没有发生食物中毒，几个孩子是流感发烧。", Status::Negated),
            ("净水器厂家直销！再也不怕停水异味，老人孩子放心喝，关注抽奖", Status::Advert),
            ("信息爆炸的时代，一条爆炸新闻让人看不过来", Status::Asserted),
            ("望江花园刚刚来水了，谢谢抢修师傅", Status::Resolved),
        ] {
            let found = assess(text);
            assert_eq!((found.grade, found.status), (None, status), "{text}: {:?}", found.factors);
        }
    }

    #[test]
    fn one_post_of_lives_in_danger_now_is_red() {
        for text in [
            "快来人！锦华里4栋着火了，三楼有两个老人被困，楼道全是烟",
            "城西粉厂刚刚爆炸，看到好几个人受伤倒在路边，火还在烧",
            "天桥塌了！压住一辆校车，里面还有孩子出不来",
        ] {
            let found = assess(text);
            assert_eq!(found.grade, Some(Grade::Red), "{text}: {:?}", found.factors);
            assert!(found.factors.iter().any(|f| f.name == FactorName::Floor), "{text}: {:?}", found.factors);
        }
    }

    #[test]
    fn an_office_informs_and_does_not_complain() {
        let text = "因主管道抢修，明日八点至十八点停水，影响约三千户居民，请提前储水。";
        let found = assess_official(text);
        assert_eq!(found.grade, None, "{:?}", found.factors);
        let alarm = assess_official("城西粉厂爆炸，已有5人受伤送医，救援正在进行。");
        assert_eq!(alarm.grade, None);
        assert!(points(&alarm, FactorName::Ceiling) < 0.0, "{:?}", alarm.factors);
        assert!(alarm.content() > 40.0);
    }

    #[test]
    fn hits_point_into_the_text_as_received() {
        let post = post("求助", "「錦華裡」停\u{200b}水 三天了");
        let received: Vec<char> = format!("{}\n{}", post.title, post.text).chars().collect();
        let found = assessor().assess(Arc::new(post)).assessment;
        let hit = found.hits.iter().find(|hit| hit.term.starts_with("停水")).expect("停水 is a term");
        let text: String = received[hit.start as usize..hit.end as usize].iter().collect();
        assert!(text.starts_with("停\u{200b}水"), "{text}");
        assert_eq!(hit.dictionary.split('-').next(), Some("16"));
    }

    /// Texts of words that decide, in any order.
    pub(super) fn civic_text() -> impl Strategy<Value = String> {
        let words = vec![
            "停水",
            "爆炸",
            "着火",
            "有人被困",
            "没有",
            "听说",
            "三个孩子",
            "呕吐",
            "送医院",
            "辟谣",
            "，",
            "。",
            "！",
            "？",
            "演练",
            "锦华里",
            "两天",
            "救命",
            "二百户",
            "死亡",
            "厂家直销",
            "加微信",
            "去年",
            "如果",
            "谢谢",
            "已恢复",
            "物业",
            "不",
            "很好",
            "太差",
            "现在",
            "请",
            "😭",
            "\n",
        ];
        prop::collection::vec(prop::sample::select(words), 0..14).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn lines_add_up_and_the_sentence_is_short(text in prop_oneof![civic_text(), "\\PC{0,60}"]) {
            let found = assess(&text);
            let tenths: i64 = found.factors.iter().map(|f| (f.points * 10.0).round() as i64).sum();
            prop_assert_eq!(tenths, (found.sensitivity * 10.0).round() as i64, "{:?}", found.factors);
            prop_assert!((0.0..=100.0).contains(&found.sensitivity));
            prop_assert!((0.0..=70.0).contains(&found.content()));
            prop_assert_eq!(found.grade, Weights::default().grade(found.sensitivity));
            prop_assert!(found.explanation.chars().count() <= 60, "{}", found.explanation);
            prop_assert!(found.factors.iter().all(|f| !f.why.is_empty() && f.points != 0.0), "{:?}", found.factors);
            prop_assert_eq!(&assess(&text), &found);
        }
    }
}
