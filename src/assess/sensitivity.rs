//! Decides the score of one post by itself: the lines of algorithms §4, and what they add up to.
//!
//! Hits that are put alike are weighed together. The content is taken from the reading that weighs most:
//! all that is asserted, or all that is asserted or heard, and so on down to what is denied or sold, each
//! times the factor of its status. So a drill mentioned beside a real fire takes nothing from the fire.
//!
//! Then reach, then floors and the ceiling, each a line of its own. Points are tenths; the lines add up to
//! the score exactly.

use std::collections::BTreeMap;

use super::impact::{Impact, Plight, RESCUE};
use super::quantity::{Counted, Quantity};
use super::reading::{Cue, Reading};
use super::sentiment::Sentiment;
use super::status::Standing;
use super::weights::Weights;
use super::{Asking, Factor, FactorName, Grade, Status};
use crate::extract::post::Counts;
use crate::lexicon::category::Category;
use crate::lexicon::kind::Kind;

/// What the lines of the score come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The text.
    pub(crate) reading: &'a Reading<'a>,
    /// How its parts are put.
    pub(crate) standing: &'a Standing,
    /// What is counted in it.
    pub(crate) quantities: &'a [Quantity],
    /// The writer's mood.
    pub(crate) sentiment: Sentiment,
    /// What the writer asks for.
    pub(crate) asking: Asking,
    /// What readers did with it.
    pub(crate) counts: Counts,
    /// Who speaks.
    pub(crate) speaker: Speaker,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// Somebody of the public.
    Public,
    /// An editor.
    Media,
    /// An office on its own account: it informs, it does not complain.
    Office,
}

/// A score with its lines.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    /// 0 to 100.
    pub(crate) sensitivity: f32,
    /// What it means.
    pub(crate) grade: Option<Grade>,
    /// How the weightiest reading is put.
    pub(crate) status: Status,
    /// Largest first.
    pub(crate) factors: Vec<Factor>,
    /// What the weightiest reading says happened, for the explanation.
    pub(crate) impact: Impact,
}

impl Score {
    /// Moves the score into the band of a grade, by a line of the model's: the surer it is (`share`, 0 to 1),
    /// the deeper, and to the middle at the most.
    pub(crate) fn lean(&mut self, grade: Grade, share: f32, why: String, weights: &Weights) {
        let starts = |grade: Grade| weights.threshold(grade);
        let next = Grade::ALL.into_iter().find(|one| *one > grade);
        let (from, to) = (starts(grade), next.map_or(100.0, starts));
        let depth = (to - from) * 0.5 * share.clamp(0.0, 1.0);
        let wanted = if Some(grade) > self.grade { tenths(from + depth) } else { tenths(to - depth) - 1 };
        self.settle(wanted.max(tenths(from)), why, weights);
    }

    /// Orders what needs no response by how near it is to needing one: `share` 0 lies at 0 points, 1 just below blue.
    pub(crate) fn rank(&mut self, share: f32, why: String, weights: &Weights) {
        let most = weights.threshold(Grade::Blue) - 0.1;
        self.settle(tenths(most * share.clamp(0.0, 1.0)), why, weights);
    }

    /// Moves the score, in tenths of a point, by a line of the model's.
    fn settle(&mut self, wanted: i32, why: String, weights: &Weights) {
        let moved = wanted - tenths(self.sensitivity);
        if moved != 0 {
            self.factors.push(Factor { name: FactorName::Model, points: moved as f32 / 10.0, why });
            self.factors
                .sort_by(|one, other| other.points.total_cmp(&one.points).then(one.name.cmp(&other.name)));
        }
        self.sensitivity = wanted as f32 / 10.0;
        self.grade = weights.grade(self.sensitivity);
    }
}

/// A line of the content: which, its points, what gave them.
type Line = (FactorName, f32, String);

/// The content lines of one reading, before its factor.
#[derive(Debug, Clone, Default)]
struct Content {
    lines: Vec<Line>,
}

impl Content {
    fn raw(&self) -> f32 {
        self.lines.iter().map(|(_, points, _)| points).sum()
    }
}

/// Scores a text.
pub(crate) fn score(
    evidence: &Evidence<'_>,
    weights: &Weights,
    categories: &BTreeMap<Category, String>,
) -> Score {
    let weighed = |status: Status| {
        let kept = Kept { evidence, least: status.factor() };
        let content = kept.content(weights, categories);
        let value = status.factor() * content.raw().min(weights.content_cap);
        (value, status, content)
    };
    // From the mildest factor down, so that of equal readings the more certain one stands.
    let mut readings: Vec<Status> = hit_statuses(evidence);
    readings.sort_by(|one, other| other.factor().total_cmp(&one.factor()).then(one.cmp(other)));
    readings.dedup();
    let best =
        readings.into_iter().map(weighed).reduce(|best, next| if next.0 > best.0 { next } else { best });
    let (_, status, content) = best.unwrap_or((0.0, Status::Asserted, Content::default()));
    let kept = Kept { evidence, least: status.factor() };
    let impact = Impact::of(&kept);
    let mut sheet = Sheet::default();
    for (name, points, why) in &content.lines {
        sheet.add(*name, tenths(*points), why.clone());
    }
    let raw = sheet.total();
    let capped = raw.min(tenths(weights.content_cap));
    let value = tenths(status.factor() * capped as f32 / 10.0);
    if value != raw {
        let why = if status == Status::Asserted {
            "内容分封顶".to_owned()
        } else {
            format!("{}，折算为{}%", status.chinese(), (status.factor() * 100.0).round())
        };
        sheet.add(FactorName::Status, value - raw, why);
    }
    sheet.add_reach(evidence, weights, value);
    sheet.bound(evidence, weights, status, &impact, value);
    let sensitivity = sheet.total() as f32 / 10.0;
    Score { sensitivity, grade: weights.grade(sensitivity), status, factors: sheet.finish(), impact }
}

/// How the hits that make a category are put; no hit, no reading.
fn hit_statuses(evidence: &Evidence<'_>) -> Vec<Status> {
    let cues = evidence.reading.cues.iter().enumerate();
    let mut statuses: Vec<Status> = cues
        .filter(|(_, cue)| {
            matches!(cue.kind, Kind::Topic | Kind::Severity)
                || cue.kind == Kind::Urgency && cue.weight >= RESCUE
        })
        .map(|(index, _)| evidence.standing.of_cue(evidence.reading, index))
        .collect();
    statuses.extend(
        evidence
            .quantities
            .iter()
            .filter(|q| matches!(q.what, Counted::Dead | Counted::Hurt))
            .map(|q| evidence.standing.at(evidence.reading, q.start)),
    );
    statuses
}

/// The part of the evidence put at least as surely as a factor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    /// All of it.
    pub(crate) evidence: &'a Evidence<'a>,
    /// The least factor that counts.
    pub(crate) least: f32,
}

impl<'a> Kept<'a> {
    /// The cues that count, of one kind.
    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &'a Cue<'a>> {
        let Evidence { reading, standing, .. } = *self.evidence;
        let least = self.least;
        reading
            .cues
            .iter()
            .enumerate()
            .filter(move |(index, cue)| {
                cue.kind == kind && standing.of_cue(reading, *index).factor() >= least
            })
            .map(|(_, cue)| cue)
    }

    /// The quantities that count.
    pub(crate) fn counted(&self, what: Counted) -> impl Iterator<Item = &'a Quantity> {
        let Evidence { reading, standing, quantities, .. } = *self.evidence;
        let least = self.least;
        quantities.iter().filter(move |q| q.what == what && standing.at(reading, q.start).factor() >= least)
    }

    /// The greatest of the quantities that count.
    pub(crate) fn most(&self, what: Counted) -> f64 {
        self.counted(what).map(|q| q.value).fold(0.0, f64::max)
    }

    /// The categories hit and their points, the weightiest first.
    pub(crate) fn categories(&self) -> Vec<(Category, f32)> {
        let mut points: BTreeMap<Category, f32> = BTreeMap::new();
        for cue in self.of(Kind::Topic).chain(self.of(Kind::Severity)) {
            if let Some(category) = cue.category {
                let best = points.entry(category).or_default();
                *best = best.max(cue.points);
            }
        }
        // People are hurt and no list says whose matter it is: then it is one of public safety.
        // A grave word alone is mostly a joke (社死, 当场去世), so it must come with people or a call for help.
        if points.is_empty() && self.is_unclaimed_harm() {
            points.insert(Category::Safety, UNCLAIMED_HARM);
        }
        let mut points: Vec<_> = points.into_iter().collect();
        points.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        points
    }

    fn is_unclaimed_harm(&self) -> bool {
        let grave = self.of(Kind::Severity).any(|cue| cue.weight >= 2.0);
        let rescue = Plight::of(self).rescue.is_some();
        let people = self.most(Counted::People) >= 2.0 || self.of(Kind::Vulnerable).next().is_some();
        self.most(Counted::Hurt) >= 2.0 || self.most(Counted::Dead) >= 2.0 || rescue && (grave || people)
    }

    fn content(&self, weights: &Weights, names: &BTreeMap<Category, String>) -> Content {
        let categories = self.categories();
        let mut content = Content::default();
        let Some((first, points)) = categories.first().copied() else { return content };
        let more = if categories.len() > 1 { weights.several_categories } else { 0.0 };
        let titles: Vec<&str> =
            categories.iter().take(2).filter_map(|(c, _)| names.get(c).map(String::as_str)).collect();
        debug_assert!(points >= 0.0, "{first}");
        content.lines.push((FactorName::Category, points + more, format!("{}类", titles.join("、"))));
        let lines = [self.harm(weights), self.scale(weights), self.urgency(weights), self.mood(weights)];
        content
            .lines
            .extend(lines.into_iter().chain(self.vulnerable(weights)).filter(|(_, points, _)| *points > 0.0));
        content
    }

    fn harm(&self, weights: &Weights) -> Line {
        let gravest = self.of(Kind::Severity).max_by(|one, other| one.weight.total_cmp(&other.weight));
        let level = gravest.map_or(0.0, |cue| level_points(weights, cue.weight));
        let (dead, hurt) = (self.most(Counted::Dead), self.most(Counted::Hurt));
        let casualties = if dead > 0.0 {
            weights.death
        } else if hurt > 0.0 {
            (6.0 + 3.0 * hurt.log2()).min(16.0) as f32
        } else {
            0.0
        };
        let mut why = Vec::new();
        if dead > 0.0 {
            why.push(if dead > 1.0 { format!("{dead:.0}人死亡") } else { "有人死亡".to_owned() });
        }
        if hurt > 0.0 {
            why.push(if hurt > 1.0 { format!("{hurt:.0}人受害") } else { "有人受害".to_owned() });
        }
        why.extend(gravest.map(|cue| plain(cue.term)));
        (FactorName::Harm, (level + casualties).min(weights.harm_cap), why.join("、"))
    }

    fn scale(&self, weights: &Weights) -> Line {
        let mut points = 0.0;
        let mut why = Vec::new();
        let (people, households) =
            (self.most(Counted::People).max(self.most(Counted::Hurt)), self.most(Counted::Households));
        let many = people.max(households);
        if many >= 10.0 {
            points += (4.0 * many.log10()).min(8.0) as f32;
            why.push(if people >= households {
                format!("涉及{many:.0}人")
            } else {
                format!("涉及{many:.0}户")
            });
        }
        let hours = self.most(Counted::Hours);
        let lasting =
            [24.0, 72.0, 720.0].into_iter().zip(weights.lasting).rev().find(|(least, _)| hours >= *least);
        if let Some((_, lasting)) = lasting {
            points += lasting;
            why.push(format!("已持续{}", duration(hours)));
        }
        if let Some(cue) = self.of(Kind::Scale).next() {
            points += weights.area;
            why.push(plain(cue.term));
        }
        (FactorName::Scale, points.min(weights.scale_cap), why.join("、"))
    }

    fn vulnerable(&self, weights: &Weights) -> Option<Line> {
        let cue = self.of(Kind::Vulnerable).next()?;
        Some((FactorName::Vulnerable, weights.vulnerable, format!("涉及{}", plain(cue.term))))
    }

    fn urgency(&self, weights: &Weights) -> Line {
        let plight = Plight::of(self);
        let mut points = 0.0;
        let mut why = Vec::new();
        if let Some(word) = plight.rescue {
            points += weights.rescue;
            why.push(plain(word));
        }
        if plight.ongoing {
            points += weights.ongoing;
            why.push("正在发生".to_owned());
        }
        if plight.request {
            points += weights.request;
            why.push("请求处理".to_owned());
        } else if plight.question {
            points += weights.question;
            why.push("询问".to_owned());
        }
        (FactorName::Urgency, points.min(weights.urgency_cap), why.join("、"))
    }

    fn mood(&self, weights: &Weights) -> Line {
        let points = (weights.sentiment * (-self.evidence.sentiment.score).max(0.0)).round();
        (FactorName::Sentiment, points, "情绪负面".to_owned())
    }
}

/// Points of harm that no category claims: those of public safety.
const UNCLAIMED_HARM: f32 = 24.0;

fn level_points(weights: &Weights, level: f32) -> f32 {
    match level {
        l if l >= 3.0 => weights.severity[2],
        l if l >= 2.0 => weights.severity[1],
        l if l >= 1.0 => weights.severity[0],
        _ => 0.0,
    }
}

/// A term as people read it: `电梯+困` is 「电梯困」.
fn plain(term: &str) -> String {
    term.replace('+', "")
}

/// A duration in words.
pub(crate) fn duration(hours: f64) -> String {
    match hours {
        h if h >= 8_760.0 => format!("{:.0}年", (h / 8_760.0).floor()),
        h if h >= 720.0 => format!("{:.0}个月", (h / 720.0).floor()),
        h if h >= 24.0 => format!("{:.0}天", (h / 24.0).floor()),
        h => format!("{h:.0}小时"),
    }
}

fn tenths(points: f32) -> i32 {
    (points * 10.0).round() as i32
}

/// The lines being written, in tenths of a point.
#[derive(Debug, Default)]
struct Sheet {
    lines: Vec<(FactorName, i32, String)>,
}

impl Sheet {
    fn add(&mut self, name: FactorName, points: i32, why: String) {
        if points != 0 {
            self.lines.push((name, points, why));
        }
    }

    fn total(&self) -> i32 {
        self.lines.iter().map(|(_, points, _)| points).sum()
    }

    /// What spreads but matters little cannot rise: reach is capped by the content.
    fn add_reach(&mut self, evidence: &Evidence<'_>, weights: &Weights, content: i32) {
        let Counts { likes, reposts, comments, .. } = evidence.counts;
        let reactions = 1.0 + likes as f32 + 3.0 * comments as f32 + 5.0 * reposts as f32;
        let reach = (2.5 * reactions.log10()).min(weights.reach_cap);
        self.add(FactorName::Reach, tenths(reach).min(content), format!("{likes}赞{comments}评{reposts}转"));
    }

    fn bound(
        &mut self,
        evidence: &Evidence<'_>,
        weights: &Weights,
        status: Status,
        impact: &Impact,
        content: i32,
    ) {
        let floor = if status.factor() >= 0.8 && content > 0 { impact.floor() } else { None };
        if let Some((grade, why)) = &floor {
            let short = tenths(weights.threshold(*grade)) - self.total();
            self.add(FactorName::Floor, short.max(0), (*why).to_owned());
        }
        let below = |grade: Grade| tenths(weights.threshold(grade)) - 1;
        if evidence.speaker == Speaker::Office {
            let over = self.total() - below(Grade::Blue);
            self.add(FactorName::Ceiling, -over.max(0), "官方发布，是告知不是诉求".to_owned());
        } else if status.factor() < 1.0
            && evidence.speaker == Speaker::Public
            && floor.is_none_or(|(g, _)| g < Grade::Orange)
        {
            let over = self.total() - below(Grade::Orange);
            self.add(FactorName::Ceiling, -over.max(0), "单一来源且未确认".to_owned());
        }
        self.add(FactorName::Ceiling, -(self.total() - 1000).max(0), "满分100".to_owned());
    }

    fn finish(mut self) -> Vec<Factor> {
        self.lines.sort_by_key(|(name, points, _)| (-points, *name));
        self.lines
            .into_iter()
            .map(|(name, points, why)| Factor { name, points: points as f32 / 10.0, why })
            .collect()
    }
}
