//! How weighty an event is: the content of its posts, and what many of them say together (algorithms §4).
//!
//! The context can at most double the content, so that what spreads and matters little never turns red; and a grave
//! post makes a grave event however few speak of it: an event is at least as grave as its gravest post.

use serde::{Deserialize, Serialize};

use crate::assess::Grade;

/// What is known of an event when it is scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Known {
    /// Content of its weightiest post, 0 to 70.
    pub(super) content: f32,
    /// The highest grade among its posts, by which it is not below.
    pub(super) floor: Option<Grade>,
    /// Likes, comments and reposts: likes + 3 · comments + 5 · reposts, summed over originals.
    pub(super) reactions: f32,
    /// Distinct voices of originals.
    pub(super) witnesses: u32,
    /// Voices of the last hour, and those usual for it in an hour.
    pub(super) lately: (f32, f32),
    pub(super) media: bool,
    /// Hours since its first post.
    pub(super) age: f32,
    /// Whether it is linked to an earlier one of the same place and service.
    pub(super) again: bool,
    /// Whether an office has said something in it.
    pub(super) answered: bool,
    /// The grade it had when its latest post came.
    pub(super) stood: Option<Grade>,
}

/// One line of the score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Points; negative where an answer took some away.
    pub points: f32,
    /// What gave them, in Chinese.
    pub why: String,
}

/// The score of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 100.
    pub points: f32,
    /// What they mean.
    pub grade: Option<Grade>,
    /// Largest first.
    pub lines: Vec<Line>,
}

impl Score {
    /// `帖文内容26分，18人独立反映6分，26小时未见官方回应5分`.
    pub fn sentence(&self) -> String {
        let said: Vec<String> =
            self.lines.iter().map(|line| format!("{}{}分", line.why, line.points)).collect();
        said.join("，")
    }
}

/// Fewest voices in an hour whose speed is told.
const MANY: f32 = 5.0;
/// How far topics vary on their own (algorithms §6).
const OVERDISPERSION: f32 = 8.0;
/// A grade is lost only where the points are so many below its beginning: what wavers around it does not flicker.
const HOLDS: f32 = 5.0;

/// Scores an event; `grades` are the points at which blue, yellow, orange and red begin. A grade is reached at once, and
/// lost with hysteresis.
pub(super) fn of(known: &Known, grades: &[f32; 4]) -> Score {
    let content = known.content.max(0.0);
    let mut lines = vec![line(content, "帖文内容".to_owned())];
    let reach = (2.5 * (1.0 + known.reactions).log10()).min(10.0);
    lines.push(line(reach, "传播".to_owned()));
    let (voices, usual) = known.lately;
    let fast = if voices >= MANY { (2.0 * (stands_out(voices, usual) - 4.0)).clamp(0.0, 10.0) } else { 0.0 };
    lines.push(line(fast, format!("过去1小时{voices:.0}人提到，明显快于此前")));
    let witnesses = (2.0 * (known.witnesses.max(1) as f32).log2()).min(6.0);
    lines.push(line(witnesses, format!("{}人独立反映", known.witnesses)));
    lines.push(line(if known.media { 3.0 } else { 0.0 }, "媒体报道".to_owned()));
    lines.push(line(if known.age < 6.0 && !known.again { 2.0 } else { 0.0 }, "新出现".to_owned()));
    let (silent, said) = match known.age {
        _ if known.answered => (-6.0, "官方已有回应".to_owned()),
        age if age < 2.0 => (0.0, String::new()),
        age if age < 24.0 => (3.0, format!("{age:.0}小时未见官方回应")),
        age if age < 48.0 => (5.0, format!("{age:.0}小时未见官方回应")),
        age => (8.0, format!("{:.0}天未见官方回应", age / 24.0)),
    };
    lines.push(line(silent, said));
    lines.retain(|line| line.points != 0.0);
    let context: f32 = lines.iter().skip(1).map(|line| line.points).sum();
    let bound = content.min(40.0);
    if context > bound {
        lines.push(line(bound - context, "声量加分不超过内容分".to_owned()));
    }
    let points = lines.iter().map(|line| line.points).sum::<f32>().clamp(0.0, 100.0).round();
    lines.sort_by(|one, other| other.points.total_cmp(&one.points));
    let from = |points: f32| {
        Grade::ALL.into_iter().zip(grades).rfind(|(_, from)| points >= **from).map(|(grade, _)| grade)
    };
    let held = from(points + HOLDS).min(known.stood);
    Score { points, grade: from(points).max(held).max(known.floor), lines }
}

fn line(points: f32, why: String) -> Line {
    Line { points: (points * 10.0).round() / 10.0, why }
}

/// By how many standard deviations a count stands out, where topics vary on their own (algorithms §6).
fn stands_out(count: f32, usual: f32) -> f32 {
    let (x, e, r) = (count, usual.max(0.3), OVERDISPERSION);
    if x <= e {
        return 0.0;
    }
    (2.0 * (x * (x / e).ln() - (x + r) * ((x + r) / (e + r)).ln())).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRADES: [f32; 4] = [18.0, 35.0, 55.0, 75.0];

    fn known(content: f32) -> Known {
        Known {
            content,
            floor: None,
            reactions: 0.0,
            witnesses: 1,
            lately: (1.0, 0.3),
            media: false,
            age: 1.0,
            again: false,
            answered: false,
            stood: None,
        }
    }

    /// The worked examples of the design, as far as an event by itself tells them.
    #[test]
    fn worked_examples() {
        let outage =
            Known { reactions: 60.0 + 3.0 * 12.0 + 5.0 * 35.0, witnesses: 18, age: 26.0, ..known(26.0) };
        let collapse = Known {
            reactions: 800.0 + 3.0 * 450.0 + 5.0 * 300.0,
            witnesses: 40,
            lately: (40.0, 0.3),
            media: true,
            ..known(58.0)
        };
        let advert = Known { reactions: 8_000.0, witnesses: 30, ..known(2.9) };
        for (name, known, points, grade) in [
            ("18 voices, unanswered for a day", outage, 43.0, Some(Grade::Yellow)),
            ("a collapse with media", collapse, 88.0, Some(Grade::Red)),
            ("what spreads and matters little", advert, 6.0, None),
            (
                "a grave post alone",
                Known { floor: Some(Grade::Orange), ..known(30.0) },
                32.0,
                Some(Grade::Orange),
            ),
            ("answered", Known { answered: true, age: 30.0, ..known(20.0) }, 14.0, None),
        ] {
            let score = of(&known, &GRADES);
            assert_eq!((score.points, score.grade), (points, grade), "{name}: {:?}", score.lines);
        }
    }

    #[test]
    fn a_grade_is_reached_at_once_and_lost_late() {
        for (content, stood, grade) in [
            (36.0, None, Some(Grade::Yellow)),
            (36.0, Some(Grade::Blue), Some(Grade::Yellow)),
            (32.0, None, Some(Grade::Blue)),
            (32.0, Some(Grade::Yellow), Some(Grade::Yellow)),
            (32.0, Some(Grade::Red), Some(Grade::Yellow)),
            (27.0, Some(Grade::Yellow), Some(Grade::Blue)),
            (5.0, Some(Grade::Red), None),
        ] {
            let score = of(&Known { age: 7.0, answered: true, ..known(content + 6.0) }, &GRADES);
            assert!((score.points - content).abs() < 0.1, "{:?}", score.lines);
            let score = of(&Known { age: 7.0, answered: true, stood, ..known(content + 6.0) }, &GRADES);
            assert_eq!(score.grade, grade, "{content} after {stood:?}");
        }
    }

    #[test]
    fn the_lines_add_up() {
        let score = of(&Known { witnesses: 9, reactions: 100.0, ..known(20.0) }, &GRADES);
        let sum: f32 = score.lines.iter().map(|line| line.points).sum();
        assert!((sum.round() - score.points).abs() < 0.1, "{score:?}");
    }
}
