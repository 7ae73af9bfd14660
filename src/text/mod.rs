//! Strings, never posts: what the received text is turned into before anything judges it.
//!
//! [`normalize`] makes spellings comparable and keeps the way back to the text as received,
//! [`segment`] cuts it into words once, [`sentence`] finds clauses, [`mask`] takes private data out,
//! [`fingerprint`] tells copies, [`person`] what may be somebody's name. Nothing here knows of posts, dictionaries or stores, and everything
//! is a plain function of its arguments.

pub mod fingerprint;
pub mod mask;
pub mod normalize;
pub mod person;
pub mod segment;
pub mod sentence;
