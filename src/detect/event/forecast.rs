//! How many will have spoken of an event in some hours, learned from events that are over (algorithms §9).
//!
//! Four ways are tried: that the last hour's pace goes on; that it goes on and slackens (a damped trend, Gardner and
//! McKenzie 1985), both as loud as the hours of the day are; that the number grows as it did with others of the same age (log-linear, Szabo and Huberman 2010); and
//! halfway between these two, since errors of unlike ways partly cancel (Bates and Granger 1969).
//! For each horizon the way that erred least lately is taken, the slackening pace unless another one is better by more
//! than chance makes it, and its own past errors give the range in which four of
//! five events ended up: how much of them it leaves out at each end is learnt too, since most events do not grow any
//! more and a plain share of the errors would hold too often (adaptive conformal inference, Gibbs and Candès 2021).
//! Before enough events are over nothing is told.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::rhythm::Rhythm;

/// Hours ahead.
pub const HORIZONS: [u32; 3] = [1, 3, 6];
/// Ages of events that are told apart, in hours; an event is as old as the largest that it has reached.
const AGES: [u32; 8] = [1, 2, 3, 6, 12, 24, 48, 96];
/// Fewest voices and shortest time of which a forecast is made.
const VOICES: f32 = 5.0;
const YOUNGEST: u32 = 1_800;
/// Fewest events of an age that teach something, and most that are remembered.
const FEW: usize = 20;
const MOST: usize = 128;
/// How much the pace slackens each hour.
const DAMPING: f32 = 0.85;
/// What the latest error weighs in the mean of a way's errors.
const LATEST: f32 = 0.05;
const WAYS: usize = 4;
/// The way by which the pace slackens, and how much smaller the errors of another have to be for it to be taken.
const DAMPED: usize = 1;
const BETTER: f32 = 0.9;
/// Share of events that are to end up outside of the range, and how fast it is learnt what gives that. More than the fifth
/// that is meant: what is over teaches, and what is still spoken of when it is asked ends up within more often.
const OUTSIDE: f32 = 0.26;
const LEARNS: f32 = 0.02;

/// What is known of events that are over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Forecaster {
    /// By age, by whether it grew in the last hour, and by horizon.
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cell {
    /// ln(number then / number now) of events that are over.
    grew: VecDeque<f32>,
    /// By way: ln(number then / number foretold), and the mean of its amount.
    errors: [VecDeque<f32>; WAYS],
    mean: [f32; WAYS],
    /// By way: how much of its errors the range leaves out, both ends together.
    left_out: [f32; WAYS],
}

/// A forecast of the distinct voices of an event, from its first post on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Hours ahead.
    pub hours: u32,
    /// The voices most likely then.
    pub voices: u32,
    /// Four of five events of this sort end up from here
    pub low: u32,
    /// … to here.
    pub high: u32,
    /// Events that taught it.
    pub learned_from: u32,
}

/// An event at some age: voices so far, and new ones in each of the last two hours, the latest first.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Course {
    voices: f32,
    lately: [f32; 2],
    tide: Tide,
}

/// How loud the last two hours were, the latest first, and how loud the next ones are going to be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tide {
    lately: [f32; 2],
    ahead: [f32; FURTHEST],
}

/// The furthest horizon.
const FURTHEST: usize = HORIZONS[HORIZONS.len() - 1] as usize;

impl Tide {
    fn at(rhythm: &Rhythm, now: u32) -> Self {
        // Of each hour its middle.
        let lately = [1_800, 5_400].map(|back| rhythm.loudness(now.saturating_sub(back)));
        let ahead = std::array::from_fn(|hour| rhythm.loudness(now + 3_600 * hour as u32 + 1_800));
        Self { lately, ahead }
    }
}

impl Forecaster {
    pub(super) fn new() -> Self {
        Self { cells: vec![Cell::default(); AGES.len() * 2 * HORIZONS.len()] }
    }

    /// Learns from an event that is over.
    pub(super) fn learn(&mut self, event: &Event, rhythm: &Rhythm) {
        let Some((first_hour, _)) = event.hours().next() else { return };
        let by_hour = by_hour(event);
        let total: f32 = by_hour.iter().sum();
        if total < VOICES {
            return;
        }
        let until = |hours: usize| by_hour.iter().take(hours).sum::<f32>();
        for (at, &age) in AGES.iter().enumerate() {
            let age = age as usize;
            let hour = |back: usize| age.checked_sub(back).and_then(|hour| by_hour.get(hour)).copied();
            let course = Course {
                voices: until(age),
                lately: [hour(1).unwrap_or(0.0), hour(2).unwrap_or(0.0)],
                tide: Tide::at(rhythm, first_hour + 3_600 * age as u32),
            };
            if course.voices < VOICES {
                continue;
            }
            for (ahead, &hours) in HORIZONS.iter().enumerate() {
                self.cells[first(at, &course) + ahead].learn(&course, hours, until(age + hours as usize));
            }
        }
    }

    /// What is to be expected of an event; nothing where too little is known.
    pub(super) fn of(&self, event: &Event, rhythm: &Rhythm, now: u32) -> Vec<Forecast> {
        let age = now.saturating_sub(event.first);
        let voices = event.voices() as f32;
        if voices < VOICES || age < YOUNGEST {
            return Vec::new();
        }
        let hours = (age / 3_600).max(1);
        let at = AGES.iter().rposition(|&reached| reached <= hours).unwrap_or(0);
        let new =
            |from: u32, until: u32| event.posts_between(now.saturating_sub(from), now.saturating_sub(until));
        // New voices are kept by the clock's hour; posts by ten minutes tell the last hour better.
        let each = voices / event.posts.max(1) as f32;
        let lately = [new(3_600, 0) as f32 * each, new(7_200, 3_600) as f32 * each];
        let course = Course { voices, lately, tide: Tide::at(rhythm, now) };
        let cells = self.cells[first(at, &course)..].iter().zip(HORIZONS);
        cells.filter_map(|(cell, hours)| cell.forecast(&course, hours)).collect()
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            grew: VecDeque::new(),
            errors: Default::default(),
            mean: [0.0; WAYS],
            left_out: [OUTSIDE; WAYS],
        }
    }
}

impl Cell {
    fn learn(&mut self, course: &Course, hours: u32, then: f32) {
        for way in 0..WAYS {
            let Some(foretold) = self.foretell(way, course, hours) else { continue };
            let error = (then / foretold).ln();
            if self.errors[way].len() >= FEW {
                let (low, high) = self.range(way, foretold, course);
                let missed = f32::from(u8::from(then.round() < low || then.round() > high));
                let left_out = self.left_out[way] + LEARNS * (OUTSIDE - missed);
                self.left_out[way] = left_out.clamp(0.02, 0.98);
            }
            let first = self.errors[way].is_empty();
            remember(&mut self.errors[way], error);
            let weight = if first { 1.0 } else { LATEST };
            self.mean[way] += weight * (error.abs() - self.mean[way]);
        }
        remember(&mut self.grew, (then / course.voices).ln());
    }

    fn forecast(&self, course: &Course, hours: u32) -> Option<Forecast> {
        let known = (0..WAYS).filter(|&way| self.errors[way].len() >= FEW);
        let best = known.min_by(|&one, &other| self.mean[one].total_cmp(&self.mean[other]))?;
        let best = if self.mean[best] > BETTER * self.mean[DAMPED] { DAMPED } else { best };
        let foretold = self.foretell(best, course, hours)?;
        let (low, high) = self.range(best, foretold, course);
        Some(Forecast {
            hours,
            voices: foretold.max(course.voices).round().clamp(low, high) as u32,
            low: low as u32,
            high: high as u32,
            learned_from: self.errors[best].len() as u32,
        })
    }

    /// From where to where four of five events end up, in whole voices. They do not become fewer.
    fn range(&self, way: usize, foretold: f32, course: &Course) -> (f32, f32) {
        let at =
            |share: f32| (foretold * quantile(&self.errors[way], share).exp()).max(course.voices).round();
        let tail = self.left_out[way] / 2.0;
        (at(tail), at(1.0 - tail))
    }

    /// Voices in so many hours: 0, the pace goes on; 1, it slackens; 2, it goes as with others; 3, halfway between those.
    fn foretell(&self, way: usize, course: &Course, hours: u32) -> Option<f32> {
        let Course { voices, lately, tide } = *course;
        let ahead = || tide.ahead.iter().take(hours as usize);
        match way {
            0 => Some(voices + lately[0] / tide.lately[0] * ahead().sum::<f32>()),
            1 => {
                let pace = 0.7 * lately[0] / tide.lately[0] + 0.3 * lately[1] / tide.lately[1];
                let damped = ahead().zip(1..).map(|(loud, hour)| loud * DAMPING.powi(hour));
                Some(voices + pace * damped.sum::<f32>())
            }
            2 => (self.grew.len() >= FEW).then(|| voices * quantile(&self.grew, 0.5).exp()),
            _ => Some((self.foretell(1, course, hours)? * self.foretell(2, course, hours)?).sqrt()),
        }
    }
}

/// The first cell of an age: what still grows goes on otherwise than what has stopped.
fn first(age: usize, course: &Course) -> usize {
    (age * 2 + usize::from(course.lately[0] > 0.0)) * HORIZONS.len()
}

/// New voices by hour, from the first post on.
fn by_hour(event: &Event) -> Vec<f32> {
    let Some((first, _)) = event.hours().next() else { return Vec::new() };
    let longest = AGES[AGES.len() - 1] + HORIZONS[HORIZONS.len() - 1];
    let mut hours = vec![0.0; longest as usize];
    for (hour, what) in event.hours() {
        if let Some(voices) = hours.get_mut(((hour - first) / 3_600) as usize) {
            *voices += what.voices as f32;
        }
    }
    hours
}

fn remember(values: &mut VecDeque<f32>, value: f32) {
    if values.len() == MOST {
        values.pop_front();
    }
    values.push_back(value);
}

/// The value below which this share of the values lies.
fn quantile(values: &VecDeque<f32>, share: f32) -> f32 {
    let mut sorted: Vec<f32> = values.iter().copied().collect();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().saturating_sub(1) as f32;
    sorted.get((share * last).round() as usize).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All hours are alike.
    const STILL: Tide = Tide { lately: [1.0; 2], ahead: [1.0; FURTHEST] };

    #[test]
    fn towards_the_night_fewer_are_foretold() {
        let cell = Cell::default();
        let course = Course { voices: 10.0, lately: [8.0, 8.0], tide: STILL };
        let night = Course { tide: Tide { lately: [1.0; 2], ahead: [0.25; FURTHEST] }, ..course };
        for way in [0, DAMPED] {
            let [day, night] = [course, night].map(|course| cell.foretell(way, &course, 3).unwrap());
            assert!(((night - 10.0) / (day - 10.0) - 0.25).abs() < 1e-4, "{way}: {night} beside {day}");
        }
    }

    #[test]
    fn the_way_that_errs_least_is_taken_and_its_errors_give_the_range() {
        let mut cell = Cell::default();
        let course = Course { voices: 10.0, lately: [10.0, 0.0], tide: STILL };
        assert_eq!(cell.forecast(&course, 1), None, "nothing is known yet");
        for event in 0..60 {
            cell.learn(&course, 1, 15.0 + (event % 5) as f32 - 2.0);
        }
        let forecast = cell.forecast(&course, 1).unwrap();
        assert!((14..=16).contains(&forecast.voices), "{forecast:?}");
        assert!((13..=14).contains(&forecast.low) && (16..=17).contains(&forecast.high), "{forecast:?}");
        let quiet = Course { voices: 100.0, lately: [0.0, 0.0], tide: STILL };
        assert!(cell.forecast(&quiet, 1).unwrap().low >= 100, "voices do not become fewer");
    }

    #[test]
    fn quantiles() {
        let values: VecDeque<f32> = (0..=10).map(|value| value as f32).collect();
        assert_eq!((quantile(&values, 0.1), quantile(&values, 0.5), quantile(&values, 0.9)), (1.0, 5.0, 9.0));
    }
}
