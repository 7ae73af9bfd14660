//! How well a model alone does on rows it has not seen, head by head.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Model;
use super::training::Example;

/// Bands of likelihood in which promises are compared with what came of them.
const BANDS: usize = 10;

/// What came of one head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// The head.
    pub head: String,
    /// Rows that have its label.
    pub rows: usize,
    /// Share of rows given the right label.
    pub accuracy: f64,
    /// Mean F1 over the labels that rows have.
    pub macro_f1: f64,
    /// Expected calibration error: by how much likelihoods differ from what came of them, on the mean.
    pub calibration_error: f64,
}

/// Right and given labels of rows that models had not seen, with how sure they were.
#[derive(Debug, Clone, Default)]
pub struct Trials {
    heads: BTreeMap<String, Vec<(String, String, f32)>>,
}

impl Trials {
    /// Asks a model for rows it has not seen.
    pub fn ask(&mut self, model: &Model, rows: &[&Example]) {
        for row in rows {
            let opinion = model.judge(&row.bag);
            for (head, right) in &row.labels {
                if let Some((given, share)) = opinion.of(head).and_then(|likely| likely.top()) {
                    let all = self.heads.entry(head.clone()).or_default();
                    all.push((right.clone(), given.to_owned(), share));
                }
            }
        }
    }

    /// What came of it.
    pub fn results(&self) -> Vec<Trial> {
        self.heads.iter().map(|(head, rows)| trial(head, rows)).collect()
    }
}

fn trial(head: &str, rows: &[(String, String, f32)]) -> Trial {
    let mut counts = BTreeMap::<&str, [usize; 3]>::new();
    let mut bands = [(0_usize, 0.0_f64, 0_usize); BANDS];
    for (right, given, share) in rows {
        let hit = right == given;
        counts.entry(right).or_default()[usize::from(!hit)] += 1;
        if !hit {
            counts.entry(given).or_default()[2] += 1;
        }
        let band = &mut bands[((share * BANDS as f32) as usize).min(BANDS - 1)];
        *band = (band.0 + 1, band.1 + f64::from(*share), band.2 + usize::from(hit));
    }
    let known = counts.values().filter(|[hits, missed, _]| hits + missed > 0);
    let f1: Vec<f64> = known
        .map(|&[hits, missed, wrong]| 2.0 * hits as f64 / (2 * hits + missed + wrong).max(1) as f64)
        .collect();
    let hits: usize = counts.values().map(|[hits, _, _]| hits).sum();
    let apart = bands.iter().map(|&(_, promised, came)| (promised - came as f64).abs()).sum::<f64>();
    let all = rows.len().max(1) as f64;
    Trial {
        head: head.to_owned(),
        rows: rows.len(),
        accuracy: hits as f64 / all,
        macro_f1: f1.iter().sum::<f64>() / f1.len().max(1) as f64,
        calibration_error: apart / all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_misses_and_promises_are_counted() {
        let row = |right: &str, given: &str, share| (right.to_owned(), given.to_owned(), share);
        let rows = [row("a", "a", 0.9), row("a", "b", 0.9), row("b", "b", 0.6), row("b", "b", 0.6)];
        let found = trial("kind", &rows);
        assert_eq!((found.rows, found.accuracy), (4, 0.75));
        // a: 2·1/(2·1+1+0), b: 2·2/(2·2+0+1).
        assert!((found.macro_f1 - f64::midpoint(2.0 / 3.0, 4.0 / 5.0)).abs() < 1e-9, "{found:?}");
        // Promised 1.8 where 1 came, and 1.2 where 2 came.
        assert!((found.calibration_error - (0.8 + 0.8) / 4.0).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn a_label_that_no_row_has_is_no_class_of_the_mean() {
        let rows = [("a".to_owned(), "z".to_owned(), 0.5), ("a".to_owned(), "a".to_owned(), 0.5)];
        assert!((trial("kind", &rows).macro_f1 - 2.0 / 3.0).abs() < 1e-9);
    }
}
