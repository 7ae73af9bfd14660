//! How far a figure hangs on the rows that happened to be drawn: percentile bootstrap (Efron 1979).
//!
//! Rows are drawn again, as many as there are, with a fixed seed, a thousand times; the middle 95 % of the
//! figures so obtained is the interval. All figures are taken on the same draws.

use serde::Serialize;

/// Draws made for the intervals.
const DRAWS: usize = 1000;
/// Where the drawing begins; fixed, so that the same rows give the same interval.
const SEED: u64 = 0x6d69_6e73_6865_6e67;

/// A figure with its interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Its name for scripts.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The figure.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Rows it is taken over.
    pub of: usize,
    /// Whether less is better.
    pub lower_is_better: bool,
}

/// How a figure is taken.
pub(super) struct Measure<T> {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) lower_is_better: bool,
    /// The figure over some items, and over how many; `None` where no item carries its label.
    pub(super) take: fn(&[&T]) -> Option<(f64, usize)>,
}

/// Takes each figure that the items allow.
pub(super) fn measured<T>(items: &[T], measures: &[Measure<T>]) -> Vec<Figure> {
    let all: Vec<&T> = items.iter().collect();
    let possible: Vec<_> =
        measures.iter().filter_map(|measure| Some((measure, (measure.take)(&all)?))).collect();
    let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(DRAWS); possible.len()];
    let mut random = Random(SEED);
    let mut sample = all.clone();
    for _ in 0..DRAWS {
        for one in &mut sample {
            *one = all[random.below(all.len())];
        }
        for ((measure, _), values) in possible.iter().zip(&mut drawn) {
            // A draw without a row of the label (no red post in it) says nothing of the figure.
            values.extend((measure.take)(&sample).map(|(value, _)| value));
        }
    }
    let mut figures = Vec::with_capacity(drawn.len());
    for ((measure, (value, of)), mut values) in possible.into_iter().zip(drawn) {
        values.sort_by(f64::total_cmp);
        figures.push(Figure {
            id: measure.id,
            name: measure.name,
            value,
            low: quantile(&values, 0.025).unwrap_or(value),
            high: quantile(&values, 0.975).unwrap_or(value),
            of,
            lower_is_better: measure.lower_is_better,
        });
    }
    figures
}

fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    sorted.get(at.round() as usize).copied()
}

/// SplitMix64 (Steele et al. 2014): enough to draw rows with, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((u128::from(mixed) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(items: &[&bool]) -> Option<(f64, usize)> {
        let right = items.iter().filter(|one| ***one).count();
        (!items.is_empty()).then(|| (right as f64 / items.len() as f64, items.len()))
    }

    const SHARE: [Measure<bool>; 1] =
        [Measure { id: "share", name: "占比", lower_is_better: false, take: share }];

    #[test]
    fn the_interval_of_a_share_is_that_of_the_textbook() {
        let items: Vec<bool> = (0..400).map(|at| at % 4 != 0).collect();
        let figure = &measured(&items, &SHARE)[0];
        assert_eq!((figure.value, figure.of), (0.75, 400));
        // 0.75 ± 1.96·sqrt(0.75·0.25/400) = 0.708 … 0.792.
        assert!((figure.low - 0.708).abs() < 0.01 && (figure.high - 0.792).abs() < 0.01, "{figure:?}");
        assert_eq!(measured(&items, &SHARE)[0], *figure, "the same rows give the same interval");
    }

    #[test]
    fn no_rows_give_no_figure_and_one_row_no_width() {
        assert!(measured(&[], &SHARE).is_empty());
        let figure = &measured(&[true], &SHARE)[0];
        assert_eq!((figure.low, figure.high), (1.0, 1.0));
    }
}
