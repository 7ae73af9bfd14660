//! How gently each host is treated: one request at a time, with a pause between two.
//!
//! [`Politeness`] is asked before every request ([`admit`](Politeness::admit)) and told after it
//! ([`finished`](Politeness::finished)). It never waits and never fetches. The pause counts from the end of
//! a request and is never shorter than what the configuration and the site's `Crawl-delay` say; jitter
//! only lengthens it. What a host demanded (`Retry-After`, "too many requests") is kept over restarts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::origin::Origin;

/// How gently hosts are treated: the `[crawl.politeness]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolitenessConfig {
    /// Least time between two requests to one host, at least 1s. Default: 2s.
    #[serde(with = "humantime_serde")]
    pub min_interval: Duration,
    /// Other values for single hosts, by `host:port`, as in `[crawl.politeness.hosts."127.0.0.1:9000"]`.
    /// Less than 1s is legal only for a host that stands in `[outward] allow`. Default: none.
    pub hosts: BTreeMap<String, HostPoliteness>,
}

/// How gently one host is treated: a `[crawl.politeness.hosts."…"]` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostPoliteness {
    /// Least time between two requests to this host.
    #[serde(with = "humantime_serde")]
    pub min_interval: Duration,
}

impl Default for PolitenessConfig {
    fn default() -> Self {
        Self { min_interval: Duration::from_secs(2), hosts: BTreeMap::new() }
    }
}

/// Shortest pause for hosts that are not the operator's own.
const LEAST: Duration = Duration::from_secs(1);
/// Longest pause a host is given for having been overrun.
const LONGEST: Duration = Duration::from_hours(1);
/// First pause after "too many requests" without a `Retry-After`.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// A request of which nothing was heard for this long is over: no request lasts longer than a minute.
const LOST_AFTER: Duration = Duration::from_mins(5);
/// Hosts remembered; redirects could name any number.
const MOST_HOSTS: usize = 4096;

impl PolitenessConfig {
    fn interval(&self, host: &Origin) -> Duration {
        self.hosts.get(&host.authority()).map_or(self.min_interval, |own| own.min_interval)
    }

    /// What is wrong in this table, in words for its author. `allow` is `[outward] allow`.
    pub fn problems(&self, allow: &[SocketAddr]) -> Vec<String> {
        let mut problems = Vec::new();
        if self.min_interval < LEAST {
            problems.push("crawl.politeness.min_interval must be at least 1s".to_owned());
        }
        for (host, own) in &self.hosts {
            let allowed = host.parse::<SocketAddr>().is_ok_and(|address| allow.contains(&address));
            if own.min_interval < LEAST && !allowed {
                problems.push(format!(
                    "crawl.politeness.hosts.\"{host}\".min_interval may be less than 1s only if \
                     \"{host}\" stands in outward.allow"
                ));
            }
            let named = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if !named {
                problems.push(format!(
                    "crawl.politeness.hosts.\"{host}\" must name a port, as in \"{host}:443\""
                ));
            }
        }
        problems
    }
}

/// Whether a host may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    /// Yes, and the request counts as begun: tell [`Politeness::finished`] when it is over.
    Now,
    /// Not before this time.
    At(Timestamp),
    /// A request to this host is running; ask again when it is over.
    Busy,
}

/// How a request ended, as far as politeness cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The host answered and did not complain.
    Answered,
    /// The host says that it is too much (429, 503), perhaps until when.
    Throttled {
        /// The wait it asked for.
        wait: Option<Duration>,
    },
    /// No answer worth the name; says nothing about being too much.
    Failed,
}

/// What is remembered of one host. Serialised with the state of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// No request before this time.
    not_before: Timestamp,
    /// The pause now in force for having been overrun; zero if it never complained or has recovered.
    slowed: Duration,
    /// Complaints without an answer between them.
    complaints: u32,
    /// The site's own `Crawl-delay`.
    delay: Duration,
    /// Requests so far: makes the jitter differ.
    requests: u64,
    /// When the running request began. Not kept over restarts: it did not survive them either.
    #[serde(skip)]
    running_since: Option<Timestamp>,
}

impl HostState {
    fn new() -> Self {
        Self {
            not_before: Timestamp::MIN,
            slowed: Duration::ZERO,
            complaints: 0,
            delay: Duration::ZERO,
            requests: 0,
            running_since: None,
        }
    }

    fn is_forgettable(&self, now: Timestamp) -> bool {
        self.not_before <= now && self.slowed.is_zero() && self.running_since.is_none()
    }
}

/// Decides when a host may be asked again.
#[derive(Debug, Clone)]
pub struct Politeness {
    config: PolitenessConfig,
    seed: u64,
    hosts: BTreeMap<Origin, HostState>,
}

impl Politeness {
    /// Nothing is known of any host yet. The same seed gives the same jitter.
    pub fn new(config: PolitenessConfig, seed: u64) -> Self {
        Self { config, seed, hosts: BTreeMap::new() }
    }

    /// Takes up what [`state`](Self::state) gave before a restart.
    pub fn restore(&mut self, hosts: impl IntoIterator<Item = (Origin, HostState)>) {
        self.hosts.extend(hosts);
    }

    /// What must survive a restart, in order of the hosts.
    pub fn state(&self) -> impl Iterator<Item = (&Origin, &HostState)> {
        self.hosts.iter()
    }

    /// What must survive a restart of one host.
    pub fn state_of(&self, host: &Origin) -> Option<&HostState> {
        self.hosts.get(host)
    }

    /// Puts another configuration in force; what the hosts said stays.
    pub fn configure(&mut self, config: PolitenessConfig) {
        self.config = config;
    }

    /// Keeps the site's own `Crawl-delay`, as its robots.txt says now.
    pub fn delay(&mut self, host: &Origin, delay: Option<Duration>) {
        self.host(host).delay = delay.unwrap_or_default();
    }

    /// Whether `host` may be asked; if so, the request counts as begun.
    pub fn admit(&mut self, host: &Origin, now: Timestamp) -> Admit {
        if self.hosts.len() >= MOST_HOSTS && !self.hosts.contains_key(host) {
            self.hosts.retain(|_, state| !state.is_forgettable(now));
        }
        let state = self.host(host);
        let lost = |since: Timestamp| later(since, LOST_AFTER) <= now;
        if state.running_since.is_some_and(|since| !lost(since)) {
            return Admit::Busy;
        }
        if state.not_before > now {
            return Admit::At(state.not_before);
        }
        state.running_since = Some(now);
        state.requests += 1;
        Admit::Now
    }

    /// Gives back an admission that was not used: no request was made, so no pause follows.
    pub fn withdraw(&mut self, host: &Origin) {
        self.host(host).running_since = None;
    }

    /// Learns how a request ended and decides the pause that follows.
    pub fn finished(&mut self, host: &Origin, outcome: Outcome, now: Timestamp) {
        let interval = self.config.interval(host);
        let seed = self.seed;
        let state = self.host(host);
        state.running_since = None;
        let usual = interval.max(state.delay);
        let wait = match outcome {
            Outcome::Answered => {
                state.complaints = 0;
                // A tenth less each time: about 25 answers until a doubled pause is forgotten and more.
                state.slowed = state.slowed.mul_f64(0.9);
                if state.slowed <= usual {
                    state.slowed = Duration::ZERO;
                }
                Duration::ZERO
            }
            Outcome::Throttled { wait } => {
                let pause =
                    FIRST_PAUSE.saturating_mul(1_u32.checked_shl(state.complaints).unwrap_or(u32::MAX));
                state.complaints = state.complaints.saturating_add(1).min(16);
                state.slowed = state.slowed.max(usual).saturating_mul(2).min(LONGEST);
                wait.unwrap_or(pause.min(LONGEST))
            }
            Outcome::Failed => Duration::ZERO,
        };
        let gap = stretched(usual.max(state.slowed), host, state.requests, seed);
        state.not_before = later(now, gap.max(wait));
    }

    fn host(&mut self, host: &Origin) -> &mut HostState {
        self.hosts.entry(host.clone()).or_insert_with(HostState::new)
    }
}

/// ±20 % around 1.2 times the pause, so that the pause promised is the shortest possible.
fn stretched(gap: Duration, host: &Origin, requests: u64, seed: u64) -> Duration {
    let drawn = xxh3_64_with_seed(host.as_str().as_bytes(), seed ^ requests);
    let share = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
    gap.mul_f64(1.0 + 0.4 * share)
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn host(text: &str) -> Origin {
        Origin::of(&Url::parse(text).unwrap())
    }

    fn start() -> Timestamp {
        "2026-03-01T08:00:00Z".parse().unwrap()
    }

    fn pause(politeness: &mut Politeness, host: &Origin, outcome: Outcome, now: Timestamp) -> Duration {
        assert_eq!(politeness.admit(host, now), Admit::Now);
        politeness.finished(host, outcome, now);
        match politeness.admit(host, now) {
            Admit::At(time) => Duration::try_from(time.duration_since(now)).unwrap(),
            Admit::Now => {
                politeness.withdraw(host);
                Duration::ZERO
            }
            Admit::Busy => panic!("nothing runs"),
        }
    }

    #[test]
    fn one_request_at_a_time_and_hosts_apart() {
        let mut politeness = Politeness::new(PolitenessConfig::default(), 1);
        let (forum, other) = (host("http://forum.example"), host("http://forum.example:8080"));
        assert_eq!(politeness.admit(&forum, start()), Admit::Now);
        assert_eq!(politeness.admit(&forum, start()), Admit::Busy);
        assert_eq!(politeness.admit(&other, start()), Admit::Now);
        assert_eq!(politeness.admit(&forum, later(start(), LOST_AFTER)), Admit::Now, "the first was lost");
    }

    #[test]
    fn a_throttled_host_is_left_alone_longer_each_time_and_recovers_slowly() {
        let mut politeness = Politeness::new(PolitenessConfig::default(), 1);
        let forum = host("http://forum.example");
        let mut now = start();
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = pause(&mut politeness, &forum, Outcome::Throttled { wait: None }, now);
            waits.push(wait.as_secs() / 60);
            now = later(now, wait);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(politeness.state_of(&forum).unwrap().slowed, Duration::from_secs(512));
        let mut answers = 0;
        loop {
            let wait = pause(&mut politeness, &forum, Outcome::Answered, now);
            now = later(now, wait);
            answers += 1;
            if politeness.state_of(&forum).unwrap().slowed.is_zero() {
                break;
            }
            assert!(wait > Duration::from_secs(2), "{wait:?}");
        }
        assert!((40..80).contains(&answers), "{answers}");
    }

    #[test]
    fn a_demanded_wait_survives_a_restart() {
        let forum = host("https://forum.example");
        let mut before = Politeness::new(PolitenessConfig::default(), 1);
        let wait = Duration::from_mins(15);
        assert!(pause(&mut before, &forum, Outcome::Throttled { wait: Some(wait) }, start()) >= wait);
        assert_eq!(before.admit(&host("http://forum.example"), start()), Admit::Now);
        let kept: Vec<_> = before.state().map(|(host, state)| (host.clone(), state.clone())).collect();
        let bytes = postcard::to_stdvec(&kept).unwrap();
        let mut after = Politeness::new(PolitenessConfig::default(), 2);
        after.restore(postcard::from_bytes::<Vec<(Origin, HostState)>>(&bytes).unwrap());
        assert_eq!(after.admit(&forum, later(start(), Duration::from_secs(899))), {
            Admit::At(later(start(), Duration::from_mins(15)))
        });
        assert_eq!(after.admit(&forum, later(start(), Duration::from_mins(15))), Admit::Now);
        assert_eq!(
            after.admit(&host("http://forum.example"), start()),
            Admit::Now,
            "its request did not survive"
        );
    }

    #[test]
    fn only_the_operators_own_hosts_may_be_asked_faster_than_once_a_second() {
        let fast = HostPoliteness { min_interval: Duration::from_millis(10) };
        let hosts = ["127.0.0.1:9000", "forum.example:80", "forum.example"];
        let config = PolitenessConfig {
            min_interval: Duration::from_millis(500),
            hosts: hosts.into_iter().map(|host| (host.to_owned(), fast)).collect(),
        };
        insta::assert_snapshot!(config.problems(&["127.0.0.1:9000".parse().unwrap()]).join("\n"), @r#"
        crawl.politeness.min_interval must be at least 1s
        crawl.politeness.hosts."forum.example".min_interval may be less than 1s only if "forum.example" stands in outward.allow
        crawl.politeness.hosts."forum.example" must name a port, as in "forum.example:443"
        crawl.politeness.hosts."forum.example:80".min_interval may be less than 1s only if "forum.example:80" stands in outward.allow
        "#);
        assert_eq!(config.interval(&host("http://127.0.0.1:9000")), fast.min_interval);
        assert_eq!(config.interval(&host("http://forum.example")), fast.min_interval);
        assert_eq!(config.interval(&host("https://forum.example")), config.min_interval);
    }

    #[test]
    fn hosts_that_were_only_passed_by_are_forgotten() {
        let mut politeness = Politeness::new(PolitenessConfig::default(), 1);
        let angry = host("http://angry.example");
        pause(&mut politeness, &angry, Outcome::Throttled { wait: Some(LONGEST) }, start());
        for n in 0..2 * MOST_HOSTS {
            let now = later(start(), Duration::from_millis(n as u64));
            pause(&mut politeness, &host(&format!("http://h{n}.example")), Outcome::Answered, now);
        }
        assert!(politeness.hosts.len() <= MOST_HOSTS + 4096, "{}", politeness.hosts.len());
        assert!(politeness.hosts.contains_key(&angry));
    }

    proptest! {
        #[test]
        fn two_requests_are_never_closer_than_promised(
            seed: u64,
            delay in 0_u64..90,
            outcomes in prop::collection::vec(0..3_u8, 1..40),
        ) {
            let mut politeness = Politeness::new(PolitenessConfig::default(), seed);
            let forum = host("http://forum.example");
            let delay = Duration::from_secs(delay);
            politeness.delay(&forum, Some(delay));
            let mut now = start();
            for outcome in outcomes {
                let outcome = match outcome {
                    0 => Outcome::Answered,
                    1 => Outcome::Failed,
                    _ => Outcome::Throttled { wait: None },
                };
                let wait = pause(&mut politeness, &forum, outcome, now);
                prop_assert!(wait >= delay.max(Duration::from_secs(2)));
                prop_assert!(wait <= LONGEST.mul_f64(1.4));
                now = later(now, wait);
            }
        }
    }
}
