//! Decides where rules and a learned model say different things.
//!
//! The model has seen what the rules saw, beside all that no word list foresees, so its word counts; the
//! rules explain and bound it. Its part in the score is one line that names the pieces of text it went by.
//!
//! - A floor is undercut by one grade at most, one for danger only where the model is sure. Letting it give
//!   way altogether silenced plain reports: in the labelled posts words of alarm stand mostly in traps, and
//!   three days without water and nobody who cares were nothing at all.
//! - What the rules know to be sold, played, rehearsed or denied is lifted by one grade at most, and only
//!   where the model is sure.
//! - Without a service of the twelve there is no grade. What an office publishes has none anyway.

use super::features::{Seen, bag, named};
use super::sensitivity::{Score, Speaker};
use super::sentiment::Mood;
use super::subject::Verdicts;
use super::weights::Weights;
use super::{Grade, Sentiment, Verdict};
use crate::lexicon::category::Category;
use crate::model::{Likelihoods, Model, Opinion};

/// What rules and model say together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Concluded {
    pub(crate) score: Score,
    pub(crate) verdicts: Verdicts,
    pub(crate) sentiment: Sentiment,
}

/// Least likelihood at which the model may go beyond what the rules hold fast.
const SURE: f32 = 0.7;
/// Greatest likelihood of less at which the model makes an alarm of what the rules found nothing in: most of that is
/// harmless, so it must be surer than a coin.
const STARTLED: f32 = 0.4;
/// A service that is less likely than this is not named: somebody looks.
const NAMED: f32 = 0.2;
/// The same for a department: a wrong one costs the public days.
const ROUTED: f32 = 0.4;
/// Pieces of text that are named as reasons.
const REASONS: usize = 3;
/// Features among which they are looked for: many are single characters, or marks, and say nothing to a reader.
const LOUDEST: usize = 64;

/// Asks the model and weighs its word against the rules'.
pub(crate) fn decide(seen: &Seen<'_>, model: &Model, weights: &Weights) -> Concluded {
    let opinion = model.judge(&bag(seen));
    let mut verdicts = seen.verdicts.clone();
    let mut score = seen.score.clone();
    let civic = opinion.of("category").and_then(civic);
    if let Some(likely) = opinion.of("grade")
        && seen.evidence.speaker != Speaker::Office
    {
        let rung = bounded(likely, seen.score, civic.is_some() || verdicts.category.is_some());
        let label = RUNGS[rung];
        let moves = rung != rung_of(seen.score.grade);
        let why = || reasons(&opinion, label, seen);
        match grade_of(rung) {
            Some(grade) if moves => score.lean(grade, likely.share(label), why(), weights),
            Some(_) => {}
            None => {
                let share = 1.0 - likely.share(NONE);
                let why =
                    if moves { why() } else { format!("模型估计{:.0}%需要处理", 100.0 * share) };
                score.rank(share, why, weights);
            }
        }
    }
    if let Some(likely) = opinion.of("category") {
        let none = likely.top().is_some_and(|(label, _)| label == NONE);
        verdicts.category = match civic {
            Some(verdict) if !none || score.grade.is_some() => Some(verdict),
            Some(_) | None => verdicts.category.filter(|_| score.grade.is_some()),
        };
    }
    if let Some(likely) = opinion.of("department") {
        let top = likely.top().filter(|(_, share)| *share >= ROUTED);
        let learned = top.map(|(id, share)| Verdict { id: id.to_owned(), confidence: hundredths(share) });
        verdicts.department = match verdicts.category {
            Some(_) => learned.or(verdicts.department),
            None => None,
        };
    }
    let sentiment = opinion.of("sentiment").map_or(seen.sentiment, |likely| mood(likely, score.grade));
    Concluded { score, verdicts, sentiment }
}

/// The departments that the model thinks of, the likeliest first; `None` if it was not taught any.
pub(crate) fn departments(seen: &Seen<'_>, model: &Model) -> Option<Vec<Verdict<String>>> {
    let opinion = model.judge(&bag(seen));
    let likely = opinion.of("department")?;
    let mut ranked: Vec<(&str, f32)> = likely.each().collect();
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    let verdict = |(id, share): (&str, f32)| Verdict { id: id.to_owned(), confidence: hundredths(share) };
    Some(ranked.into_iter().map(verdict).collect())
}

/// The label of what is no matter for the desk.
const NONE: &str = "none";
/// The labels of grades, from the least.
const RUNGS: [&str; 5] = [NONE, "blue", "yellow", "orange", "red"];

fn rung_of(grade: Option<Grade>) -> usize {
    grade.and_then(|grade| RUNGS.iter().position(|rung| *rung == grade.as_str())).unwrap_or(0)
}

fn grade_of(rung: usize) -> Option<Grade> {
    Grade::from_word(RUNGS[rung])
}

/// The likeliest of the twelve services.
fn civic(likely: &Likelihoods<'_>) -> Option<Verdict<Category>> {
    let civic = likely.each().filter_map(|(label, share)| Some((label.parse::<Category>().ok()?, share)));
    let top = civic.reduce(|best, next| if next.1 > best.1 { next } else { best });
    top.filter(|(_, share)| *share >= NAMED).map(|(id, share)| Verdict { id, confidence: hundredths(share) })
}

/// The grade that the model would give, within what the rules hold fast.
fn bounded(likely: &Likelihoods<'_>, score: &Score, civic: bool) -> usize {
    let shares = RUNGS.map(|rung| likely.share(rung));
    if !civic {
        return 0;
    }
    let now = rung_of(score.grade);
    let below = |rung: usize| shares[..rung].iter().sum::<f32>();
    // The middle of what is likely, not the likeliest: a grade missed by two costs more than two missed by one.
    let doubt = |rung: usize| if now == 0 && rung > 1 { STARTLED } else { 0.5 };
    let wanted = (1..RUNGS.len()).rev().find(|&rung| below(rung) <= doubt(rung)).unwrap_or(0);
    let floor = score.impact.floor().filter(|_| score.status.factor() >= REAL).map(|(grade, _)| grade);
    if let Some(floor) = floor {
        let least = rung_of(Some(floor));
        let doubted = floor < Grade::Orange || below(least) >= SURE;
        return wanted.max(if doubted { least - 1 } else { least });
    }
    if score.status.factor() <= UNREAL && wanted > now {
        return if 1.0 - below(now + 1) >= SURE { now + 1 } else { now };
    }
    wanted
}

/// Least factor of what a floor holds for: asserted, heard or asked.
const REAL: f32 = 0.8;
/// The factor of what is sold, played, rehearsed or denied.
const UNREAL: f32 = 0.15;

/// What fails many or hurts somebody is a grievance however calmly it is told, so from yellow upwards no mood is
/// neutral.
fn mood(likely: &Likelihoods<'_>, grade: Option<Grade>) -> Sentiment {
    let (glad, angry) =
        (likely.share("positive") + likely.share("pos"), likely.share("negative") + likely.share("neg"));
    let label = match likely.top().map(|(label, _)| label) {
        Some("positive" | "pos") => Mood::Positive,
        Some("negative" | "neg") => Mood::Negative,
        Some(_) if grade >= Some(Grade::Yellow) => Mood::Negative,
        Some(_) | None => Mood::Neutral,
    };
    Sentiment::agreeing(label, glad - angry)
}

/// The pieces of text that spoke loudest for a grade: words before runs of characters, none inside another.
fn reasons(opinion: &Opinion<'_>, label: &str, seen: &Seen<'_>) -> String {
    let mut speak = opinion.reasons("grade", label);
    speak.retain(|(_, worth)| *worth > 0.0);
    speak.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    speak.truncate(LOUDEST);
    let mut wanted: Vec<u32> = speak.iter().map(|(hash, _)| *hash).collect();
    wanted.sort_unstable();
    let names = named(seen.reading, &wanted);
    let mut weighed: Vec<(&str, f32)> = speak
        .into_iter()
        .filter_map(|(hash, worth)| Some((*names.get(&hash)?, worth)))
        .filter(|(piece, _)| is_telling(piece))
        .collect();
    weighed.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    let mut chosen: Vec<&str> = Vec::new();
    for (piece, _) in weighed {
        if !chosen.iter().any(|other| other.contains(piece) || piece.contains(other)) {
            chosen.push(piece);
        }
        if chosen.len() == REASONS {
            break;
        }
    }
    let more = if RUNGS.iter().position(|rung| *rung == label) > Some(rung_of(seen.score.grade)) {
        "更急"
    } else {
        "不急"
    };
    if chosen.is_empty() {
        format!("模型判断{more}")
    } else {
        format!("模型据“{}”判断{more}", chosen.join("”“"))
    }
}

fn is_telling(piece: &str) -> bool {
    piece.chars().nth(1).is_some() && piece.chars().all(char::is_alphanumeric)
}

fn hundredths(share: f32) -> f32 {
    (share * 100.0).round() / 100.0
}
