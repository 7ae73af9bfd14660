//! The heat of an event: what was said of it lately, each post counting half after six hours (algorithms §9).

use serde::{Deserialize, Serialize};

const HALF_LIFE: f32 = 6.0 * 3_600.0;
/// A heat of so much is shown as 100. Version 1: fixed, until daily peaks of an installation are known.
const FULL: f32 = 500.0;
/// Most posts of one writer that count within an hour.
const OF_ONE: u8 = 3;
/// Writers of the hour that are told apart.
const WRITERS: usize = 64;

/// What a post adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Original,
    Copy,
    Comment,
}

/// A number that cools down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Heat {
    value: f32,
    at: u32,
    hour: u32,
    /// Posts within the hour, by writer.
    writers: Vec<(u64, u8)>,
}

impl Heat {
    pub(super) fn new(at: u32) -> Self {
        Self { value: 0.0, at, hour: at / 3_600, writers: Vec::new() }
    }

    /// Adds a post; one that comes late counts for what is left of it.
    pub(super) fn add(&mut self, part: Part, voice: u64, at: u32) {
        let hour = at / 3_600;
        if hour > self.hour {
            (self.hour, self.writers) = (hour, Vec::new());
        }
        match self.writers.iter().position(|(known, _)| *known == voice) {
            Some(at) if self.writers[at].1 >= OF_ONE => return,
            Some(at) => self.writers[at].1 += 1,
            None if self.writers.len() < WRITERS => self.writers.push((voice, 1)),
            None => {}
        }
        let worth = match part {
            Part::Original => 1.0,
            Part::Copy => 0.5,
            Part::Comment => 0.3,
        };
        if at >= self.at {
            self.value = self.value_at(at) + worth;
            self.at = at;
        } else {
            self.value += worth * cooled(self.at - at);
        }
    }

    /// Takes in the heat of another event.
    pub(super) fn merge(&mut self, other: &Self) {
        let at = self.at.max(other.at);
        (self.value, self.at) = (self.value_at(at) + other.value_at(at), at);
    }

    /// The index at a time, 0 to 100.
    pub(super) fn index(&self, at: u32) -> f32 {
        (100.0 * self.value_at(at).ln_1p() / FULL.ln_1p()).min(100.0)
    }

    fn value_at(&self, at: u32) -> f32 {
        self.value * cooled(at.saturating_sub(self.at))
    }
}

fn cooled(seconds: u32) -> f32 {
    (-(seconds as f32) / HALF_LIFE).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_halves_in_six_hours_in_whatever_order_posts_come() {
        let (six, day) = (6 * 3_600, 86_400);
        let mut heat = Heat::new(day);
        heat.add(Part::Original, 1, day);
        heat.add(Part::Original, 2, day + six);
        let mut late = Heat::new(day);
        late.add(Part::Original, 2, day + six);
        late.add(Part::Original, 1, day);
        assert!((heat.value_at(day + six) - 1.5).abs() < 1e-4);
        assert!((late.value_at(day + six) - 1.5).abs() < 1e-4);
        assert!(heat.index(day + six) > heat.index(day + 2 * six));
    }

    #[test]
    fn one_writer_cannot_heat_it_up() {
        let mut heat = Heat::new(0);
        (0..100).for_each(|_| heat.add(Part::Original, 7, 0));
        assert!((heat.value_at(0) - 3.0).abs() < 1e-4);
    }
}
