//! Who asks the same: questions of a thread that wait for one answer, and the sentence on them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::likeness::Likeness;
use super::sought::{Compared, Sought};
use super::{Question, Remark, SAME, State};
use crate::text::fingerprint::Fingerprint;
use crate::text::normalize::normalized_text;

/// Questions at least so alike ask the same.
const ALIKE: f32 = 0.45;
/// Copies but for a few characters.
const NEAR_COPY: f32 = 0.8;
/// Most characters of a question that the sentence shows.
const SHOWN: usize = 16;

/// Questions that ask the same and are in the same state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The remarks, in order of time.
    pub remarks: Vec<usize>,
    /// How far the office has come with them.
    pub state: State,
    /// When the first of them was asked.
    pub since: Timestamp,
    /// How many ask.
    pub askers: Askers,
    /// The question in few words.
    pub question: String,
}

/// How many ask the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Askers {
    /// So many voices, told apart by the sender.
    Voices(usize),
    /// So many remarks; whose, nobody told.
    Remarks(usize),
}

/// The questions of a thread by what they ask and how far they have come, the most asked first.
pub fn groups(remarks: &[Remark], questions: &[Question]) -> Vec<Group> {
    let texts: Vec<String> = remarks.iter().map(|remark| normalized_text(&remark.text)).collect();
    let likeness = Likeness::over(texts.iter().map(String::as_str));
    let alike = |one: usize, other: usize| {
        let copies = Fingerprint::of(&texts[one]).similarity(&Fingerprint::of(&texts[other])) >= NEAR_COPY;
        let same = match Sought::of(&texts[one]).compare(Sought::of(&texts[other])) {
            Compared::Same => SAME,
            Compared::Unknown => 0.0,
            Compared::Other => -SAME,
        };
        copies || likeness.vector(&texts[one]).cosine(&likeness.vector(&texts[other])) + same >= ALIKE
    };
    let mut found: Vec<(State, Vec<usize>)> = Vec::new();
    for question in questions {
        let joins = |(state, group): &&mut (State, Vec<usize>)| {
            *state == question.state && group.iter().any(|&other| alike(question.remark, other))
        };
        match found.iter_mut().find(joins) {
            Some((_, group)) => group.push(question.remark),
            None => found.push((question.state, vec![question.remark])),
        }
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .filter_map(|(state, group)| {
            let since = group.iter().map(|&at| remarks[at].at).min()?;
            let question =
                group.iter().map(|&at| in_few_words(&texts[at])).min_by_key(|one| one.chars().count())?;
            Some(Group { askers: Askers::of(remarks, &group), remarks: group, state, since, question })
        })
        .collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.askers.count()), group.since));
    groups
}

impl Askers {
    fn of(remarks: &[Remark], group: &[usize]) -> Self {
        let voices: Option<BTreeSet<&str>> = group.iter().map(|&at| remarks[at].voice.as_deref()).collect();
        voices.map_or(Self::Remarks(group.len()), |voices| Self::Voices(voices.len()))
    }

    /// The number.
    pub fn count(self) -> usize {
        match self {
            Self::Voices(count) | Self::Remarks(count) => count,
        }
    }
}

impl Group {
    /// The sentence for the duty officer: 该帖下 14 人问“何时来水”，已 26 小时未答.
    pub fn sentence(&self, now: Timestamp) -> String {
        let askers = match self.askers {
            Askers::Voices(count) => format!("{count} 人问"),
            Askers::Remarks(count) => format!("{count} 条评论问"),
        };
        let minutes = (now.as_second() - self.since.as_second()).max(0) / 60;
        let age = match minutes {
            0..60 => format!("{minutes} 分钟"),
            60..4320 => format!("{} 小时", minutes / 60),
            _ => format!("{} 天", minutes / 1440),
        };
        let end = match self.state {
            State::Open => format!("已 {age}未答"),
            State::Acknowledged => format!("已 {age}，只有回执"),
            State::Answered => "已答".to_owned(),
        };
        format!("该帖下 {askers}“{}”，{end}", self.question)
    }
}

/// The first part of a question that asks, without politeness.
fn in_few_words(text: &str) -> String {
    let polite = ["请问一下", "请问", "想问一下", "想问", "问一下", "你好", "您好"];
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        match polite.iter().find_map(|word| rest.strip_prefix(word)) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    let part = rest.split(['?', '!', '。', '\n']).find(|part| part.chars().count() > 3).unwrap_or(rest);
    let mut shown: String = part.chars().take(SHOWN).collect();
    if shown.chars().count() < part.chars().count() {
        shown.push('…');
    }
    shown
}
