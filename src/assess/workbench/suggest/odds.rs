//! Which words one group of posts uses and the others do not: log-odds ratio with an informative Dirichlet prior
//! (Monroe, Colaresi and Quinn 2008, "Fightin' Words", equations 16, 19, 20 and 22).
//!
//! The prior is the use of the word in all posts together, so that a word seen seldom must be seen on one side
//! only to be told, and a common word must be very uneven.

/// How often a word stands on one side, among how many words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Use {
    /// Posts of the side that use it.
    pub(super) word: f64,
    /// The same summed over all words of the side.
    pub(super) all: f64,
}

/// How many standard errors the word leans to `one`; below 0 it leans to the other. 0 where nothing is known.
pub(super) fn lean(one: Use, other: Use) -> f64 {
    let (prior, prior_all) = (one.word + other.word, one.all + other.all);
    if prior <= 0.0 || prior_all <= prior {
        return 0.0;
    }
    let odds = |side: Use| {
        let word = side.word + prior;
        (word / (side.all + prior_all - word)).ln()
    };
    let variance = 1.0 / (one.word + prior) + 1.0 / (other.word + prior);
    (odds(one) - odds(other)) / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(word: u32, all: u32) -> Use {
        Use { word: f64::from(word), all: f64::from(all) }
    }

    #[test]
    fn words_of_one_side_lean_there_and_the_more_the_more_often() {
        let all = (1_000, 11_000);
        let lean = |one, other| lean(of(one, all.0), of(other, all.1));
        assert!(lean(6, 0) > 1.96, "{}", lean(6, 0));
        assert!(lean(3, 0) < 1.96, "three posts are too few: {}", lean(3, 0));
        assert!(lean(30, 0) > lean(6, 0));
        assert!(lean(10, 110).abs() < 0.1, "as often on both sides");
        assert!(lean(10, 10) > 1.0 && lean(10, 10) < lean(20, 0));
        assert_eq!(lean(0, 0).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_figure_is_that_worked_by_hand() {
        // Prior 5 of 400. One side: 10 / (100 + 400 - 10), the other: 5 / (300 + 400 - 5).
        let expected =
            ((10.0_f64 / 490.0).ln() - (5.0_f64 / 695.0).ln()) / (1.0_f64 / 10.0 + 1.0 / 5.0).sqrt();
        assert!((lean(of(5, 100), of(0, 300)) - expected).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn turning_the_sides_turns_the_sign(one in 0_u32..50, other in 0_u32..50, rest in 100_u32..9_000) {
            let (a, b) = (of(one, rest), of(other, 2 * rest));
            prop_assert!((lean(a, b) + lean(b, a)).abs() < 1e-9);
            prop_assert!(lean(a, b).is_finite());
        }
    }
}
