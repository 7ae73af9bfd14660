//! For people who work on dictionaries: what lies behind a judgement, and what a change would make of it.
//!
//! [`Dissection`] takes one text apart; [`Shift`] says how two judgements on one post differ. Both only show
//! what the stages before them decided. Nothing here is on the way of a post.

mod dissection;
#[cfg(test)]
pub(crate) mod fixture;
mod shift;

pub use dissection::{Dissection, FoundRow, KeptOutRow, Part, Reason};
pub use shift::{Change, HitName, Outcome, Shift, Tally};
