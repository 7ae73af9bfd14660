//! Decides of each question in a thread whether an office has answered it, and with which reply.
//!
//! An official reply that hangs under a question answers it. So does one that hangs elsewhere and speaks
//! of the same matter: under another's question that asks the same, earlier or later, or posted for all.
//! How alike two remarks are is decided by [`likeness`], what is asked for and given by [`sought`]. What
//! only thanks, notes and promises ([`template`]) acknowledges and answers nobody; what citizens and
//! sellers write answers nobody either.
//!
//! Pure: a thread in, its questions out, in order. Who asked is never looked at, only how many.

mod group;
mod likeness;
mod record;
mod row;
mod sought;
mod template;

use jiff::Timestamp;
use serde::Serialize;

use self::likeness::{Likeness, Vector};
use self::sought::{Given, Sought};
use super::Asking;
use crate::text::normalize::normalized_text;

pub use group::{Group, groups};
pub use record::ThreadReport;
pub use row::{BadThread, ThreadRow, is_thread};
pub use template::says_something;

/// A remark under an official post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Its id.
    pub id: String,
    /// The id of what it replies to.
    pub parent: String,
    /// As it was written.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
    /// Whether an office wrote it on its own account.
    pub official: bool,
    /// What it asks for.
    pub asking: Asking,
    /// Equal for remarks of one voice, if the sender tells: only ever counted.
    pub voice: Option<String>,
}

/// How far the office has come with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has replied for the office.
    Open,
    /// The office has replied without saying what was asked.
    Acknowledged,
    /// The office has said what was asked.
    Answered,
}

impl State {
    /// All, from the least.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Answered];

    /// The word of records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Answered => "answered",
        }
    }

    /// The word people read.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Open => "未答",
            Self::Acknowledged => "仅回执",
            Self::Answered => "已答",
        }
    }
}

/// A question of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Which remark asks.
    pub remark: usize,
    /// How far the office has come with it.
    pub state: State,
    /// Which remark answers it or, if none does, acknowledges it.
    pub reply: Option<usize>,
}

/// From here on a reply that hangs elsewhere is taken to answer.
const ENOUGH: f32 = 0.22;
/// Worth of asking for the same thing, as for a time.
const SAME: f32 = 0.2;
/// Worth of both asking whether one may.
const LEAVE: f32 = 0.05;
/// Taken off for asking for another thing.
const OTHER: f32 = 0.1;
/// Worth of the question's words being in a reply to a like question.
const IN_REPLY: f32 = 0.5;
/// Worth of the question's words being in a reply to all, or to a remark that is no question.
const IN_NOTICE: f32 = 0.9;
/// Worth of such a reply coming after the question.
const LATER: f32 = 0.15;
/// Worth of such a reply giving what is asked for.
const GIVES: f32 = 0.15;
/// Taken off where a reply to another's question is read as if it were for all.
const ASIDE: f32 = 0.1;

/// What a remark is to the matching.
struct Read {
    vector: Vector,
    sought: Sought,
    given: Given,
    asks_leave: bool,
}

/// The questions of a thread, in order, with their states. `post` is the official post's text.
pub fn questions(post: &str, remarks: &[Remark]) -> Vec<Question> {
    let texts: Vec<String> = remarks.iter().map(|remark| normalized_text(&remark.text)).collect();
    let post = normalized_text(post);
    let likeness = Likeness::over(texts.iter().chain([&post]).map(String::as_str));
    let read: Vec<Read> = texts
        .iter()
        .map(|text| Read {
            vector: likeness.vector(text),
            sought: Sought::of(text),
            given: Given::of(text),
            asks_leave: sought::asks_leave(text),
        })
        .collect();
    let says: Vec<bool> = remarks
        .iter()
        .zip(&texts)
        .map(|(remark, text)| remark.official && template::says_something(text))
        .collect();
    let replied = |reply: usize| remarks.iter().position(|remark| remark.id == remarks[reply].parent);
    let question = |asked: usize| {
        let mut under =
            (0..remarks.len()).filter(|&at| remarks[at].official && remarks[at].parent == remarks[asked].id);
        let direct = under.clone().find(|&at| says[at]);
        let elsewhere = || {
            let fit = |reply: usize| {
                let to = replied(reply).filter(|&to| !remarks[to].official);
                let later = remarks[reply].at > remarks[asked].at;
                (reply, fit(&read[asked], to.map(|to| &read[to]), &read[reply], later))
            };
            let others = (0..remarks.len()).filter(|&at| says[at] && at != asked).map(fit);
            // Of equals the earlier: it was there to be read first.
            let best = others.fold(None, |best: Option<(usize, f32)>, next| match best {
                Some(best) if best.1 >= next.1 => Some(best),
                _ => Some(next),
            });
            best.filter(|(_, worth)| *worth >= ENOUGH).map(|(reply, _)| reply)
        };
        match direct.or_else(elsewhere) {
            Some(reply) => Question { remark: asked, state: State::Answered, reply: Some(reply) },
            None => match under.next() {
                Some(note) => Question { remark: asked, state: State::Acknowledged, reply: Some(note) },
                None => Question { remark: asked, state: State::Open, reply: None },
            },
        }
    };
    (0..remarks.len()).filter(|&at| is_question(&remarks[at])).map(question).collect()
}

fn is_question(remark: &Remark) -> bool {
    !remark.official && remark.asking == Asking::Information
}

/// How well a reply that hangs elsewhere answers a question.
fn fit(asked: &Read, under: Option<&Read>, reply: &Read, later: bool) -> f32 {
    let covered = asked.vector.covered_by(&reply.vector);
    let gives = match reply.given.gives(asked.sought) {
        sought::Compared::Same => GIVES,
        sought::Compared::Unknown => 0.0,
        sought::Compared::Other => -OTHER,
    };
    let to_all = IN_NOTICE * covered + gives;
    match under {
        Some(under) => {
            let leave = if asked.asks_leave && under.asks_leave { LEAVE } else { 0.0 };
            let same = match asked.sought.compare(under.sought) {
                sought::Compared::Same => SAME + leave,
                sought::Compared::Unknown => leave,
                sought::Compared::Other => -OTHER,
            };
            let alike = asked.vector.cosine(&under.vector) + IN_REPLY * covered + same;
            alike.max(to_all - ASIDE)
        }
        None => to_all + if later { LATER } else { 0.0 },
    }
}

#[cfg(test)]
mod tests;
