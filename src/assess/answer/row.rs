//! Reads a thread of one line: an official post and the remarks under it, with labels if people gave any.
//!
//! `{"thread", "post": {"text", "at"}, "comments": [{"id", "parent", "text", "at", "official", "question",
//! "answered_by"}]}`. Keys that are not ours are left unread, whoever wrote a remark among them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Question, Remark, State};
use crate::assess::{Asking, Assessor};

/// A thread with what people say of its remarks.
#[derive(Debug, Clone)]
pub struct ThreadRow {
    /// Its id.
    pub id: String,
    /// The text of the official post.
    pub post: String,
    /// The remarks, in order of time.
    pub remarks: Vec<Remark>,
    /// By remark: whether people say it asks for information.
    labelled: Vec<Option<bool>>,
    /// By remark: the reply that people say answers it.
    answered_by: Vec<Option<usize>>,
}

/// Why a thread cannot be used; its text is shown to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadThread {
    /// No JSON, or a key missing or of another type.
    #[error("{0}")]
    NotAThread(String),
    /// An id stands twice.
    #[error("the id {0} stands twice")]
    TwiceTheId(String),
    /// A reply that is none of the thread's.
    #[error("{id} is answered_by {reply}, which is no comment of the thread")]
    NoSuchReply {
        /// The question.
        id: String,
        /// What it names.
        reply: String,
    },
}

#[derive(Deserialize)]
struct Line {
    thread: String,
    post: Opening,
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
struct Opening {
    text: String,
}

#[derive(Deserialize)]
struct Comment {
    id: String,
    #[serde(default)]
    parent: String,
    text: String,
    at: Timestamp,
    #[serde(default)]
    official: bool,
    question: Option<bool>,
    answered_by: Option<String>,
    /// A keyed hash, if the sender has one.
    voice: Option<String>,
}

/// Whether a line means to be a thread, not a post.
pub fn is_thread(line: &str) -> bool {
    #[derive(Deserialize)]
    struct Keys {
        #[serde(rename = "thread")]
        _thread: serde::de::IgnoredAny,
        #[serde(rename = "comments")]
        _comments: Vec<serde::de::IgnoredAny>,
    }
    // Looked at for every line: most are posts, and are told by the missing word.
    line.contains("\"comments\"") && line.starts_with('{') && serde_json::from_str::<Keys>(line).is_ok()
}

impl ThreadRow {
    /// Reads a line, and what each remark in it asks for.
    pub fn read(line: &str, assessor: &Assessor) -> Result<Self, BadThread> {
        let found: Line = serde_json::from_str(line).map_err(|error| {
            BadThread::NotAThread(error.to_string().split(" at line ").next().unwrap_or_default().to_owned())
        })?;
        let mut comments = found.comments;
        comments.sort_by_key(|comment| comment.at);
        let mut ids = BTreeSet::new();
        if let Some(twice) = comments.iter().find(|comment| !ids.insert(comment.id.as_str())) {
            return Err(BadThread::TwiceTheId(twice.id.clone()));
        }
        let replies = comments.iter().map(|comment| {
            let Some(reply) = &comment.answered_by else { return Ok(None) };
            let at = comments.iter().position(|other| other.id == *reply);
            at.map(Some)
                .ok_or_else(|| BadThread::NoSuchReply { id: comment.id.clone(), reply: reply.clone() })
        });
        let answered_by = replies.collect::<Result<Vec<_>, _>>()?;
        let labelled = comments.iter().map(|comment| comment.question).collect();
        let remark = |comment: Comment| Remark {
            asking: if comment.official { Asking::Nothing } else { assessor.asking_of(&comment.text) },
            id: comment.id,
            parent: comment.parent,
            text: comment.text,
            at: comment.at,
            official: comment.official,
            voice: comment.voice,
        };
        let remarks = comments.into_iter().map(remark).collect();
        Ok(Self { id: found.thread, post: found.post.text, remarks, labelled, answered_by })
    }

    /// Whether people say of a remark that it asks for information.
    pub fn label(&self, remark: usize) -> Option<bool> {
        self.labelled[remark]
    }

    /// The remarks, asking where people say so rather than where we do; unlabelled ones ask nothing.
    pub fn as_labelled(&self) -> Vec<Remark> {
        let relabel = |(remark, label): (&Remark, &Option<bool>)| Remark {
            asking: if *label == Some(true) { Asking::Information } else { Asking::Nothing },
            ..remark.clone()
        };
        self.remarks.iter().zip(&self.labelled).map(relabel).collect()
    }

    /// The state of a question as the labels have it: with no reply that answers it, an official reply
    /// under it acknowledges.
    pub fn wanted(&self, remark: usize) -> Question {
        let under = |one: &Remark| one.official && one.parent == self.remarks[remark].id;
        let (state, reply) = match (self.answered_by[remark], self.remarks.iter().position(under)) {
            (Some(reply), _) => (State::Answered, Some(reply)),
            (None, Some(note)) => (State::Acknowledged, Some(note)),
            (None, None) => (State::Open, None),
        };
        Question { remark, state, reply }
    }
}
