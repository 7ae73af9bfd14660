//! Where a grade should begin by what mistakes cost: a missed matter costs so many needless alarms (algorithms §13).

use serde::Serialize;

use super::{Judged, Rung};

/// Fewest labelled rows from which this is told, and fewest of them on either side of a grade.
const ROWS: usize = 200;
const SIDE: usize = 10;
/// What a miss costs, in needless alarms.
const COSTS: [(Rung, u32); 3] = [(Rung::YELLOW, 3), (Rung::ORANGE, 10), (Rung::RED, 40)];

/// A grade with the mistakes that its beginning makes, and those that another one would make.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Threshold {
    /// The grade.
    pub grade: &'static str,
    /// What a miss costs, in needless alarms.
    pub cost: u32,
    /// Rows of this grade or higher that were given less.
    pub missed: usize,
    /// Rows of less that were given this grade or a higher one.
    pub needless: usize,
    /// Points at which it should begin for the least cost.
    pub points: f32,
    /// What would be missed then.
    pub missed_then: usize,
    /// What would be needless then.
    pub needless_then: usize,
}

/// The grades for which enough rows are labelled.
pub(super) fn thresholds(judged: &[Judged]) -> Vec<Threshold> {
    let graded: Vec<(Rung, Rung, f32)> = judged
        .iter()
        .filter_map(|one| {
            Some((one.row.labels.grade?, Rung::of(one.assessment.grade), one.assessment.sensitivity))
        })
        .collect();
    if graded.len() < ROWS {
        return Vec::new();
    }
    COSTS.iter().filter_map(|&(rung, cost)| threshold(&graded, rung, cost)).collect()
}

fn threshold(graded: &[(Rung, Rung, f32)], rung: Rung, cost: u32) -> Option<Threshold> {
    let mut rows: Vec<(f32, bool)> =
        graded.iter().map(|(wanted, _, points)| (*points, *wanted >= rung)).collect();
    let (all, matters) = (rows.len(), rows.iter().filter(|(_, matter)| *matter).count());
    if matters < SIDE || all - matters < SIDE {
        return None;
    }
    rows.sort_by(|one, other| other.0.total_cmp(&one.0));
    // From above: with each lower beginning more is told.
    let (mut told, mut needless) = (0, 0);
    let mut best: Option<(u64, f32, usize, usize)> = None;
    for same in rows.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        told += same.iter().filter(|(_, matter)| *matter).count();
        needless += same.iter().filter(|(_, matter)| !*matter).count();
        let whole = u64::from(cost) * (matters - told) as u64 + needless as u64;
        if best.is_none_or(|(least, ..)| whole < least) {
            best = Some((whole, same[0].0, matters - told, needless));
        }
    }
    let (_, points, missed_then, needless_then) = best?;
    Some(Threshold {
        grade: rung.as_str(),
        cost,
        missed: graded.iter().filter(|(wanted, given, _)| *wanted >= rung && *given < rung).count(),
        needless: graded.iter().filter(|(wanted, given, _)| *wanted < rung && *given >= rung).count(),
        points,
        missed_then,
        needless_then,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_that_costs_much_lets_a_grade_begin_lower() {
        // Twenty matters from 40 to 78 points, one of them at 20; noise from 0 to 38.
        let matter =
            |points: f32| (Rung::YELLOW, if points >= 50.0 { Rung::YELLOW } else { Rung::NONE }, points);
        let noise = |points: f32| (Rung::NONE, Rung::NONE, points);
        let mut graded: Vec<(Rung, Rung, f32)> =
            (20..40_u8).map(|half| matter(f32::from(half) * 2.0)).collect();
        graded.push(matter(20.0));
        graded.extend((0..20_u8).map(|half| noise(f32::from(half) * 2.0)));
        let at = |cost| {
            let found = threshold(&graded, Rung::YELLOW, cost).unwrap();
            (found.points, found.missed, found.missed_then, found.needless_then)
        };
        assert_eq!(at(3), (40.0, 6, 1, 0), "one miss costs less than ten needless alarms");
        assert_eq!(at(40), (20.0, 6, 0, 10));
        assert!(threshold(&graded, Rung::RED, 40).is_none(), "nobody labelled any red");
    }
}
