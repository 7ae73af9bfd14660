//! The HTTP API and the console.
//!
//! One table ([`routes`]) names every route with its method and who may use it; the guard in front of each
//! is made from the table, so that a route without a rule cannot be. What people and machines ask is
//! handed to the pipeline's handles; nothing is decided here.
//!
//! Two doors lead to the same table: a TCP listener for people and machines, and a Unix socket in the data
//! directory (mode 0600) for the machine's own administrator, who needs no log-in there: whoever can open
//! the socket can read the data directory anyway.
//!
//! Plain HTTP and cookies: browsers refuse `Secure` and `__Host-` cookies over plain HTTP (all of them on
//! other names than `localhost`, some there too). So the cookie is `__Host-minsheng` with `Secure` when
//! [`WebConfig::external_url`] is https, and `minsheng` without on a loopback address.

mod api;
mod assets;
pub mod auth;
mod config;
mod console;
mod door;
mod drain;
mod error;
mod guard;
mod markup;
mod openapi;
mod routes;
mod say;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::alert::RuleBook;
use crate::incident::{Checklists, Clocks};
use crate::notify::Receivers;
use crate::people::{Departments, LoginGuard};
use crate::pipeline::Handles;
use crate::telemetry::Metrics;

pub use auth::SetupCode;
pub use config::{WebConfig, WebFault};
pub use door::{ControlSocket, ServeError, control_socket, serve};
pub use openapi::openapi;

/// Accounts and addresses whose failed log-ins are remembered.
const REMEMBERED: usize = 10_000;
/// Passwords hashed at once: each takes 19 MiB.
const HASHED_AT_ONCE: usize = 2;

/// Everything a request may need; clones share it.
#[derive(Clone)]
pub struct Web(Arc<Shared>);

struct Shared {
    config: WebConfig,
    handles: Handles,
    metrics: Metrics,
    configured: ArcSwap<Configured>,
    inbox: Option<Inbox>,
    setup: Mutex<Option<auth::SetupCode>>,
    logins: Mutex<LoginGuard>,
    hashing: Semaphore,
}

/// What the operator configured, for showing.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Who answers.
    pub departments: Departments,
    /// The rules in force.
    pub rules: RuleBook,
    /// Who is told.
    pub receivers: Receivers,
    /// How much time there is.
    pub clocks: Clocks,
    /// What is to be checked off.
    pub checklists: Checklists,
    /// Within which time somebody should take a drill.
    pub drill_within: std::time::Duration,
}

/// Shows what the demo's sinks received. Gives the messages, the newest first.
pub type Inbox = Arc<dyn Fn() -> Vec<InboxMessage> + Send + Sync>;

/// One message that a sink of the demo received.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxMessage {
    /// When.
    pub at: Timestamp,
    /// `email` or `webhook`.
    pub channel: String,
    /// To whom.
    pub to: String,
    /// Its subject, or the event's.
    pub subject: String,
    /// Its plain text, if it has one.
    pub text: String,
    /// Its HTML as source; shown as text.
    pub html: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// What was received, whole; shown as text.
    pub body: String,
}

impl Web {
    /// With these parts. `setup` is the code that makes the first administrator, if there is none yet
    /// ([`auth::first_start`]); `inbox` is the demo's.
    pub fn new(
        config: WebConfig,
        handles: Handles,
        metrics: Metrics,
        configured: Configured,
        setup: Option<auth::SetupCode>,
        inbox: Option<Inbox>,
    ) -> Self {
        Self(Arc::new(Shared {
            config,
            handles,
            metrics,
            configured: ArcSwap::from_pointee(configured),
            inbox,
            setup: Mutex::new(setup),
            logins: Mutex::new(LoginGuard::new(REMEMBERED)),
            hashing: Semaphore::new(HASHED_AT_ONCE),
        }))
    }

    /// Shows other rules, receivers or departments from here on.
    pub fn replace(&self, configured: Configured) {
        self.0.configured.store(Arc::new(configured));
    }

    fn config(&self) -> &WebConfig {
        &self.0.config
    }

    fn handles(&self) -> &Handles {
        &self.0.handles
    }

    fn configured(&self) -> Arc<Configured> {
        self.0.configured.load_full()
    }

    fn now(&self) -> Timestamp {
        self.0.handles.clock.now()
    }

    fn logins(&self) -> std::sync::MutexGuard<'_, LoginGuard> {
        self.0.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn setup(&self) -> std::sync::MutexGuard<'_, Option<auth::SetupCode>> {
        self.0.setup.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
