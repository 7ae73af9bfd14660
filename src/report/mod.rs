//! What is made for people to read beyond the console: reports on a terminal and as a page to keep.
//!
//! A report shows what others measured and decides nothing. Its words are Chinese; its pages need nothing
//! but themselves.

pub mod evaluation;
pub mod table;
mod threads;
pub mod workbench;
