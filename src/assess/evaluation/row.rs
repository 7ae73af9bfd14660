//! A labelled row as it is written: in the form that [`Labelled::read`] reads, so that what a desk judged
//! teaches and tests like any other file of labels.
//!
//! A row holds what a judgement rests on and what people say of it, nothing else: no source, no address, no
//! thread, and nobody's name.

use serde::{Deserialize, Serialize};

use super::{Labelled, Matter, Rung};
use crate::assess::Mood;
use crate::extract::post::PostKind;

/// One line of a file of labels. A label that nobody gave is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    id: String,
    kind: PostKind,
    title: String,
    text: String,
    #[serde(default, skip_serializing_if = "is_false")]
    official: bool,
    published_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(default, skip_serializing_if = "is_nought")]
    likes: u64,
    #[serde(default, skip_serializing_if = "is_nought")]
    reposts: u64,
    #[serde(default, skip_serializing_if = "is_nought")]
    comments: u64,
    #[serde(default, skip_serializing_if = "is_nought")]
    views: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grade: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sentiment: Option<Mood>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    question: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    places: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    traps: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    urgency: Option<u8>,
}

impl From<&Labelled> for Row {
    fn from(labelled: &Labelled) -> Self {
        let Labelled { id, post, labels } = labelled;
        Self {
            id: id.clone(),
            kind: post.kind,
            title: post.title.clone(),
            text: post.text.clone(),
            official: post.official,
            published_at: post.published_at.to_string(),
            place: post.place.clone(),
            likes: post.counts.likes,
            reposts: post.counts.reposts,
            comments: post.counts.comments,
            views: post.counts.views,
            category: labels.category.map(Matter::as_str).map(str::to_owned),
            department: labels.department.clone(),
            grade: labels.grade.map(Rung::as_str).map(str::to_owned),
            sentiment: labels.sentiment,
            question: labels.question,
            places: labels.places.clone(),
            traps: labels.traps.clone(),
            urgency: labels.urgency,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_nought(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_written_is_read_as_it_was() {
        let now = "2026-03-01T00:00:00Z".parse().expect("a time");
        for line in [
            r#"{"id":"a","kind":"comment","title":"求助","text":"停水了","category":"utilities","grade":"yellow","department":"water","sentiment":"negative","question":false,"places":["锦华里"],"traps":["none"]}"#,
            r#"{"text":"今天星期二","grade":"none","category":"none","department":"none","published_at":"2026-02-03T04:05:06+08:00"}"#,
            r#"{"kind":"article","text":"明日停水","official":true,"place":"禾川市","likes":3,"reposts":2,"comments":1,"views":9,"urgency":2}"#,
        ] {
            let read = Labelled::read(line, now).expect("a row");
            let row = Row::from(&read);
            let written = serde_json::to_string(&row).expect("plain data");
            let again = Labelled::read(&written, now).expect(&written);
            assert_eq!((&again.id, &again.labels), (&read.id, &read.labels), "{written}");
            let judged = |row: &Labelled| {
                let post = row.post.clone();
                (post.kind, post.title, post.text, post.official, post.published_at, post.place, post.counts)
            };
            assert_eq!(judged(&again), judged(&read), "{written}");
            assert_eq!(serde_json::from_str::<Row>(&written).expect("a row"), row);
        }
    }

    #[test]
    fn labels_that_nobody_gave_are_left_out() {
        let now = "2026-03-01T00:00:00Z".parse().expect("a time");
        let read = Labelled::read(r#"{"id":"a","text":"停水了","grade":"blue"}"#, now).expect("a row");
        insta::assert_snapshot!(serde_json::to_string(&Row::from(&read)).expect("plain data"), @r#"{"id":"a","kind":"post","title":"","text":"停水了","published_at":"2026-03-01T00:00:00Z","grade":"blue"}"#);
    }
}
