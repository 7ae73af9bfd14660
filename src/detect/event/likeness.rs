//! Decides whether a post belongs to an event: by place or institution, service, wording and time (algorithms §8).
//!
//! The text alone misleads: that water is off in one estate and in another is told in the same words. What both
//! name decides: a shared place needs little likeness of words, two different places much. The thresholds are
//! those measured for the design; wrong joins hurt more than events told in two, so where nothing is known of the
//! place much likeness is asked for.

use super::event::Event;
use crate::detect::anchors::Anchor;
use crate::lexicon::category::Category;

/// What is compared of a post.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    /// Its features with their weights, sorted, of unit length.
    pub(super) features: &'a [(u32, f32)],
    pub(super) anchors: &'a [Anchor<'a>],
    pub(super) category: Option<Category>,
    pub(super) at: u32,
}

/// Why a post belongs to an event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tie {
    /// What both have in common.
    pub(super) by: Common,
    /// How alike the words are, 0 to 1.
    pub(super) words: f32,
    /// Among several events the one with the highest rank is taken.
    pub(super) rank: f32,
}

/// What a post and its event have in common, beside their words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Common {
    /// It answers a post of the event, or stands in its thread.
    Thread,
    /// The place or institution that both name.
    Place(String),
    /// Nothing else.
    Words,
}

/// Likeness asked for where both name the same place and service.
const SAME_PLACE: f32 = 0.05;
/// … and where the service of one is unknown.
const UNKNOWN_SERVICE: f32 = 0.15;
/// Likeness asked for otherwise.
const OTHERWISE: f32 = 0.45;
/// What another service, and what another place takes from the likeness.
const OTHER_SERVICE: f32 = 0.5;
const OTHER_PLACE: f32 = 0.4;
/// How far a shared place goes before likeness of words where several events could be meant.
const LEAD: f32 = 0.3;
/// An anchor speaks for an event if at least this share of its posts names it.
const HELD: f32 = 0.15;

/// Whether the post belongs to the event, `quiet` being the time without a post after which an event is over.
pub(super) fn tie(post: &Compared<'_>, event: &Event, quiet: u32) -> Option<Tie> {
    let gap = post.at.abs_diff(event.last).min(post.at.abs_diff(event.first));
    let within = post.at >= event.first && post.at <= event.last;
    if !within && gap > quiet {
        return None;
    }
    // What was said long ago must be more alike to be the same: twice as much at the end of the time.
    let asked = if within { 1.0 } else { 1.0 + gap as f32 / quiet as f32 };
    let words = event.alike(post.features);
    let (compatible, same_place) = match (post.category, event.category()) {
        (Some(one), Some(other)) => (one == other, SAME_PLACE),
        (None, _) | (_, None) => (true, UNKNOWN_SERVICE),
    };
    let held: Vec<u32> = event.held_anchors(HELD).collect();
    let shared = post.anchors.iter().find(|anchor| held.contains(&anchor.key));
    let by = shared.map_or(Common::Words, |anchor| Common::Place(anchor.name.to_owned()));
    match (&by, compatible) {
        (Common::Place(_), true) => {
            (words >= same_place * asked).then_some(Tie { rank: words + LEAD, words, by })
        }
        (Common::Place(_), false) => {
            (words * OTHER_SERVICE >= OTHERWISE).then_some(Tie { rank: words, words, by })
        }
        (Common::Words | Common::Thread, compatible) => {
            let elsewhere = !held.is_empty() && !post.anchors.is_empty();
            let taken =
                if elsewhere { OTHER_PLACE } else { 1.0 } * if compatible { 1.0 } else { OTHER_SERVICE };
            (words * taken >= OTHERWISE).then_some(Tie { rank: words * taken, words, by })
        }
    }
}
