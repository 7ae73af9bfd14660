//! The tree of routes: which receivers an alert leads to.
//!
//! Routes are tried in order; the first that matches takes the alert, and the ones after it are not tried unless it says
//! `continue`. Below it the same holds for its own routes; where none of them matches, its receivers are told. A route
//! without receivers has those of the one above it.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::alert::Fault;

use super::matcher::{Labels, Matcher};

/// Deepest nesting.
const DEEPEST: usize = 6;

/// One route.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    matcher: Matcher,
    during: Vec<String>,
    receivers: Vec<String>,
    own: Own,
    goes_on: bool,
    below: Vec<Route>,
    line: usize,
}

/// How the words on one incident are spaced out for a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spacing {
    /// How long the first word waits for more to come.
    pub wait: SignedDuration,
    /// The least time between two words.
    pub interval: SignedDuration,
}

/// What a route says of it, or the one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Own {
    wait: Option<SignedDuration>,
    interval: Option<SignedDuration>,
}

/// Longest wait and interval.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

impl Spacing {
    /// The length that `key` may be set to.
    pub(in crate::notify) fn length(key: &str, length: Duration) -> Result<SignedDuration, String> {
        let short = SignedDuration::try_from(length).ok().filter(|_| length <= LONGEST_WAIT);
        short.ok_or_else(|| format!("{key} is at most 24h"))
    }
}

/// `[[route]]` as written; `config/routes.toml` explains each key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteTable {
    #[serde(default, rename = "match")]
    matcher: Matcher,
    #[serde(default)]
    during: Vec<String>,
    #[serde(default)]
    receivers: Vec<String>,
    #[serde(default, with = "humantime_serde")]
    wait: Option<Duration>,
    #[serde(default, with = "humantime_serde")]
    interval: Option<Duration>,
    #[serde(default, rename = "continue")]
    goes_on: bool,
    #[serde(default)]
    route: Vec<RouteTable>,
}

pub(super) const KEYS: &[&str] = &["match", "during", "receivers", "wait", "interval", "continue", "route"];

/// Where an alert was led, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Routed {
    /// Who is to hear of it, each once; the words of the file.
    pub receivers: Vec<String>,
    /// What was tried, in order.
    pub steps: Vec<RouteStep>,
}

/// One route that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStep {
    /// Its place: `2` the second route, `2.1` the first of its own.
    pub path: String,
    /// The line of the table at the top of its tree.
    pub line: usize,
    /// Why it did not take the alert; `None` if it did.
    pub missed: Option<String>,
}

impl Route {
    pub(super) fn checked(table: RouteTable, line: usize, windows: &[String]) -> Result<Self, Fault> {
        Self::at_depth(table, line, windows, true, 1)
    }

    fn at_depth(
        table: RouteTable,
        line: usize,
        windows: &[String],
        is_top: bool,
        depth: usize,
    ) -> Result<Self, Fault> {
        let RouteTable { matcher, during, receivers, wait, interval, goes_on, route } = table;
        if depth > DEEPEST {
            return Err(Fault::at(line, format!("routes are nested deeper than {DEEPEST}")));
        }
        if let Some(unknown) = during.iter().find(|name| !windows.contains(name)) {
            return Err(Fault::unknown(line, "window", unknown, windows.iter().map(String::as_str)));
        }
        if is_top && receivers.is_empty() && route.is_empty() {
            return Err(Fault::at(line, "a route without receivers and without routes leads nowhere"));
        }
        let length = |key: &str, length: Option<Duration>| {
            length
                .map(|length| Spacing::length(key, length))
                .transpose()
                .map_err(|what| Fault::at(line, what))
        };
        let own = Own { wait: length("wait", wait)?, interval: length("interval", interval)? };
        let below = route.into_iter().map(|below| Self::at_depth(below, line, windows, false, depth + 1));
        let below = below.collect::<Result<_, _>>()?;
        Ok(Self { matcher, during, receivers, own, goes_on, below, line })
    }

    /// How many routes it is, with those below it.
    pub(super) fn size(&self) -> usize {
        1 + self.below.iter().map(Self::size).sum::<usize>()
    }

    /// Whether it says how words are spaced out, or one below it does.
    pub(super) fn spaces(&self) -> bool {
        self.own != Own::default() || self.below.iter().any(Self::spaces)
    }

    /// The receivers it names, with those below it, each with its line.
    pub(super) fn named(&self) -> Vec<(usize, &str)> {
        let own = self.receivers.iter().map(|name| (self.line, name.as_str()));
        own.chain(self.below.iter().flat_map(Self::named)).collect()
    }
}

/// Leads an alert through the routes.
pub(super) fn routed(routes: &[Route], labels: &Labels<'_>, is_open: &dyn Fn(&str) -> bool) -> Routed {
    let mut walk = Walk { labels, is_open, steps: Vec::new(), ends: Vec::new() };
    walk.down(routes, "", Above::default());
    let mut routed = Routed { receivers: Vec::new(), steps: walk.steps };
    for name in walk.ends.iter().flat_map(|end| end.receivers) {
        if !routed.receivers.contains(name) {
            routed.receivers.push(name.clone());
        }
    }
    routed
}

/// How the words on an incident are spaced out for a receiver: by the first route that leads it there, and `otherwise` as
/// far as that says nothing. `names` tells whether the names of a route mean the receiver.
pub(super) fn spacing(
    routes: &[Route],
    labels: &Labels<'_>,
    is_open: &dyn Fn(&str) -> bool,
    names: &dyn Fn(&[String]) -> bool,
    otherwise: Spacing,
) -> Spacing {
    let mut walk = Walk { labels, is_open, steps: Vec::new(), ends: Vec::new() };
    walk.down(routes, "", Above::default());
    let own = walk.ends.iter().find(|end| names(end.receivers)).map(|end| end.own).unwrap_or_default();
    Spacing { wait: own.wait.unwrap_or(otherwise.wait), interval: own.interval.unwrap_or(otherwise.interval) }
}

struct Walk<'a> {
    labels: &'a Labels<'a>,
    is_open: &'a dyn Fn(&str) -> bool,
    /// What was tried.
    steps: Vec<RouteStep>,
    /// Where it came to an end.
    ends: Vec<Above<'a>>,
}

/// What a route has from those above it.
#[derive(Clone, Copy, Default)]
struct Above<'a> {
    receivers: &'a [String],
    own: Own,
}

impl<'a> Walk<'a> {
    /// Whether one of these routes took the alert.
    fn down(&mut self, routes: &'a [Route], path_above: &str, above: Above<'a>) -> bool {
        let mut taken = false;
        for (route, number) in routes.iter().zip(1..) {
            let path =
                if path_above.is_empty() { number.to_string() } else { format!("{path_above}.{number}") };
            let missed = self.missed(route);
            let takes = missed.is_none();
            self.steps.push(RouteStep { path: path.clone(), line: route.line, missed });
            if !takes {
                continue;
            }
            taken = true;
            let here = Above {
                receivers: if route.receivers.is_empty() { above.receivers } else { &route.receivers },
                own: Own {
                    wait: route.own.wait.or(above.own.wait),
                    interval: route.own.interval.or(above.own.interval),
                },
            };
            if !self.down(&route.below, &path, here) {
                self.ends.push(here);
            }
            if !route.goes_on {
                break;
            }
        }
        taken
    }

    fn missed(&self, route: &Route) -> Option<String> {
        if let Some((key, found)) = route.matcher.misses(self.labels) {
            return Some(format!("{key} does not hold {found}"));
        }
        let open = route.during.is_empty() || route.during.iter().any(|name| (self.is_open)(name));
        (!open).then(|| format!("outside of {}", route.during.join(", ")))
    }
}
