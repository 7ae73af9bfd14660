//! The part of the dictionary workbench that looks at many posts: what each row does in them, and which words
//! are missing.
//!
//! [`stats`] counts what the rows of the dictionaries find and how often that was right; [`suggest`] looks for
//! words that posts of a service use and no dictionary holds. Both take posts with what people say of them, as
//! [`Labelled`](super::evaluation::Labelled) holds it, and decide nothing: a person changes the dictionaries.
//!
//! Pure: the same posts give the same figures, whatever their order.

mod rows;
mod share;
pub mod stats;
pub mod suggest;

pub use rows::RowHit;
pub use share::Share;
