//! Dictionaries that people edit, compiled into one versioned matcher.
//!
//! Read in this order: [`category`] and [`kind`] are the closed lists that rows speak of; [`shelf`]
//! reads the files; [`dictionary`] and [`row`] give the format and its faults by line; [`categories`]
//! and [`places`] are the two other files; [`lint`] looks at all rows together; [`matcher`] compiles
//! them into a [`matcher::Lexicon`] and [`scan`] runs it over a text; [`canonical`] writes a lexicon
//! down so that a rebuild can use the version that was in force. [`diff`] says how two sets of
//! dictionaries differ, and [`sample`] which rows a sample of posts casts doubt on.
//!
//! What a hit is worth, and whether the writer asserts or denies it, is for `assess` to say.

pub mod canonical;
pub mod categories;
pub mod category;
pub mod dictionary;
pub mod diff;
pub mod fault;
pub mod kind;
pub mod lint;
pub mod matcher;
mod patterns;
pub mod places;
mod regexes;
pub mod row;
pub mod sample;
pub mod scan;
pub mod shelf;
mod stock;

pub use category::Category;
