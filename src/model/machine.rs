//! One support vector machine: L2-regularised, squared hinge, by dual coordinate descent (Hsieh, Chang, Lin,
//! Keerthi, Sundararajan: A Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008).

use super::bag::Vector;

/// What errors cost beside long weights.
const COST: f32 = 1.0;
/// Rounds over all rows at most; mostly far fewer are needed.
const ROUNDS: usize = 60;
/// The rounds end when no row wants to move further than this.
const ENOUGH: f32 = 0.02;

/// Weights by feature, and the score of a text without any.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Machine {
    pub(super) weights: Vec<f32>,
    pub(super) bias: f32,
}

impl Machine {
    /// Learns to tell rows marked true from the others; each comes with what an error on it weighs. The order
    /// in which rows are visited comes from `seed`.
    pub(super) fn train(rows: &[(&Vector, bool, f32)], features: usize, seed: u64) -> Self {
        let mut machine = Self { weights: vec![0.0; features], bias: 0.0 };
        let softness: Vec<f32> = rows.iter().map(|(_, _, weight)| 0.5 / (COST * weight)).collect();
        // One for the bias, which is a feature that every text has.
        let length = |row: &Vector| row.entries().iter().map(|(_, v)| v * v).sum::<f32>() + 1.0;
        let lengths: Vec<f32> =
            rows.iter().zip(&softness).map(|((row, ..), softness)| length(row) + softness).collect();
        let mut alphas = vec![0.0_f32; rows.len()];
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let mut random = seed;
        for _ in 0..ROUNDS {
            shuffle(&mut order, &mut random);
            let (mut most, mut least) = (f32::NEG_INFINITY, f32::INFINITY);
            for &at in &order {
                let (row, mark, _) = rows[at];
                let side = if mark { 1.0 } else { -1.0 };
                let gradient = side * machine.score(row) - 1.0 + softness[at] * alphas[at];
                let wanted = if alphas[at] == 0.0 { gradient.min(0.0) } else { gradient };
                most = most.max(wanted);
                least = least.min(wanted);
                if wanted.abs() < 1e-6 {
                    continue;
                }
                let before = alphas[at];
                alphas[at] = (before - gradient / lengths[at]).max(0.0);
                let step = side * (alphas[at] - before);
                for &(feature, value) in row.entries() {
                    machine.weights[feature as usize] += step * value;
                }
                machine.bias += step;
            }
            if most - least < ENOUGH {
                break;
            }
        }
        machine
    }

    /// Above 0 on the side of what was marked true.
    pub(super) fn score(&self, row: &Vector) -> f32 {
        let weigh = |&(feature, value): &(u32, f32)| self.weights[feature as usize] * value;
        row.entries().iter().map(weigh).sum::<f32>() + self.bias
    }
}

/// Fisher and Yates, with SplitMix64.
pub(super) fn shuffle(order: &mut [usize], random: &mut u64) {
    for at in (1..order.len()).rev() {
        *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        order.swap(at, ((mixed ^ (mixed >> 31)) % (at as u64 + 1)) as usize);
    }
}
