//! Minsheng (民声) hears what the public says about its services, finds what needs an answer, and
//! keeps the clock until the public has it.
//!
//! The order of the modules below **is** the architecture: the order to read in, the order data
//! flows in, and the order of permission. A module uses only modules listed above it
//! (`tests/architecture.rs` holds it to that).

pub mod telemetry;
pub mod text;
pub mod lexicon;
pub mod model;
pub mod source;
pub mod outward;
pub mod crawl;
pub mod extract;
pub mod assess;
pub mod detect;
pub mod alert;
pub mod people;
pub mod incident;
pub mod notify;
pub mod journal;
pub mod store;
pub mod search;
pub mod pipeline;
pub mod web;
pub mod report;
pub mod demo;
pub mod config;
pub mod app;
pub mod cli;
