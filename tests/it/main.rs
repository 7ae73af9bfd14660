//! Tests of the whole crate from outside, in one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance_crawl;
mod conformance_extract;
mod conformance_notify;
mod demo;
mod detecting;
mod hostile;
mod labelled;
mod local_server;
mod outward;
#[path = "../streams/mod.rs"]
mod streams;
