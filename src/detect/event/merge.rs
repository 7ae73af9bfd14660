//! Finds events that grew alike: the same service, a shared place and alike words (algorithms §8).

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::lookup::Lookup;
use super::regroup::Apart;

/// How alike the words of two events must be.
const ALIKE: f32 = 0.25;
/// Share of an event's posts that must name a place for it to be the event's.
const HELD: f32 = 0.3;

/// Pairs to be merged: the younger, and the older that it goes into. Looked at are those that were `touched` since the
/// last time, with the events at their places that were spoken of since `since`.
pub(super) fn found(
    touched: &BTreeSet<u32>,
    events: &BTreeMap<u32, Box<Event>>,
    by_anchor: &Lookup,
    apart: &Apart,
    since: u32,
) -> Vec<(u32, u32)> {
    let mut into: BTreeMap<u32, u32> = BTreeMap::new();
    for event in touched.iter().filter_map(|number| events.get(number)) {
        for anchor in event.held_anchors(HELD) {
            let there = by_anchor.get(anchor).filter(|number| *number != event.number);
            for other in there.filter_map(|number| events.get(&number)) {
                let (older, younger) =
                    if other.number < event.number { (other, event) } else { (event, other) };
                let same = other.last >= since
                    && !into.contains_key(&younger.number)
                    && !into.contains_key(&older.number)
                    && !apart.holds(older.number, younger.number)
                    && other.held_anchors(HELD).any(|held| held == anchor)
                    && are_alike(older, younger);
                if same {
                    into.insert(younger.number, older.number);
                }
            }
        }
    }
    // An event that takes another in and is itself taken in at another place: the oldest takes all.
    let target = |mut number: u32| {
        while let Some(&further) = into.get(&number) {
            number = further;
        }
        number
    };
    into.keys().map(|&from| (from, target(from))).collect()
}

/// Alike are two of one service whose words are, the place's name among them.
fn are_alike(older: &Event, younger: &Event) -> bool {
    older.category().is_some() && older.category() == younger.category() && older.alike_to(younger) >= ALIKE
}
