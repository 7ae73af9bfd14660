//! Decides whether a post belongs to an event: by place or institution, service, wording and time (algorithms §8).
//!
//! The text alone misleads: that water is off in one estate and in another is told in the same words. What both name
//! decides how much the rest has to tell. Each line of evidence adds to the logarithm of the odds that post and event
//! are of one happening; the figures are those of a logistic regression on made streams of known truth
//! (`tests/streams`), rounded. Where both name the same place, the time since the event's last post tells most, and
//! words least: people say one thing in many ways. The name itself is left out of the words then, as it would make
//! everything said of a place alike.

use super::event::Event;
use crate::detect::anchors::Anchor;
use crate::lexicon::category::Category;

/// What is compared of a post.
#[derive(Debug)]
pub(super) struct Compared<'a> {
    /// Its features with their weights, sorted, of unit length.
    pub(super) features: &'a [(u32, f32)],
    /// Those of its features that are of its places' names, sorted.
    pub(super) names: &'a [u32],
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
    /// The logarithm of the odds that both are of one happening; of several events the one with the highest is taken.
    pub(super) odds: f32,
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

/// How much each line of evidence adds to the logarithm of the odds.
struct Weights {
    /// Of nothing else known.
    beginning: f32,
    /// Times the logarithm of the likeness of the words.
    words: f32,
    /// Times the logarithm of how many times as often as elsewhere the event's posts are of the post's service.
    service: f32,
    /// Times the logarithm of the time since the event's last post.
    time: f32,
    /// Least odds: wrong joins hurt more than events told in two.
    least: f32,
}

const SAME_PLACE: Weights = Weights { beginning: 3.7, words: 0.74, service: 0.35, time: 1.75, least: 0.3 };
const UNKNOWN_PLACE: Weights = Weights { beginning: 2.6, words: 1.4, service: 0.95, time: 1.4, least: 1.1 };
/// Added to likeness and share, so that none of it is not the end of it.
const NO_WORDS: f32 = 0.03;
const NO_SERVICE: f32 = 0.3;
/// Share of all posts that are of one service, about.
const USUAL_SERVICE: f32 = 0.15;
/// An anchor speaks for an event if at least this share of its posts names it.
const HELD: f32 = 0.15;

/// What has no words in common and is of a service that none of the event's posts is of tells of something else.
const FEW_WORDS: f32 = 0.06;
const FOREIGN: f32 = 1.0;

/// Whether the post belongs to the event, `short` being a short silence at the stream's pace and `quiet` the time
/// without a post after which an event is over, both in seconds.
pub(super) fn tie(post: &Compared<'_>, event: &Event, short: u32, quiet: u32) -> Option<Tie> {
    let gap = post.at.abs_diff(event.last).min(post.at.abs_diff(event.first));
    let within = post.at >= event.first && post.at <= event.last;
    if !within && gap > quiet {
        return None;
    }
    let gap = if within { 0 } else { gap };
    let held: Vec<u32> = event.held_anchors(HELD).collect();
    let shared = post.anchors.iter().find(|anchor| held.contains(&anchor.key));
    if shared.is_none() && !held.is_empty() && !post.anchors.is_empty() {
        return None;
    }
    let weights = if shared.is_some() { &SAME_PLACE } else { &UNKNOWN_PLACE };
    let share = post.category.and_then(|category| event.share_of(category));
    let service = share.map_or(0.0, |(of_it, all)| ((of_it + NO_SERVICE) / (all + 2.0) / USUAL_SERVICE).ln());
    let odds =
        weights.beginning + weights.service * service - weights.time * (1.0 + gap as f32 / short as f32).ln();
    // Most events that are looked at are too old for any likeness; comparing words is what costs.
    if odds + weights.words * (1.0 + NO_WORDS).ln() < weights.least {
        return None;
    }
    let words = match shared {
        Some(_) => event.alike_without(post.features, post.names),
        None => event.alike(post.features),
    };
    let foreign = words < FEW_WORDS && share.is_some_and(|(of_it, _)| of_it == 0.0);
    let odds = odds + weights.words * (words + NO_WORDS).ln() - if foreign { FOREIGN } else { 0.0 };
    let by = shared.map_or(Common::Words, |anchor| Common::Place(anchor.name.to_owned()));
    (odds >= weights.least).then_some(Tie { by, words, odds })
}
