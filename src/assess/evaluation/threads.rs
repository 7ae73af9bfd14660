//! How well questions in threads are found and followed, held against labels.
//!
//! Two ways to count: the states of the questions that people labelled, as if each had been found; and
//! end to end, where a question not found, or found where there is none, is a miss too. Intervals are over
//! threads, for the questions of one thread hang together.

use serde::Serialize;

use super::agreement::{Confusion, f1};
use super::chance::{Figure, Measure, measured};
use crate::assess::Asking;
use crate::assess::answer::{Question, State, ThreadRow, questions};
use crate::text::mask::mask;

/// Most characters of a remark that are shown.
const SHOWN: usize = 60;

/// How well the questions of threads are followed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThreadEvaluation {
    /// Threads held against their labels.
    pub threads: usize,
    /// Remarks in them.
    pub comments: usize,
    /// The figures that the labels allow.
    pub figures: Vec<Figure>,
    /// Which state is taken for which, over the questions that people labelled.
    pub states: Option<Confusion>,
    /// The worst misses, worst first.
    pub misses: Vec<ThreadMiss>,
}

/// A question followed otherwise than people do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ThreadMiss {
    /// The remark's id.
    pub id: String,
    /// What was missed, in Chinese: `提问`, `状态`, `答复`.
    pub what: &'static str,
    /// What people say.
    pub wanted: String,
    /// What was given.
    pub given: String,
    /// The remark, private data masked, cut at 60 characters.
    pub text: String,
    /// The reply that answers it, or is taken to.
    pub reply: String,
}

/// One thread in the forms the measures count.
#[derive(Debug, Default)]
struct Followed {
    /// By labelled remark of the public: whether it asks, wanted and given.
    asked: Vec<(bool, bool)>,
    /// By question of the labels: wanted and given.
    labelled: Vec<(Question, Question)>,
    /// By question of the labels or ours: wanted and given.
    found: Vec<(Option<Question>, Option<Question>)>,
}

/// Holds the states of questions against labels; at most `misses` of the misses are kept.
pub fn evaluate_threads(rows: &[ThreadRow], misses: usize) -> ThreadEvaluation {
    let followed: Vec<Followed> = rows.iter().map(follow).collect();
    let pairs: Vec<_> = followed
        .iter()
        .flat_map(|one| &one.labelled)
        .map(|(wanted, given)| (wanted.state as usize, given.state as usize))
        .collect();
    let names = || State::ALL.map(|state| state.as_str().to_owned()).to_vec();
    let mut missed: Vec<(u8, ThreadMiss)> =
        rows.iter().zip(&followed).flat_map(|(row, one)| missed(row, one)).collect();
    missed.sort_by_key(|(rank, _)| *rank);
    ThreadEvaluation {
        threads: rows.len(),
        comments: rows.iter().map(|row| row.remarks.len()).sum(),
        figures: measured(&followed, MEASURES),
        states: (!pairs.is_empty()).then(|| Confusion::of(names(), pairs)),
        misses: missed.into_iter().take(misses).map(|(_, miss)| miss).collect(),
    }
}

fn follow(row: &ThreadRow) -> Followed {
    let by_labels = questions(&row.post, &row.as_labelled());
    let by_us = questions(&row.post, &row.remarks);
    let of = |all: &[Question], remark: usize| all.iter().find(|one| one.remark == remark).copied();
    let mut followed = Followed::default();
    for (at, remark) in row.remarks.iter().enumerate() {
        let Some(wanted) = row.label(at).filter(|_| !remark.official) else { continue };
        followed.asked.push((wanted, remark.asking == Asking::Information));
        let wanted = wanted.then(|| row.wanted(at));
        if let (Some(wanted), Some(given)) = (wanted, of(&by_labels, at)) {
            followed.labelled.push((wanted, given));
        }
        let given = of(&by_us, at);
        if wanted.is_some() || given.is_some() {
            followed.found.push((wanted, given));
        }
    }
    followed
}

type Taken = Option<(f64, usize)>;

/// Every figure, in the order of the report.
#[rustfmt::skip]
const MEASURES: &[Measure<Followed>] = &[
    Measure { id: "thread_question_f1", name: "跟帖提问 F1", lower_is_better: false, take: |rows| {
        let pairs: Vec<_> = rows.iter().flat_map(|one| one.asked.iter().copied()).collect();
        Some((f1(pairs.iter().copied())?, pairs.len()))
    } },
    Measure { id: "state_accuracy", name: "答复状态一致（标注的提问）", lower_is_better: false, take: |rows| share(labelled(rows), |(wanted, given)| wanted.state == given.state) },
    Measure { id: "right_answer", name: "已答提问找对答复（标注的提问）", lower_is_better: false, take: |rows| share(labelled(rows).filter(|(wanted, _)| wanted.state == State::Answered), |(wanted, given)| wanted == given) },
    Measure { id: "end_to_end_state", name: "答复状态一致（自行识别提问）", lower_is_better: false, take: |rows| share(found(rows), |(wanted, given)| wanted.map(|one| one.state) == given.map(|one| one.state)) },
    Measure { id: "end_to_end_answer", name: "已答提问找对答复（自行识别提问）", lower_is_better: false, take: |rows| share(found(rows).filter(|(wanted, _)| wanted.is_some_and(|one| one.state == State::Answered)), |(wanted, given)| wanted == given) },
];

fn labelled<'a>(rows: &'a [&Followed]) -> impl Iterator<Item = (Question, Question)> + 'a {
    rows.iter().flat_map(|one| one.labelled.iter().copied())
}

fn found<'a>(rows: &'a [&Followed]) -> impl Iterator<Item = (Option<Question>, Option<Question>)> + 'a {
    rows.iter().flat_map(|one| one.found.iter().copied())
}

fn share<T>(items: impl Iterator<Item = T>, right: impl Fn(T) -> bool) -> Taken {
    let (mut all, mut good) = (0_usize, 0_usize);
    for item in items {
        all += 1;
        good += usize::from(right(item));
    }
    (all > 0).then(|| (good as f64 / all as f64, all))
}

/// The misses of a thread, the worst of rank 0: a question taken for answered is not looked at again.
fn missed(row: &ThreadRow, followed: &Followed) -> Vec<(u8, ThreadMiss)> {
    let states = followed.labelled.iter().filter_map(|(wanted, given)| {
        let (rank, what) = match (wanted.state, given.state) {
            (State::Answered, State::Answered) if wanted.reply != given.reply => (3, "答复"),
            (wanted, given) if wanted == given => return None,
            (_, State::Answered) => (0, "状态"),
            _ => (2, "状态"),
        };
        let reply = given.reply.or(wanted.reply);
        let (wanted_word, given_word) = match what {
            "答复" => (id_of(row, wanted.reply), id_of(row, given.reply)),
            _ => (wanted.state.chinese().to_owned(), given.state.chinese().to_owned()),
        };
        Some((rank, miss(row, wanted.remark, what, (wanted_word, given_word), reply)))
    });
    let asked = followed.found.iter().filter_map(|pair| match pair {
        (Some(wanted), None) => {
            Some((1, miss(row, wanted.remark, "提问", ("提问".to_owned(), "不是".to_owned()), None)))
        }
        (None, Some(given)) => {
            Some((4, miss(row, given.remark, "提问", ("不是".to_owned(), "提问".to_owned()), None)))
        }
        _ => None,
    });
    states.chain(asked).collect()
}

fn id_of(row: &ThreadRow, reply: Option<usize>) -> String {
    reply.map(|at| row.remarks[at].id.clone()).unwrap_or_default()
}

fn miss(
    row: &ThreadRow,
    remark: usize,
    what: &'static str,
    (wanted, given): (String, String),
    reply: Option<usize>,
) -> ThreadMiss {
    ThreadMiss {
        id: row.remarks[remark].id.clone(),
        what,
        wanted,
        given,
        text: shown(&row.remarks[remark].text),
        reply: reply.map(|at| shown(&row.remarks[at].text)).unwrap_or_default(),
    }
}

fn shown(text: &str) -> String {
    // Masked before it is cut, so that no half of a number stays.
    let masked = mask(text).replace('\n', " ");
    let mut shown: String = masked.chars().take(SHOWN).collect();
    if shown.len() < masked.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::answer::{BadThread, is_thread};
    use crate::assess::fixture::assessor;

    const THREAD: &str = r#"{"thread":"x-1","post":{"id":"x-1-p","text":"体育馆本周末试开放。","at":"2026-03-01T08:00:00+08:00","official":true},"comments":[
        {"id":"b","parent":"a","text":"试开放期间免费。","at":"2026-03-01T09:30:00+08:00","official":true,"question":false,"answered_by":null},
        {"id":"a","parent":"x-1-p","text":"门票多少钱？","at":"2026-03-01T09:00:00+08:00","official":false,"question":true,"answered_by":"b"},
        {"id":"c","parent":"x-1-p","text":"停车场开放吗，电话13800138000","at":"2026-03-01T10:00:00+08:00","question":true},
        {"id":"d","parent":"c","text":"您好，已收悉。","at":"2026-03-01T11:00:00+08:00","official":true},
        {"id":"e","parent":"x-1-p","text":"几点关门","at":"2026-03-01T12:00:00+08:00","question":false}]}"#;

    fn row(line: &str) -> Result<ThreadRow, BadThread> {
        ThreadRow::read(&line.replace('\n', ""), assessor())
    }

    #[test]
    fn a_question_found_where_none_is_counts_end_to_end_only() {
        let rows = [row(THREAD).expect("a thread")];
        let found = evaluate_threads(&rows, 5);
        let of: Vec<String> =
            found.figures.iter().map(|one| format!("{} {:.2} of {}", one.id, one.value, one.of)).collect();
        insta::assert_snapshot!(of.join("\n"), @r"
        thread_question_f1 0.80 of 3
        state_accuracy 1.00 of 2
        right_answer 1.00 of 1
        end_to_end_state 0.67 of 3
        end_to_end_answer 1.00 of 1
        ");
        assert_eq!((found.threads, found.comments, found.misses.len()), (1, 5, 1));
        assert_eq!((found.misses[0].id.as_str(), found.misses[0].what), ("e", "提问"));
        assert!(found.states.is_some_and(|states| states.cells[1][1] == 1), "c is acknowledged only");
        assert_eq!(evaluate_threads(&[], 5).figures, Vec::new());
    }

    #[test]
    fn a_thread_that_cannot_be_used_says_why() {
        assert!(is_thread(&THREAD.replace('\n', "")) && !is_thread(r#"{"text":"停水","thread":"t-1"}"#));
        let told: Vec<String> = [
            r#"{"thread":"x","comments":[]}"#.to_owned(),
            THREAD.replace(r#""id":"c""#, r#""id":"a""#),
            THREAD.replace(r#""answered_by":"b""#, r#""answered_by":"z""#),
        ]
        .iter()
        .map(|line| row(line).expect_err(line).to_string())
        .collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        missing field `post`
        the id a stands twice
        a is answered_by z, which is no comment of the thread
        ");
    }
}
