//! What is suddenly rising: words, hashtags, places and pairs of words, spoken of by more people than usual.

mod baseline;
mod config;
mod current;
mod doorkeeper;
mod group;
mod keys;
mod label;
mod listener;
mod posts;
mod recent;
mod said;
mod score;
mod season;
mod standing;
mod table;
#[cfg(test)]
mod tests;
mod tracker;
mod volume;

pub use config::TopicConfig;
pub use current::Topic;
pub use group::Level;
pub use label::term;
pub use listener::Listener;
pub(in crate::detect) use listener::{instant, short};
pub use recent::Spoken;
pub use said::{Kind, Said, Word};
pub use tracker::{Fill, Member, Rising, TopicCounters, Topics};
