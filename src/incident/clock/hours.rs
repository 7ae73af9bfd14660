//! How time is counted where all hours count, day and night; where working time alone does, the calendar counts.

use jiff::{SignedDuration, Timestamp};

/// What was spent of a clock's time between two instants; never negative.
pub(super) fn spent(from: Timestamp, until: Timestamp) -> SignedDuration {
    until.duration_since(from).max(SignedDuration::ZERO)
}

/// When so much will have been spent.
pub(super) fn reached(from: Timestamp, spent: SignedDuration) -> Timestamp {
    from.saturating_add(spent).unwrap_or(Timestamp::MAX)
}
