//! The tree of routes: which receivers an alert leads to.
//!
//! Routes are tried in order; the first that matches takes the alert, and the ones after it are not tried unless it says
//! `continue`. Below it the same holds for its own routes; where none of them matches, its receivers are told. A route
//! without receivers has those of the one above it.

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
    goes_on: bool,
    below: Vec<Route>,
    line: usize,
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
    #[serde(default, rename = "continue")]
    goes_on: bool,
    #[serde(default)]
    route: Vec<RouteTable>,
}

pub(super) const KEYS: &[&str] = &["match", "during", "receivers", "continue", "route"];

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
        let RouteTable { matcher, during, receivers, goes_on, route } = table;
        if depth > DEEPEST {
            return Err(Fault::at(line, format!("routes are nested deeper than {DEEPEST}")));
        }
        if let Some(unknown) = during.iter().find(|name| !windows.contains(name)) {
            return Err(Fault::unknown(line, "window", unknown, windows.iter().map(String::as_str)));
        }
        if is_top && receivers.is_empty() && route.is_empty() {
            return Err(Fault::at(line, "a route without receivers and without routes leads nowhere"));
        }
        let below = route.into_iter().map(|below| Self::at_depth(below, line, windows, false, depth + 1));
        let below = below.collect::<Result<_, _>>()?;
        Ok(Self { matcher, during, receivers, goes_on, below, line })
    }

    /// How many routes it is, with those below it.
    pub(super) fn size(&self) -> usize {
        1 + self.below.iter().map(Self::size).sum::<usize>()
    }

    /// The receivers it names, with those below it, each with its line.
    pub(super) fn named(&self) -> Vec<(usize, &str)> {
        let own = self.receivers.iter().map(|name| (self.line, name.as_str()));
        own.chain(self.below.iter().flat_map(Self::named)).collect()
    }
}

/// Leads an alert through the routes.
pub(super) fn routed(routes: &[Route], labels: &Labels<'_>, is_open: &dyn Fn(&str) -> bool) -> Routed {
    let mut walk = Walk { labels, is_open, routed: Routed::default() };
    walk.down(routes, "", &[]);
    walk.routed
}

struct Walk<'a> {
    labels: &'a Labels<'a>,
    is_open: &'a dyn Fn(&str) -> bool,
    routed: Routed,
}

impl Walk<'_> {
    /// Whether one of these routes took the alert.
    fn down(&mut self, routes: &[Route], above: &str, inherited: &[String]) -> bool {
        let mut taken = false;
        for (route, number) in routes.iter().zip(1..) {
            let path = if above.is_empty() { number.to_string() } else { format!("{above}.{number}") };
            let missed = self.missed(route);
            let takes = missed.is_none();
            self.routed.steps.push(RouteStep { path: path.clone(), line: route.line, missed });
            if !takes {
                continue;
            }
            taken = true;
            let receivers = if route.receivers.is_empty() { inherited } else { &route.receivers };
            if !self.down(&route.below, &path, receivers) {
                for name in receivers {
                    if !self.routed.receivers.contains(name) {
                        self.routed.receivers.push(name.clone());
                    }
                }
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
