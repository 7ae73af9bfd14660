//! How common a feature is among the posts of the last weeks, and so how much it tells.

use serde::{Deserialize, Serialize};

/// Half of what was counted is forgotten after so many seconds: 30 days.
const HALF_LIFE: f32 = 30.0 * 86_400.0;
/// Cells of the table, a power of two. Features that meet in one cell are taken for more common than they are.
const CELLS: usize = 1 << 18;
/// Counts are kept growing instead of letting old ones shrink; above this all are brought down together.
const LARGEST: f32 = 1e6;

/// Counts of features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Frequencies {
    #[serde(with = "crate::detect::sparse")]
    cells: Vec<f32>,
    posts: f32,
    /// What a post counts now, where it counted 1 at `began`.
    weight: f32,
    began: u32,
}

impl Frequencies {
    pub(super) fn new() -> Self {
        Self { cells: vec![0.0; CELLS], posts: 0.0, weight: 1.0, began: 0 }
    }

    /// Counts the features of one post.
    pub(super) fn add(&mut self, features: &[u32], now: u32) {
        if self.began == 0 {
            self.began = now;
        }
        self.weight = (now.saturating_sub(self.began) as f32 / HALF_LIFE).exp2();
        if self.weight > LARGEST {
            self.cells.iter_mut().for_each(|cell| *cell /= self.weight);
            self.posts /= self.weight;
            (self.weight, self.began) = (1.0, now);
        }
        self.posts += self.weight;
        for &feature in features {
            self.cells[place(feature)] += self.weight;
        }
    }

    /// How much a feature tells: ln(1 + N / (df + 1)), N posts of which df hold it.
    pub(super) fn weight(&self, feature: u32) -> f32 {
        let holding = self.cells[place(feature)] / self.weight;
        (1.0 + self.posts / self.weight / (holding + 1.0)).ln()
    }

    /// How many posts hold a feature, old ones for less than one.
    pub(super) fn count(&self, feature: u32) -> f32 {
        self.cells[place(feature)] / self.weight
    }

    /// The share of the posts that hold a feature.
    pub(super) fn share(&self, feature: u32) -> f32 {
        self.cells[place(feature)] / self.posts.max(1.0)
    }

    /// Posts counted, old ones for less than one.
    pub(super) fn posts(&self) -> f32 {
        self.posts / self.weight
    }
}

fn place(feature: u32) -> usize {
    (feature >> 1) as usize & (CELLS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_tells_more_and_old_posts_count_for_less() {
        let mut known = Frequencies::new();
        let day = 86_400;
        for post in 0..1_000 {
            known.add(if post % 10 == 0 { &[11, 21] } else { &[11] }, day + post);
        }
        assert!(known.weight(31) > known.weight(21) && known.weight(21) > known.weight(11));
        assert!((known.share(21) - 0.1).abs() < 0.001);
        known.add(&[41], day * 31);
        assert!((known.posts() - 501.0).abs() < 2.0, "{}", known.posts());
        known.add(&[41], day * 1_000);
        assert!(known.posts() < 3.0 && known.weight(11) > 0.5);
    }
}
