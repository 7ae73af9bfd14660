//! The only module that spawns: brings clock, stores and tasks to the stages.
//!
//! ```text
//! crawling ─► look ─┐                                   ┌─► indexing ─► search
//!                   ├─► intake ─► journal ─► assessing ─┤
//! web ──────────────┘        64 batches      4 batches  └─► detecting ─► desk ─► journal ─► courier
//!                                                            4 batches    256 commands       512 tries, 64 batches fresh
//! ```
//!
//! Every arrow is bounded. `assessing` reads the journal, so a full stage behind it fills nothing but the
//! distance to what is durable; when that grows, intake makes the crawl wait and answers 429 at the door.

mod assessing;
pub mod audit;
pub mod backtest;
pub mod clock;
pub mod courier;
mod courtesy;
pub mod crawling;
pub mod desk;
mod detecting;
pub mod events;
pub mod flow;
pub mod health;
mod heartbeat;
mod housekeeping;
mod indexing;
pub mod intake;
mod judging;
pub mod lexicons;
pub mod live;
mod look;
pub mod reading;
pub mod reload;
mod replies;
pub mod rescoring;
pub mod start;
pub mod stored;
pub mod topics;

use crate::store::Store;

/// What the rest of the program works with; clones share everything.
#[derive(Clone)]
pub struct Handles {
    /// The door for posts.
    pub intake: intake::Intake,
    /// What people do.
    pub desk: desk::DeskHandle,
    /// What can be asked of the stored posts and incidents.
    pub reading: reading::Reading,
    /// What operators ask of the crawl.
    pub sources: crawling::SourcesHandle,
    /// What happens as it happens.
    pub live: live::Live,
    /// Whether all goes on.
    pub health: health::Health,
    /// The time.
    pub clock: clock::Clock,
    /// The store, for what has no reading of its own: people, tokens, sessions.
    pub store: Store,
    /// How receivers are reached, for tests of them.
    pub carriers: courier::Carriers,
    /// Changes what is in force.
    pub reload: reload::Reload,
    /// Has stored posts judged again.
    pub rescore: rescoring::Rescore,
    /// What suddenly rises.
    pub topics: topics::TopicsNow,
    /// What happened, as many posts tell of it.
    pub events: events::EventsNow,
}
