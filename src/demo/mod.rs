//! The sample town of `minsheng demo`, and its sinks for mail and webhooks.
//!
//! [`town`] holds what is said in the town, [`schedule`] when, [`site`] shows it over HTTP as any site would,
//! [`sources`] tells the crawler how to read that, [`mail`] and [`webhook`] take what the desk sends and put it
//! into an [`inbox`], and [`summary`] is what the demo says at its end.
//!
//! Nothing here spawns or reads the clock: a server binds to a free port of the loopback and is then a future that
//! ends when it is asked to stop; the time comes in as a [`Now`].
//! An [`officer`] acts at the desk, so that acknowledgement, assignment and a limit that passes can be seen.

pub mod inbox;
pub mod mail;
pub mod officer;
pub mod schedule;
pub mod site;
pub mod sources;
pub mod summary;
pub mod town;
pub mod webhook;

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time to the servers of the demo.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
