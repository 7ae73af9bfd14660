//! So many of so many, with the interval in which the share of all such posts mostly lies.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Two-sided 95 % of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Those that are so; never more than `of`.
    pub right: u64,
    /// All that were looked at.
    pub of: u64,
}

impl Share {
    /// Counts one more.
    pub fn count(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
    }

    /// Counts what another share counted.
    pub fn add(&mut self, other: Self) {
        self.right += other.right;
        self.of += other.of;
    }

    /// The share, 0 to 1; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.right as f64 / self.of as f64)
    }

    /// The interval of Wilson (1927) that holds the true share with 95 % confidence, low end first, both within
    /// 0 to 1; `None` of nothing. It stays honest for few posts and for shares near 0 and 1.
    pub fn interval(self) -> Option<(f64, f64)> {
        let (share, of) = (self.value()?, self.of as f64);
        let squared = Z * Z / of;
        let middle = share + squared / 2.0;
        let half = Z * (share * (1.0 - share) / of + squared / (4.0 * of)).sqrt();
        let end = |at: f64| (at / (1.0 + squared)).clamp(0.0, 1.0);
        // Rounding must not put an end on the wrong side of the share.
        Some((end(middle - half).min(share), end(middle + half).max(share)))
    }
}

/// `{"right":3,"of":4,"share":0.75,"low":0.3,"high":0.95}`; of nothing, the last three are null.
impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let interval = self.interval();
        let mut shown = serializer.serialize_struct("Share", 5)?;
        shown.serialize_field("right", &self.right)?;
        shown.serialize_field("of", &self.of)?;
        shown.serialize_field("share", &self.value())?;
        shown.serialize_field("low", &interval.map(|(low, _)| low))?;
        shown.serialize_field("high", &interval.map(|(_, high)| high))?;
        shown.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn intervals_are_those_of_the_textbook() {
        // Newcombe (1998), table I, method 3: score without continuity correction.
        for (right, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (29, 29, 0.8830, 1.0),
        ] {
            let (found_low, found_high) = Share { right, of }.interval().expect("something was counted");
            assert!((found_low - low).abs() < 5e-5 && (found_high - high).abs() < 5e-5, "{right} of {of}");
        }
        assert_eq!((Share::default().value(), Share::default().interval()), (None, None));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share_and_narrows_with_more_posts(right in 0_u64..500, more in 0_u64..500) {
            prop_assume!(right + more > 0);
            let share = Share { right, of: right + more };
            let (low, high) = share.interval().expect("something was counted");
            let value = share.value().expect("something was counted");
            prop_assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
            let tenfold = Share { right: 10 * right, of: 10 * (right + more) };
            let (lower, higher) = tenfold.interval().expect("something was counted");
            prop_assert!(higher - lower <= high - low);
            let turned = Share { right: more, of: right + more };
            let (turned_low, turned_high) = turned.interval().expect("something was counted");
            prop_assert!((turned_low - (1.0 - high)).abs() < 1e-9 && (turned_high - (1.0 - low)).abs() < 1e-9);
        }
    }
}
