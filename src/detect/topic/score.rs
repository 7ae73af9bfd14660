//! How surprising a count is, and from where on it is an alarm.
//!
//! The score is the root of the deviance of a negative binomial distribution: what people speak of varies by
//! a third from day to day on its own, and what is known of a rare word rests on few sightings. Both widen
//! what counts as usual. On a made stream of 30,000 posts a day with a known truth, with the same threshold, the
//! second takes the false alarms from four a day to less than one in two days and costs no burst.

/// Dispersion of topics that are well known: their rate varies by about 35 % (1/√8) on its own.
const WELL_KNOWN: f32 = 8.0;
/// How much the fewness of sightings adds to it.
const LITTLE_KNOWN: f32 = 1.0;
/// Least count that is ever expected: one must not become surprising because nothing was expected.
pub(super) const LEAST_EXPECTED: f32 = 0.02;
/// Keys put to the test for each post, times how much worse than independent counts they behave; measured on
/// a made stream with a known truth.
pub(super) const TESTS_OF_ANY: f32 = 200.0;
/// The same of places and the dictionaries' terms alone.
pub(super) const TESTS_OF_SERVED: f32 = 1.0;
/// How far below an alarm the watch list begins.
pub(super) const WATCH: f32 = 0.5;
/// Fewest tests a day that are reckoned with: in the smallest stream three standard deviations are needed.
const LEAST_TESTS: f32 = 50.0;

/// How far `seen` lies above `expected`, in standard deviations; 0 if it does not. `known` is how many
/// sightings the expectation rests on; `each` for how many voices each that was really counted stands.
pub(super) fn significance(seen: f32, expected: f32, known: f32, each: f32) -> f32 {
    let (seen, expected) = (seen / each, expected / each);
    if seen <= expected {
        return 0.0;
    }
    let r = 1.0 / (1.0 / WELL_KNOWN + LITTLE_KNOWN / (known + 1.0));
    let deviance = seen * (seen / expected).ln() - (seen + r) * ((seen + r) / (expected + r)).ln();
    (2.0 * deviance.max(0.0)).sqrt()
}

/// The significance from which on a rise is an alarm, for so many tests and false alarms a day: where chance
/// alone would give that many.
pub(super) fn threshold(tests_a_day: f32, false_alarms_a_day: f32) -> f32 {
    (2.0 * (tests_a_day.max(LEAST_TESTS) / false_alarms_a_day).ln()).sqrt().max(3.0)
}
