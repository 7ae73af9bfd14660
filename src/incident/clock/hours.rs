//! How time is counted: plain hours, day and night. All clocks count here and nowhere else, so this is where a
//! calendar of working days is to be asked once there is one.

use jiff::{SignedDuration, Timestamp};

/// What was spent of a clock's time between two instants; never negative.
pub(super) fn spent(from: Timestamp, until: Timestamp) -> SignedDuration {
    until.duration_since(from).max(SignedDuration::ZERO)
}

/// When so much will have been spent.
pub(super) fn reached(from: Timestamp, spent: SignedDuration) -> Timestamp {
    from.saturating_add(spent).unwrap_or(Timestamp::MAX)
}
