//! Which posts would be graded otherwise, and how well both sides agree with what people say.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Trial;
use crate::assess::AssessedPost;
use crate::assess::evaluation::{Confusion, Rung};
use crate::assess::workbench::Share;
use crate::extract::post::PostId;
use crate::text::fingerprint::unwrapped;
use crate::text::mask::mask;

/// Most characters of a post that are shown.
const SHOWN: usize = 60;

/// A post of another grade.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MovedPost {
    /// Where it can be read; else what people call it.
    pub post: String,
    /// When it was known.
    pub at: Option<Timestamp>,
    /// Its grade as it is.
    pub before: Rung,
    /// As it would be.
    pub after: Rung,
    /// What people say it should be.
    pub label: Option<Rung>,
    /// What it says, at most 60 characters, private data masked.
    pub text: String,
    /// Why it would be graded so.
    pub why: String,
    /// Why it is graded as it is.
    pub why_before: String,
}

/// Both sides held against labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// Posts whose grade people have labelled.
    pub rows: u64,
    /// Which grade is taken for which, as it is.
    pub before: Confusion,
    /// As it would be.
    pub after: Confusion,
    /// Precision and recall of yellow or higher, orange or higher, red.
    pub levels: Vec<Level>,
}

/// How well posts of a grade or higher are found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// The grade.
    pub at_least: Rung,
    /// Of those given it, those labelled so: as it is and as it would be.
    pub precision: [Share; 2],
    /// Of those labelled so, those given it: as it is and as it would be.
    pub recall: [Share; 2],
}

impl MovedPost {
    /// Steps up (above 0) or down.
    pub fn steps(&self) -> i8 {
        self.after.step() as i8 - self.before.step() as i8
    }

    /// Whether people call it red and it falls.
    fn is_lost_red(&self) -> bool {
        self.label == Some(Rung::RED) && self.after < self.before
    }
}

/// What is noted while posts are taken. Of a post whose text changed the last counts.
#[derive(Default)]
pub(super) struct Grades {
    moved: BTreeMap<PostId, MovedPost>,
    recategorised: BTreeMap<PostId, ()>,
    /// Wanted, as it is, as it would be.
    labelled: BTreeMap<PostId, (Rung, Rung, Rung)>,
}

/// What came of it.
pub(super) struct Moves {
    pub(super) moved: Vec<MovedPost>,
    pub(super) lost_reds: Vec<MovedPost>,
    pub(super) recategorised: u64,
    pub(super) against: Option<Against>,
}

impl Grades {
    pub(super) fn take(&mut self, trial: &Trial<'_>) {
        let (before, after) = (&trial.before.assessment, &trial.after.assessment);
        let (was, is) = (Rung::of(before.grade), Rung::of(after.grade));
        let id = trial.after.post.id;
        if was == is {
            self.moved.remove(&id);
        } else {
            self.moved.insert(id, moved(trial, was, is));
        }
        let service =
            |assessed: &AssessedPost| assessed.assessment.category.as_ref().map(|verdict| verdict.id);
        if was == is && service(&trial.before) != service(&trial.after) {
            self.recategorised.insert(id, ());
        } else {
            self.recategorised.remove(&id);
        }
        if let Some(wanted) = trial.labels.grade {
            self.labelled.insert(id, (wanted, was, is));
        }
    }

    pub(super) fn finish(self) -> Moves {
        let mut moved: Vec<MovedPost> = self.moved.into_values().collect();
        // Who is not told cannot correct: falls come first, the deepest of the most urgent at the head.
        moved.sort_by_key(|one| {
            let fall = one.steps() < 0;
            let from = if fall { one.before } else { one.after };
            (
                Reverse(one.is_lost_red()),
                !fall,
                Reverse(one.steps().abs()),
                Reverse(from),
                one.at,
                one.post.clone(),
            )
        });
        let lost_reds = moved.iter().filter(|one| one.is_lost_red()).cloned().collect();
        let labelled: Vec<(Rung, Rung, Rung)> = self.labelled.into_values().collect();
        let against = (!labelled.is_empty()).then(|| against(&labelled));
        Moves { moved, lost_reds, recategorised: self.recategorised.len() as u64, against }
    }
}

fn moved(trial: &Trial<'_>, before: Rung, after: Rung) -> MovedPost {
    let AssessedPost { post, assessment, normalized, .. } = &trial.after;
    let said = unwrapped(&mask(normalized.text()));
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text: String = said.chars().take(SHOWN).collect();
    if text.len() < said.len() {
        text.push('…');
    }
    MovedPost {
        post: post.url.as_ref().map_or_else(|| trial.id.to_owned(), ToString::to_string),
        at: trial.at,
        before,
        after,
        label: trial.labels.grade,
        text,
        why: assessment.explanation.clone(),
        why_before: trial.before.assessment.explanation.clone(),
    }
}

fn against(labelled: &[(Rung, Rung, Rung)]) -> Against {
    let names = || Rung::ALL.iter().map(|rung| rung.as_str().to_owned()).collect::<Vec<_>>();
    let before = labelled.iter().map(|(wanted, was, _)| (wanted.step(), was.step()));
    let after = labelled.iter().map(|(wanted, _, is)| (wanted.step(), is.step()));
    Against {
        rows: labelled.len() as u64,
        before: Confusion::of(names(), before),
        after: Confusion::of(names(), after),
        levels: [Rung::YELLOW, Rung::ORANGE, Rung::RED].map(|at_least| level(labelled, at_least)).into(),
    }
}

fn level(labelled: &[(Rung, Rung, Rung)], at_least: Rung) -> Level {
    let mut level = Level { at_least, precision: Default::default(), recall: Default::default() };
    for &(wanted, was, is) in labelled {
        for (side, given) in [was, is].into_iter().enumerate() {
            let (wanted, given) = (wanted >= at_least, given >= at_least);
            if given {
                level.precision[side].count(wanted);
            }
            if wanted {
                level.recall[side].count(given);
            }
        }
    }
    level
}
