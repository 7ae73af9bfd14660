//! How far forecasts were from what came, beside the two plainest ways to foretell.

use std::collections::{BTreeMap, VecDeque};

use minsheng::detect::event::{Events, Forecast};

/// Hours ahead that are measured.
pub(crate) const HORIZONS: [u32; 3] = [1, 3, 6];
const HOUR: u32 = 3_600;
/// How much the pace of the damped trend slackens each hour (Gardner & McKenzie 1985).
const DAMPING: f32 = 0.85;

/// What the forecasts for one horizon were worth: means of the amount of ln(came / foretold).
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Errors {
    pub(crate) forecasts: u32,
    pub(crate) ours: f32,
    /// As if the last hour's pace went on.
    pub(crate) persistence: f32,
    pub(crate) damped: f32,
    /// Share of the forecasts whose range held what came.
    pub(crate) covered: f32,
}

/// Asks for forecasts each hour of the stream, and holds them against what came.
#[derive(Default)]
pub(crate) struct Foretold {
    next: u32,
    /// Voices of each event at the last full hours, the latest last.
    voices: BTreeMap<u64, VecDeque<f32>>,
    pending: BTreeMap<u32, Vec<Pending>>,
    sums: [Errors; HORIZONS.len()],
}

struct Pending {
    event: u64,
    horizon: usize,
    ours: Forecast,
    persistence: f32,
    damped: f32,
}

impl Foretold {
    /// To be called after each post, `now` being its time in seconds since 1970.
    pub(crate) fn look(&mut self, events: &Events, now: u32) {
        if self.next == 0 {
            self.next = now / HOUR * HOUR + HOUR;
        }
        while now >= self.next {
            self.hour(events, self.next);
            self.next += HOUR;
        }
    }

    fn hour(&mut self, events: &Events, now: u32) {
        for event in events.current().filter(|event| event.voices() >= 2) {
            let known = self.voices.entry(event.id).or_default();
            known.push_back(event.voices() as f32);
            if known.len() > 3 {
                known.pop_front();
            }
            let back = |hours: usize| known.len().checked_sub(hours + 1).map_or(0.0, |at| known[at]);
            let (last, before) = (back(0) - back(1), back(1) - back(2));
            // What nobody speaks of any more stays as it is; every way foretells that.
            if last <= 0.0 {
                continue;
            }
            for ours in events.forecast(event) {
                let Some(horizon) = HORIZONS.iter().position(|&hours| hours == ours.hours) else { continue };
                let hours = ours.hours;
                let pace = 0.7 * last + 0.3 * before;
                let damped = (1..=hours).map(|hour| DAMPING.powi(hour.cast_signed())).sum::<f32>() * pace;
                self.pending.entry(now + hours * HOUR).or_default().push(Pending {
                    event: event.id,
                    horizon,
                    ours,
                    persistence: back(0) + last * hours as f32,
                    damped: back(0) + damped,
                });
            }
        }
        for due in self.pending.remove(&now).unwrap_or_default() {
            // One that is over or was taken in by another cannot be asked any more.
            let Some(event) = events.event(due.event) else { continue };
            let came = event.voices() as f32;
            let sum = &mut self.sums[due.horizon];
            let error = |foretold: f32| (came / foretold.max(1.0)).ln().abs();
            sum.forecasts += 1;
            sum.ours += error(due.ours.voices as f32);
            sum.persistence += error(due.persistence);
            sum.damped += error(due.damped);
            sum.covered += f32::from(u8::from((due.ours.low..=due.ours.high).contains(&event.voices())));
        }
    }

    /// By horizon.
    pub(crate) fn errors(&self) -> [Errors; HORIZONS.len()] {
        self.sums.map(|sum| {
            let all = sum.forecasts.max(1) as f32;
            Errors {
                forecasts: sum.forecasts,
                ours: sum.ours / all,
                persistence: sum.persistence / all,
                damped: sum.damped / all,
                covered: sum.covered / all,
            }
        })
    }
}
