//! What was said before, so that an old text that goes round again is told from news (旧文重发).
//!
//! A table of fixed size keeps the newest texts by their sketches, each found by any of four parts of it: of two sketches that
//! differ in at most three bits one part is the same. Texts that nobody need answer, and those too short to be anybody's
//! own, are not kept.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Parts of a sketch by which it is found, of sixteen bits each.
const PARTS: usize = 4;
/// Places in the table for each part (a power of two), and texts kept at each.
const PLACES: usize = 1 << 14;
const WAYS: usize = 2;
/// In how many of 64 bits the sketches of a text and of its copy may differ.
const NEAR: u32 = 3;
/// Shortest text kept, in characters.
const SHORTEST: usize = 20;
/// From this age on a text is old, in seconds: 30 days.
const OLD: u32 = 30 * 86_400;

/// Texts said before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Bygone {
    #[serde(with = "crate::detect::sparse")]
    texts: Vec<Said>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    sketch: u64,
    /// When it was said first, in seconds since 1970; 0 for none.
    at: u32,
}

impl Bygone {
    pub(super) fn new() -> Self {
        Self { texts: vec![Said::default(); PARTS * PLACES * WAYS] }
    }

    /// Notes a text said at `at`; gives for how many days it has been known if it is old.
    pub(super) fn hear(&mut self, sketch: u64, characters: usize, at: u32) -> Option<u32> {
        if characters < SHORTEST {
            return None;
        }
        let near = |said: &&Said| said.at != 0 && (said.sketch ^ sketch).count_ones() <= NEAR;
        let known = (0..PARTS).flat_map(|part| self.at(part, sketch)).filter(near);
        if let Some(first) = known.map(|said| said.at).min() {
            return (first.saturating_add(OLD) <= at).then(|| (at - first) / 86_400);
        }
        for part in 0..PARTS {
            let from = place(part, sketch);
            let ways = &mut self.texts[from..from + WAYS];
            ways.rotate_right(1);
            ways[0] = Said { sketch, at };
        }
        None
    }

    fn at(&self, part: usize, sketch: u64) -> &[Said] {
        let from = place(part, sketch);
        &self.texts[from..from + WAYS]
    }
}

fn place(part: usize, sketch: u64) -> usize {
    let bits = (sketch >> (16 * part)) & 0xffff;
    (part * PLACES + (xxh3_64(&bits.to_le_bytes()) as usize & (PLACES - 1))) * WAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;

    #[test]
    fn a_text_is_old_when_it_or_nearly_it_was_said_a_month_ago() {
        let mut bygone = Bygone::new();
        let (text, start) = (0x0123_4567_89ab_cdef_u64, 1_000 * DAY);
        assert_eq!(bygone.hear(text, 19, start), None, "too short to be anybody's own");
        assert_eq!(bygone.hear(text, 40, start + DAY), None, "new");
        assert_eq!(bygone.hear(text, 40, start + 30 * DAY), None, "29 days");
        assert_eq!(bygone.hear(text, 40, start + 41 * DAY), Some(40));
        assert_eq!(bygone.hear(text ^ 0b111, 40, start + 41 * DAY), Some(40), "three bits");
        assert_eq!(bygone.hear(text ^ 0b1111, 40, start + 41 * DAY), None, "four");
        assert_eq!(bygone.hear(!text, 40, start + 41 * DAY), None, "another");
    }

    #[test]
    fn a_month_of_a_busy_desk_fits_well_enough() {
        let mut bygone = Bygone::new();
        let text = |n: u64| xxh3_64(&n.to_le_bytes());
        for n in 0..20_000_u64 {
            bygone.hear(text(n), 40, 1_000 * DAY + n as u32);
        }
        let found = (0..20_000_u64).filter(|n| bygone.hear(text(*n), 40, 1_040 * DAY).is_some()).count();
        assert!(found > 18_000, "{found} of 20000 are still known");
    }
}
