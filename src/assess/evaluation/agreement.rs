//! Measures of agreement over pairs of wanted and given.

use serde::Serialize;

/// What is taken for what: counts by wanted and given class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The classes.
    pub names: Vec<String>,
    /// Counts: a row for each wanted class, in it a column for each given one.
    pub cells: Vec<Vec<u32>>,
}

/// How well one class is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Found {
    /// Share of those given that are right; 0 if none is given.
    pub precision: f64,
    /// Share of those wanted that are given; 0 if none is wanted.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
}

impl Confusion {
    /// Counts pairs of wanted and given class, by their place in `names`.
    pub fn of(names: Vec<String>, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut cells = vec![vec![0; names.len()]; names.len()];
        for (wanted, given) in pairs {
            cells[wanted][given] += 1;
        }
        Self { names, cells }
    }

    /// Rows wanted to be of a class.
    pub fn wanted(&self, class: usize) -> u32 {
        self.cells[class].iter().sum()
    }

    /// Rows given a class.
    pub fn given(&self, class: usize) -> u32 {
        self.cells.iter().map(|row| row[class]).sum()
    }

    /// How well a class is found.
    pub fn found(&self, class: usize) -> Found {
        let right = f64::from(self.cells[class][class]);
        let share = |of: u32| if of == 0 { 0.0 } else { right / f64::from(of) };
        let both = f64::from(self.wanted(class) + self.given(class));
        Found {
            precision: share(self.given(class)),
            recall: share(self.wanted(class)),
            f1: if both == 0.0 { 0.0 } else { 2.0 * right / both },
        }
    }
}

/// Mean F1 over the first `classes` classes that are wanted at all; what is given beyond them is a miss.
pub(super) fn macro_f1(pairs: &[(usize, usize)], classes: usize) -> Option<f64> {
    let mut counts = vec![(0_u32, 0_u32, 0_u32); classes];
    for &(wanted, given) in pairs {
        if let Some(count) = counts.get_mut(wanted) {
            count.0 += 1;
            count.2 += u32::from(wanted == given);
        }
        if let Some(count) = counts.get_mut(given) {
            count.1 += 1;
        }
    }
    let wanted = counts.iter().filter(|(wanted, _, _)| *wanted > 0);
    let all: Vec<f64> =
        wanted.map(|&(wanted, given, right)| 2.0 * f64::from(right) / f64::from(wanted + given)).collect();
    (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
}

/// Cohen's kappa with quadratic weights over `steps` steps: 1 for full agreement, 0 for that of chance.
pub(super) fn weighted_kappa(pairs: &[(usize, usize)], steps: usize) -> Option<f64> {
    let rows = pairs.len() as f64;
    let (mut wanted, mut given) = (vec![0.0; steps], vec![0.0; steps]);
    let mut seen = 0.0;
    for &(one, other) in pairs {
        wanted[one] += 1.0;
        given[other] += 1.0;
        seen += apart(one, other);
    }
    let mut expected = 0.0;
    for (one, wanted) in wanted.iter().enumerate() {
        for (other, given) in given.iter().enumerate() {
            expected += wanted * given * apart(one, other);
        }
    }
    // All rows of one class and all given it: full agreement, though chance would do as well.
    match (pairs.is_empty(), expected == 0.0) {
        (true, _) => None,
        (false, true) => Some(1.0),
        (false, false) => Some(1.0 - seen * rows / expected),
    }
}

fn apart(one: usize, other: usize) -> f64 {
    let steps = one.abs_diff(other) as f64;
    steps * steps
}

/// F1 of yes among pairs of wanted and given; `None` where yes is neither wanted nor given.
pub(super) fn f1(pairs: impl IntoIterator<Item = (bool, bool)>) -> Option<f64> {
    let (mut right, mut both) = (0_u32, 0_u32);
    for (wanted, given) in pairs {
        right += u32::from(wanted && given);
        both += u32::from(wanted) + u32::from(given);
    }
    (both > 0).then(|| 2.0 * f64::from(right) / f64::from(both))
}

/// Chance that one of those wanted scores above one not wanted, ties counting half (Mann and Whitney 1947).
pub(super) fn area_under_curve(scores: &[(bool, f32)]) -> Option<f64> {
    let mut sorted: Vec<(bool, f32)> = scores.to_vec();
    sorted.sort_by(|one, other| one.1.total_cmp(&other.1));
    let (mut below, mut won, mut yes) = (0.0, 0.0, 0.0);
    for tied in sorted.chunk_by(|one, other| one.1.total_cmp(&other.1).is_eq()) {
        let here = tied.iter().filter(|(wanted, _)| *wanted).count() as f64;
        let not = tied.len() as f64 - here;
        won += here * (below + not / 2.0);
        below += not;
        yes += here;
    }
    (yes > 0.0 && below > 0.0).then(|| won / (yes * below))
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;

    fn near(found: Option<f64>, expected: f64) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 1e-9)
    }

    #[test]
    fn figures_are_those_worked_by_hand() {
        // Class 0: 2 wanted, 3 given, 2 right: 4/5. Class 1: 2 wanted, 1 given, 1 right: 2/3.
        let pairs = [(0, 0), (0, 0), (1, 0), (1, 1)];
        assert!(near(macro_f1(&pairs, 2), f64::midpoint(0.8, 2.0 / 3.0)));
        // The same by scikit-learn's cohen_kappa_score(weights="quadratic"): 0.5.
        assert!(near(weighted_kappa(&pairs, 2), 0.5));
        assert!(near(f1([(true, true), (true, false), (false, true), (false, false)]), 0.5));
        assert!(near(area_under_curve(&[(true, 3.0), (true, 1.0), (false, 1.0), (false, 0.0)]), 0.875));
        let table = Confusion::of(vec!["a".into(), "b".into()], pairs);
        assert_eq!(table.cells, [[2, 0], [1, 1]]);
        let found = table.found(0);
        assert!((found.precision - 2.0 / 3.0).abs() < 1e-9 && (found.recall - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_class_outside_is_a_miss_and_nothing_gives_nothing() {
        // Class 2 stands for none: given it, a row of class 0 is missed, and it has no F1 of its own.
        assert!(near(macro_f1(&[(0, 2), (0, 0), (2, 0)], 2), 2.0 / 4.0));
        assert_eq!(macro_f1(&[], 2), None);
        assert_eq!(weighted_kappa(&[], 5), None);
        assert!(near(weighted_kappa(&[(3, 3), (3, 3)], 5), 1.0));
        assert_eq!(f1([(false, false)]), None);
        assert_eq!(area_under_curve(&[(true, 1.0)]), None);
    }

    proptest! {
        #[test]
        fn measures_stay_in_their_bounds(pairs in prop::collection::vec((0_usize..5, 0_usize..5), 1..40)) {
            let kappa = weighted_kappa(&pairs, 5).expect("there are rows");
            prop_assert!((-1.0 - 1e-9..=1.0 + 1e-9).contains(&kappa));
            let f1 = macro_f1(&pairs, 5).expect("there are rows");
            prop_assert!((0.0..=1.0).contains(&f1));
            let same: Vec<_> = pairs.iter().map(|&(wanted, _)| (wanted, wanted)).collect();
            prop_assert!((macro_f1(&same, 5).expect("rows") - 1.0).abs() < 1e-9);
            prop_assert!((weighted_kappa(&same, 5).expect("rows") - 1.0).abs() < 1e-9);
        }

        #[test]
        fn the_curve_is_that_of_all_pairs(scores in prop::collection::vec((any::<bool>(), 0_u8..9), 0..25)) {
            let scores: Vec<(bool, f32)> = scores.iter().map(|&(w, s)| (w, f32::from(s))).collect();
            let (mut won, mut all) = (0.0, 0.0);
            for (_, high) in scores.iter().filter(|(wanted, _)| *wanted) {
                for (_, low) in scores.iter().filter(|(wanted, _)| !*wanted) {
                    all += 1.0;
                    won += match high.total_cmp(low) {
                        Ordering::Greater => 1.0,
                        Ordering::Equal => 0.5,
                        Ordering::Less => 0.0,
                    };
                }
            }
            match area_under_curve(&scores) {
                Some(area) => prop_assert!((area - won / all).abs() < 1e-9),
                None => prop_assert!(all == 0.0),
            }
        }
    }
}
