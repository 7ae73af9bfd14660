//! What happened, as many posts tell of it: posts put together by problem, place and time, with heat, spread and weight.

mod bygone;
mod config;
mod curve;
mod doubts;
#[expect(clippy::module_inception, reason = "the type that the folder is about")]
mod event;
mod features;
mod forecast;
mod frequency;
mod heat;
mod likeness;
mod lookup;
mod merge;
mod pace;
mod past;
mod regroup;
mod rhythm;
mod score;
#[cfg(test)]
mod tests;
mod title;
mod tracker;
mod voices;

pub use config::EventConfig;
pub use curve::{Hour, Phase};
pub use doubts::{Doubt, LISTED, TOLD};
pub use event::{Carried, Event};
pub use forecast::{Forecast, HORIZONS};
pub use regroup::Regrouping;
pub(in crate::detect) use regroup::Told;
pub use score::{Line, Score};
pub use tracker::{EventCounters, Events, Placed};
