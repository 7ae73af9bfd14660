//! Who is told when: `routes.toml`, and what holds a notification back.
//!
//! A rule names its receivers, or leaves them to the [`routes`](Policy::routed). What is planned for a receiver may have
//! to wait: for the receiver's own hours, for a silence to end, for a graver incident that explains it, for more to come.
//! [`hold`](Policy::hold) says for what and until when; nothing that waits is forgotten, and red waits only where somebody
//! said so by name.

pub mod budget;
mod hold;
mod inhibit;
mod matcher;
mod route;
mod silence;
mod window;

use std::collections::BTreeSet;

use crate::alert::{Alert, EVERYBODY, Fault, Sheet};
use crate::incident::{Calendar, Incident};
use crate::notify::Receiver;
use jiff::Timestamp;

use self::inhibit::{InhibitTable, Inhibition};
use self::route::{Route, RouteTable};
use self::window::{Window, WindowTable};

pub use budget::Budget;
pub use hold::{Decided, Fate, Held, HoldReason, Holding};
pub use matcher::{Labels, Matcher};
pub use route::{RouteStep, Routed, Spacing};
pub use silence::{BadSilence, Silence, SilenceId};

/// Most windows, routes (with those below them) and inhibitions.
const MOST: usize = 200;

/// All of one `routes.toml`. An empty file is legal: then rules that name nobody reach everybody, at any time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    windows: Vec<Window>,
    routes: Vec<Route>,
    inhibitions: Vec<Inhibition>,
}

impl Policy {
    /// Reads `routes.toml`; all its faults at once, by line.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut sheet = Sheet::new(text);
        let mut policy = Self::default();
        for part in sheet.tables("window") {
            let line = part.line;
            let Some(table) = sheet.read::<WindowTable>(part, window::KEYS) else { continue };
            if policy.windows.iter().any(|window| window.name == table.name) {
                sheet.fault(Fault::at(line, format!("a window {:?} stands above already", table.name)));
            }
            match Window::checked(table) {
                Ok(window) => policy.windows.push(window),
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        let windows: Vec<String> = policy.windows.iter().map(|window| window.name.clone()).collect();
        for part in sheet.tables("route") {
            let line = part.line;
            let Some(table) = sheet.read::<RouteTable>(part, route::KEYS) else { continue };
            match Route::checked(table, line, &windows) {
                Ok(route) => policy.routes.push(route),
                Err(fault) => sheet.fault(fault),
            }
        }
        for part in sheet.tables("inhibit") {
            let line = part.line;
            let Some(table) = sheet.read::<InhibitTable>(part, inhibit::KEYS) else { continue };
            match Inhibition::checked(table) {
                Ok(inhibition) => policy.inhibitions.push(inhibition),
                Err(what) => sheet.fault(Fault::at(line, what)),
            }
        }
        let routes: usize = policy.routes.iter().map(Route::size).sum();
        if policy.windows.len().max(routes).max(policy.inhibitions.len()) > MOST {
            let what = format!("more than {MOST} windows, routes or inhibitions");
            sheet.fault(Fault { line: None, what, mend: None });
        }
        sheet.close(&["window", "route", "inhibit"], policy)
    }

    /// The names of the windows, for checking receivers.
    pub fn windows(&self) -> BTreeSet<&str> {
        self.windows.iter().map(|window| window.name.as_str()).collect()
    }

    /// Receivers, layers and departments that routes speak of and nothing else knows.
    pub fn unknown_receivers(&self, known: &BTreeSet<String>) -> Vec<Fault> {
        let named = self.routes.iter().flat_map(Route::named);
        let unknown = named.filter(|(_, name)| *name != EVERYBODY && !known.contains(*name));
        unknown
            .map(|(line, name)| Fault::unknown(line, "receiver", name, known.iter().map(String::as_str)))
            .collect()
    }

    /// Who is to hear of an alert: whom its rule names, else whom the routes lead to. Where there are no routes, or none
    /// leads anywhere, that is everybody: nothing falls through.
    pub fn routed(&self, alert: &Alert, calendar: &Calendar, now: Timestamp) -> Routed {
        let left_to_us = alert.receivers.iter().any(|name| name == EVERYBODY);
        if !left_to_us || self.routes.is_empty() {
            return Routed { receivers: alert.receivers.clone(), steps: Vec::new() };
        }
        let is_open = |name: &str| self.is_open(name, calendar, now);
        let routed = route::routed(&self.routes, &Labels::of_alert(alert), &is_open);
        if routed.receivers.is_empty() {
            return Routed { receivers: vec![EVERYBODY.to_owned()], ..routed };
        }
        routed
    }

    /// How the words on an incident are spaced out for a receiver: as the route says that leads it there, and as the
    /// receiver says where that says nothing. `called` tells whom the names of a route mean.
    pub fn spacing(
        &self,
        receiver: &Receiver,
        incident: &Incident,
        calendar: &Calendar,
        called: &dyn Fn(&[String]) -> Vec<String>,
        now: Timestamp,
    ) -> Spacing {
        if !self.routes.iter().any(Route::spaces) {
            return receiver.spacing;
        }
        let is_open = |name: &str| self.is_open(name, calendar, now);
        let means = |names: &[String]| {
            names.iter().any(|name| name == EVERYBODY) || called(names).contains(&receiver.name)
        };
        route::spacing(&self.routes, &Labels::of_incident(incident), &is_open, &means, receiver.spacing)
    }

    /// Whether it is within a window of this name.
    fn is_open(&self, name: &str, calendar: &Calendar, now: Timestamp) -> bool {
        self.windows.iter().any(|window| window.name == name && window.contains(calendar, now))
    }

    /// The first instant, from `now` on, within one of these windows; `None` if there is none within two years.
    fn opens(&self, names: &[String], calendar: &Calendar, now: Timestamp) -> Option<Timestamp> {
        let windows = self.windows.iter().filter(|window| names.contains(&window.name));
        windows.filter_map(|window| window.opens(calendar, now)).min()
    }
}

#[cfg(test)]
mod tests;
