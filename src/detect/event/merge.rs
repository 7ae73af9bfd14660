//! Finds events that grew alike: the same service, a shared place and alike words (algorithms §8).

use std::collections::BTreeMap;

use super::event::Event;

/// How alike the words of two events must be.
const ALIKE: f32 = 0.25;
/// Share of an event's posts that must name a place for it to be the event's.
const HELD: f32 = 0.3;
/// Most events at one place that are compared.
const AT_PLACE: usize = 32;

/// Pairs to be merged: the younger, and the older that it goes into. Only events spoken of since `since` are looked at.
pub(super) fn found(events: &BTreeMap<u32, Event>, since: u32) -> Vec<(u32, u32)> {
    let mut at_place: BTreeMap<u32, Vec<&Event>> = BTreeMap::new();
    for event in events.values().filter(|event| event.last >= since) {
        for anchor in event.held_anchors(HELD) {
            at_place.entry(anchor).or_default().push(event);
        }
    }
    let mut into: BTreeMap<u32, u32> = BTreeMap::new();
    for there in at_place.values().filter(|there| there.len() > 1) {
        let latest = &there[there.len().saturating_sub(AT_PLACE)..];
        for (at, younger) in latest.iter().enumerate().skip(1) {
            if into.contains_key(&younger.number) {
                continue;
            }
            let shared = younger.shared();
            let older = latest[..at].iter().find(|older| {
                !into.contains_key(&older.number)
                    && older.category() == younger.category()
                    && older.category().is_some()
                    && older.alike(&shared) >= ALIKE
            });
            if let Some(older) = older {
                into.insert(younger.number, older.number);
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
