//! The one way out of the program: which addresses may be reached, within which limits, by one client.
//!
//! Every outward request — pages, feeds, robots.txt, webhooks, bots, tests of receivers, the heartbeat —
//! goes through [`Outward`]. It decides whether an address may be connected to and how much an answer may
//! cost; what to ask, how often, and what an answer means is left to `crawl` and `notify`.
//!
//! What always holds: the address judged is the address connected to; no proxy of the environment, no
//! cookie, no redirect is followed here; TLS is always verified; nothing received is unbounded.

pub mod address;
mod body;
mod client;
mod config;
mod daemon;
mod resolve;
mod retry_after;

use std::net::IpAddr;

pub use client::{Answer, BuildError, Outward, Post};
pub use config::{Limits, OutwardConfig};
pub use daemon::{Daemon, DaemonAnswer, DaemonError};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use retry_after::retry_after;

/// The product token: what robots.txt calls us and what the user agent begins with.
pub const PRODUCT: &str = "minsheng";

/// Why an address may not be asked, known without or before connecting to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The text cannot be read as an address of the web.
    #[error("this is no address of the web")]
    NotAnAddress,
    /// Something other than http or https.
    #[error("scheme {0} is neither http nor https")]
    Scheme(String),
    /// User name or password in the address.
    #[error("an address must not hold a user name or password")]
    UserInfo,
    /// A port that is not 80, 443 or named in the configuration.
    #[error("port {0} is not 80, 443 or one named in the configuration")]
    Port(u16),
    /// A name that means this very machine.
    #[error("host {0} means this machine")]
    ThisMachine(String),
    /// The host is, or its name leads to, an address that is not of the public internet.
    #[error("{address} is {class}; an exception is an exact address:port entry in [outward] allow")]
    Address {
        /// The address refused.
        address: IpAddr,
        /// What kind of address it is.
        class: address::Class,
    },
    /// A header or user agent holds characters that may not be sent.
    #[error("header {0} holds characters that may not be sent")]
    Header(String),
}

/// Why an outward request gave no answer within its limits.
#[derive(Debug, thiserror::Error)]
pub enum OutwardError {
    /// The address may not be asked; trying again changes nothing until the configuration does.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The name of the host has no address, or the resolver did not answer.
    #[error("host name {host} did not resolve: {why}")]
    Unresolved {
        /// The name asked for.
        host: String,
        /// What the resolver said.
        why: String,
    },
    /// A time limit ran out.
    #[error("no {awaited} within the time limit")]
    Timeout {
        /// What was being waited for.
        awaited: Awaited,
    },
    /// The body came slower than the least rate.
    #[error("the answer came slower than {least} bytes a second")]
    TooSlow {
        /// The least rate, in bytes a second.
        least: u64,
    },
    /// Headers or body are larger than allowed.
    #[error("the {part} is larger than {limit} bytes")]
    TooLarge {
        /// Which part.
        part: Part,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The body grows beyond the allowed ratio when inflated.
    #[error("the answer inflates to more than {ratio} times its size")]
    Inflation {
        /// The limit.
        ratio: u64,
    },
    /// More than one content encoding, an unknown one, or damaged data.
    #[error("content encoding cannot be undone: {0}")]
    Encoding(String),
    /// The connection could not be made or broke.
    #[error("connection to {host} failed: {source}")]
    Network {
        /// Host and port.
        host: String,
        /// Whether it broke before the request could have been written.
        unsent: bool,
        /// What the client says, without the address, which may be a secret.
        source: Box<reqwest::Error>,
    },
}

impl OutwardError {
    /// Whether the request certainly never reached the other side, so that repeating it doubles nothing.
    pub fn certainly_unsent(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Unresolved { .. } => true,
            Self::Timeout { awaited } => *awaited == Awaited::Connection,
            Self::Network { unsent, .. } => *unsent,
            Self::TooSlow { .. } | Self::TooLarge { .. } | Self::Inflation { .. } | Self::Encoding(_) => {
                false
            }
        }
    }
}

/// What a time limit was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Name, connection and TLS.
    Connection,
    /// The head of the answer.
    FirstByte,
    /// The end of the answer.
    End,
}

impl std::fmt::Display for Awaited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connection => "connection",
            Self::FirstByte => "first byte",
            Self::End => "end of the answer",
        })
    }
}

/// A part of an answer that has a limit of size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Status line and headers.
    Header,
    /// The body, counted after inflating.
    Body,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Body => "body",
        })
    }
}
