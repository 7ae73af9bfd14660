//! Assessed posts to signals; state in memory, restorable.
//!
//! Decides what has been *measured*: that a post reached a grade, that so many distinct voices spoke of
//! one matter within a window. Which measurements anybody wants, and what they mean, is `alert`'s affair:
//! it hands down [`Watch`]es.
//!
//! What always holds: posts are observed one after another in the journal's order; the same posts give
//! the same signals under the same ids; every table has a cap, and reaching one is counted, never hidden.

mod anchors;
mod detector;
pub mod event;
mod evidence;
#[cfg(test)]
pub(crate) mod fixture;
mod hash;
mod heard;
mod matter;
mod signal;
mod sparse;
pub mod topic;
mod watch;
mod words;

pub use detector::{Counters, DetectConfig, Detector, DetectorState, Observed};
pub use heard::Heard;
pub use signal::{Evidence, Measure, Signal, SignalId, Subject};
pub use watch::{EventOnly, Filter, Watch, Watched};
pub use words::Sorts;
