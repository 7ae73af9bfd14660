//! The misses that a person should read first.
//!
//! A grade missed by more steps comes before one missed by fewer, and one set too low before one set as
//! much too high: who is not told cannot correct. Rows without a grade come in by what else they are
//! labelled with.

use serde::Serialize;

use super::figures::Outcome;
use super::{Judged, Rung};
use crate::text::mask::mask;

/// Most characters of a text that are shown.
const SHOWN: usize = 120;

/// One row judged otherwise than people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// The row's own id; empty if it has none.
    pub id: String,
    /// What was missed, in Chinese: `等级`, `情绪`…
    pub what: &'static str,
    /// What people say.
    pub wanted: String,
    /// What was given.
    pub given: String,
    /// Steps between the two, below nought if given too low; 0 where there are no steps.
    pub steps: i8,
    /// Title and text, private data masked, cut at 120 characters.
    pub text: String,
    /// The score given.
    pub sensitivity: f32,
    /// The sentence the desk would have read.
    pub explanation: String,
}

/// What kind of miss a row is, and how bad: greater is worse.
struct Weighed {
    badness: f32,
    what: &'static str,
    wanted: String,
    given: String,
    steps: i8,
}

/// The worst misses, worst first; of equal ones the earlier row first.
pub(super) fn worst(judged: &[Judged], outcomes: &[Outcome], most: usize) -> Vec<Miss> {
    let mut found: Vec<(Weighed, &Judged)> =
        judged.iter().zip(outcomes).filter_map(|(one, outcome)| Some((weigh(one, outcome)?, one))).collect();
    found.sort_by(|(one, _), (other, _)| other.badness.total_cmp(&one.badness));
    found.truncate(most);
    found.into_iter().map(|(weighed, one)| miss(weighed, one)).collect()
}

fn miss(weighed: Weighed, judged: &Judged) -> Miss {
    let post = &judged.row.post;
    let whole =
        if post.title.is_empty() { post.text.clone() } else { format!("{} | {}", post.title, post.text) };
    // Masked before it is cut, so that no half of a number stays.
    let masked = mask(&whole).replace('\n', " ");
    let mut text: String = masked.chars().take(SHOWN).collect();
    if text.len() < masked.len() {
        text.push('…');
    }
    Miss {
        id: judged.row.id.clone(),
        what: weighed.what,
        wanted: weighed.wanted,
        given: weighed.given,
        steps: weighed.steps,
        text,
        sensitivity: judged.assessment.sensitivity,
        explanation: judged.assessment.explanation.clone(),
    }
}

fn weigh(judged: &Judged, outcome: &Outcome) -> Option<Weighed> {
    let steps = |wanted: Rung, given: Rung| given.step() as i8 - wanted.step() as i8;
    if let Some((wanted, given)) = outcome.grade.filter(|(wanted, given)| wanted != given) {
        let low = if given < wanted { 0.5 } else { 0.0 };
        return Some(Weighed {
            // Of misses as wide, the more urgent matter first.
            badness: 100.0 * (f32::from(wanted.distance(given)) + low) + wanted.step() as f32,
            what: "等级",
            wanted: wanted.chinese().to_owned(),
            given: given.chinese().to_owned(),
            steps: steps(wanted, given),
        });
    }
    if let Some((wanted, score)) = outcome.urgency {
        let badness = match wanted {
            0 => score,
            1 => 0.0,
            _ => f32::from(wanted) * 20.0 - score,
        };
        return (badness > 18.0).then(|| Weighed {
            badness,
            what: "紧急程度",
            wanted: wanted.to_string(),
            given: format!("{score:.1}分"),
            steps: 0,
        });
    }
    if let Some((wanted, given)) = outcome.sentiment.filter(|(wanted, given)| wanted != given) {
        let names = ["负面", "中性", "正面"];
        return Some(Weighed {
            badness: judged.assessment.sentiment.score.abs(),
            what: "情绪",
            wanted: names[wanted].to_owned(),
            given: format!("{} {:+.2}", names[given], judged.assessment.sentiment.score),
            steps: 0,
        });
    }
    if let Some((wanted, given)) = outcome.question.filter(|(wanted, given)| wanted != given) {
        let name = |asks| if asks { "提问" } else { "不是提问" };
        return Some(Weighed {
            badness: 0.0,
            what: "提问",
            wanted: name(wanted).to_owned(),
            given: name(given).to_owned(),
            steps: 0,
        });
    }
    None
}
