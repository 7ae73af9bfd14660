//! Decides the writer's mood: dictionary words with the scope of negation and degree (algorithms §5).
//!
//! A complaint is often told without one angry word, and an angry word is no complaint; the mood is worth
//! six points of the score at most, on purpose.

use serde::{Deserialize, Serialize};

use super::reading::{Cue, LOOK_BACK, Reading};
use crate::lexicon::kind::Kind;
use crate::text::segment::{Class, Token};
use crate::text::sentence::Mark;

/// The writer's mood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sentiment {
    /// In a word.
    pub label: Mood,
    /// −1 to 1.
    pub score: f32,
}

/// The mood in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mood {
    /// Displeased.
    Negative,
    /// Neither.
    Neutral,
    /// Pleased.
    Positive,
}

impl Mood {
    /// The words people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Negative => "负面",
            Self::Neutral => "中性",
            Self::Positive => "正面",
        }
    }
}

/// Scores within this of nought are neither glad nor angry.
const INDIFFERENT: f32 = 0.1;
/// Most that words of degree make of a word.
const GREATEST_DEGREE: f32 = 2.2;
/// What a complaint told without an angry word says of the mood: topic or severity hits, by themselves.
const GRIEVANCE: f32 = -0.3;

impl Sentiment {
    /// The mood that a score stands for.
    pub(crate) fn of_score(score: f32) -> Self {
        let label = match score {
            s if s <= -INDIFFERENT => Mood::Negative,
            s if s >= INDIFFERENT => Mood::Positive,
            _ => Mood::Neutral,
        };
        Self { label, score }
    }

    /// A mood that is decided, with the score nearest to `score` that stands for it.
    pub(crate) fn agreeing(label: Mood, score: f32) -> Self {
        let score = (score * 100.0).round() / 100.0;
        let score = match label {
            Mood::Negative => score.clamp(-1.0, -INDIFFERENT),
            Mood::Positive => score.clamp(INDIFFERENT, 1.0),
            Mood::Neutral => score.clamp(0.01 - INDIFFERENT, INDIFFERENT - 0.01),
        };
        Self { label, score: score + 0.0 }
    }

    /// Reads the mood of a text; `grieved` says that it asserts a matter for the desk.
    pub(crate) fn read(reading: &Reading<'_>, grieved: Grieved) -> Self {
        let mut sum = match grieved {
            Grieved::Yes => GRIEVANCE,
            Grieved::No => 0.0,
        };
        for clause in 0..reading.clauses.len() {
            sum += of_clause(reading, clause);
        }
        // To two decimals: what is shown is what is compared.
        let score = (100.0 * sum / (sum * sum + 4.0).sqrt()).round() / 100.0;
        Self::of_score(score + 0.0)
    }
}

/// Whether the text asserts a matter for the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grieved {
    /// It does.
    Yes,
    /// It does not.
    No,
}

fn of_clause(reading: &Reading<'_>, index: usize) -> f32 {
    let clause = reading.clauses[index];
    let cues = reading.cues_within(clause.start, clause.end);
    let of = |kind: Kind| cues.iter().filter(move |cue| cue.kind == kind && cue.end <= clause.end);
    let mut sum = 0.0;
    for cue in of(Kind::Pos).chain(of(Kind::Neg)) {
        sum += polarity(reading, cue, clause.start);
    }
    let text = reading.clause_text(index);
    if ["但", "可是", "然而", "不过"].iter().any(|turn| text.starts_with(turn)) {
        sum *= 1.5;
    }
    if reading.mark_of(index) == Mark::Exclamation {
        sum *= 1.1;
    }
    sum
}

/// One word with what stands before it in its clause.
fn polarity(reading: &Reading<'_>, cue: &Cue<'_>, clause_start: u32) -> f32 {
    // 「好」医院 in quotes beside a complaint says nothing good.
    if cue.weight > 0.0 && is_quoted(reading, cue) && reading.of(Kind::Topic).next().is_some() {
        return 0.0;
    }
    let words = reading.tokens.words();
    let at = reading.tokens.word_at(cue.start);
    let mut degree = 1.0_f32;
    // 不满意 is one word of the segmenter: the negator inside it is met here.
    let head = words.get(at).map_or("", |word| reading.slice(word.start, cue.start));
    let mut negators = usize::from(head.ends_with(['不', '没', '无', '未']) && !not_meant(head));
    let mut negator_before_degree = false;
    let mut seen_degree = false;
    // A row of emoji is all marks, and each of them a word of mood: what stands far before is not looked for.
    let before = words[..at].iter().rev().take(LOOK_BACK).take_while(|word| word.start >= clause_start);
    for (distance, word) in before.filter(|word| word.class == Class::Word).take(4).enumerate() {
        if let Some(found) = cue_over(reading, Kind::Degree, word, cue)
            && distance < 3
        {
            degree *= found.weight;
            seen_degree = true;
        } else if cue_over(reading, Kind::Negator, word, cue).is_some() && !not_meant(word.text(reading.text))
        {
            negators += 1;
            negator_before_degree = seen_degree;
        }
    }
    degree = degree.min(GREATEST_DEGREE);
    match (negators % 2 == 1, negators) {
        (true, _) if negator_before_degree => cue.weight * -0.5,
        (true, _) if cue.weight > 0.0 => cue.weight * -0.8 * degree,
        (true, _) => cue.weight * -0.3 * degree,
        (false, 0) => cue.weight * degree,
        (false, _) => cue.weight * 0.9 * degree,
    }
}

fn cue_over<'r, 'a>(
    reading: &'r Reading<'a>,
    kind: Kind,
    word: &Token,
    than: &Cue<'_>,
) -> Option<&'r Cue<'a>> {
    let inside = reading.cues_within(word.start, word.end).iter();
    inside.into_iter().find(|cue| cue.kind == kind && cue.end <= word.end && cue.end <= than.start)
}

fn not_meant(word: &str) -> bool {
    matches!(
        word,
        "不得不" | "不仅" | "不但" | "不光" | "差不多" | "不管" | "不过" | "别人" | "不少" | "不断"
    )
}

fn is_quoted(reading: &Reading<'_>, cue: &Cue<'_>) -> bool {
    let before = cue.start.checked_sub(1).and_then(|at| reading.chars.get(at as usize));
    let after = reading.chars.get(cue.end as usize);
    matches!((before, after), (Some('“' | '「' | '"' | '‘'), Some('”' | '」' | '"' | '’')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::fixture::assess;

    #[test]
    fn moods_have_the_scope_of_negation_and_degree() {
        for (text, mood) in [
            ("服务很好，非常满意", Mood::Positive),
            ("服务态度太差了", Mood::Negative),
            ("不满意", Mood::Negative),
            ("一点也不好吃", Mood::Negative),
            ("今天星期二", Mood::Neutral),
            ("小区停水三天", Mood::Negative),
            ("谢谢师傅，辛苦了", Mood::Positive),
            ("气死我了，垃圾物业", Mood::Negative),
        ] {
            assert_eq!(assess(text).sentiment.label, mood, "{text}");
        }
        let score = |text| assess(text).sentiment.score;
        assert!(score("非常满意") > score("满意"), "degree strengthens");
        assert!(score("太差") < score("差劲") || score("太差") < 0.0);
        assert!(score("满意！") > score("满意"), "an exclamation strengthens");
    }

    #[test]
    fn labels_part_at_a_tenth() {
        for (score, label) in
            [(-0.1, Mood::Negative), (-0.09, Mood::Neutral), (0.09, Mood::Neutral), (0.1, Mood::Positive)]
        {
            assert_eq!(Sentiment::of_score(score).label, label, "{score}");
        }
    }
}
