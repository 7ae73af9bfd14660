//! For people who work on dictionaries: what lies behind a judgement, and what a change would make of it.
//!
//! [`Dissection`] takes one text apart; [`Shift`] says how two judgements on one post differ. Of many posts with what
//! people say of them, as [`Labelled`](super::evaluation::Labelled) holds it, [`stats`] counts what the rows of the
//! dictionaries find and how often that was right, and [`suggest`] looks for words that posts of a service use and no
//! dictionary holds.
//!
//! All of it shows; a person decides. Nothing here is on the way of a post, and the same posts give the same figures,
//! whatever their order.

mod dissection;
#[cfg(test)]
pub(crate) mod fixture;
mod rows;
mod share;
mod shift;
pub mod stats;
pub mod suggest;

pub use dissection::{Dissection, FoundRow, KeptOutRow, Part, Reason};
pub use rows::RowHit;
pub use share::Share;
pub use shift::{Change, HitName, Outcome, Shift, Tally};
