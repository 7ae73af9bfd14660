//! Asks robots.txt and a host's pace before every request, and waits as long as they wish.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use url::Url;

use super::clock::Clock;
use super::crawling::wait_until;
use crate::crawl::Target;
use crate::crawl::fetch::{FetchError, Fetched, Journey, Step, Validators, robots};
use crate::crawl::origin::Origin;
use crate::crawl::politeness::{Admit, Outcome, Politeness};
use crate::crawl::robots::{RobotsCache, Verdict};
use crate::outward::Outward;

/// A host that wants a longer pause ends the look; the frontier comes back later.
const PATIENCE: Duration = Duration::from_secs(90);

/// The manners that all looks share; clones share them.
#[derive(Clone)]
pub(super) struct Courtesy {
    outward: Outward,
    clock: Clock,
    manners: Arc<Mutex<Manners>>,
    /// Told when a request is over, for those who wait for the same host.
    over: Arc<Notify>,
}

struct Manners {
    politeness: Politeness,
    robots: RobotsCache,
}

impl Courtesy {
    pub(super) fn new(outward: Outward, politeness: Politeness, clock: Clock) -> Self {
        let manners = Manners { politeness, robots: RobotsCache::default() };
        Self { outward, clock, manners: Arc::new(Mutex::new(manners)), over: Arc::default() }
    }

    /// Fetches one document, asking the manners before each hop.
    pub(super) async fn fetch(
        &self,
        target: Target,
        validators: Option<Validators>,
    ) -> Result<Fetched, FetchError> {
        let mut journey = Journey::new(target, validators);
        let mut visit = Visit { courtesy: self, at: None };
        let fetched = self.travel(&mut journey, &mut visit).await;
        visit.leave(fetched.as_ref().map_or_else(FetchError::politeness, |_| Outcome::Answered));
        fetched
    }

    async fn travel(&self, journey: &mut Journey, visit: &mut Visit<'_>) -> Result<Fetched, FetchError> {
        loop {
            let url = journey.url().clone();
            let (origin, now) = self.admitted(&url).await?;
            visit.at = Some(origin);
            match journey.step(&self.outward, now).await? {
                Step::Done(fetched) => return Ok(fetched),
                Step::Redirect { wait } => {
                    visit.leave(Outcome::Answered);
                    if let Some(wait) = wait {
                        Self::patient(wait, journey.url())?;
                        tokio::time::sleep(wait).await;
                    }
                }
            }
        }
    }

    /// Waits until `url` may be asked; the request counts as begun at the time given.
    async fn admitted(&self, url: &Url) -> Result<(Origin, Timestamp), FetchError> {
        // A redirect may lead where not even robots.txt is to be asked.
        self.outward.check_url(url).map_err(FetchError::Refused)?;
        let origin = Origin::of(url);
        loop {
            let now = self.clock.now();
            let verdict = self.lock().robots.verdict(url, now);
            match verdict {
                Verdict::Allowed { delay } => self.lock().politeness.delay(&origin, delay),
                Verdict::Disallowed => return Err(FetchError::Disallowed { url: url.clone() }),
                Verdict::HandsOff { until } => {
                    return Err(FetchError::HandsOff { host: origin, wait: wait_until(until, now) });
                }
                Verdict::Ask => {
                    self.ask_robots(&origin, url).await?;
                    continue;
                }
            }
            let now = self.turn(&origin, url).await?;
            return Ok((origin, now));
        }
    }

    async fn ask_robots(&self, origin: &Origin, url: &Url) -> Result<(), FetchError> {
        self.turn(origin, url).await?;
        let mut visit = Visit { courtesy: self, at: Some(origin.clone()) };
        // Somebody else may have asked while this one waited.
        let known = self.lock().robots.verdict(url, self.clock.now()) != Verdict::Ask;
        if known {
            visit.withdraw();
            return Ok(());
        }
        let (answer, wait) = robots(&self.outward, origin, self.clock.now()).await;
        let outcome = wait.map_or(Outcome::Answered, |wait| Outcome::Throttled { wait: Some(wait) });
        self.lock().robots.learn(origin.clone(), answer, self.clock.now());
        visit.leave(outcome);
        Ok(())
    }

    /// Waits for this host's turn.
    async fn turn(&self, origin: &Origin, url: &Url) -> Result<Timestamp, FetchError> {
        loop {
            let over = self.over.notified();
            let now = self.clock.now();
            let admit = self.lock().politeness.admit(origin, now);
            match admit {
                Admit::Now => return Ok(now),
                Admit::At(at) => {
                    let wait = wait_until(at, now);
                    Self::patient(wait, url)?;
                    tokio::time::sleep(wait).await;
                }
                // The time is for a request that was lost without a word.
                Admit::Busy => drop(tokio::time::timeout(Duration::from_secs(5), over).await),
            }
        }
    }

    fn patient(wait: Duration, url: &Url) -> Result<(), FetchError> {
        if wait <= PATIENCE {
            return Ok(());
        }
        Err(FetchError::Throttled { host: Origin::of(url), status: 503, wait: Some(wait) })
    }

    fn lock(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way; if it is dropped half-way, the host is free again.
struct Visit<'a> {
    courtesy: &'a Courtesy,
    at: Option<Origin>,
}

impl Visit<'_> {
    fn leave(&mut self, outcome: Outcome) {
        if let Some(origin) = self.at.take() {
            let now = self.courtesy.clock.now();
            self.courtesy.lock().politeness.finished(&origin, outcome, now);
            self.courtesy.over.notify_waiters();
        }
    }

    fn withdraw(&mut self) {
        if let Some(origin) = self.at.take() {
            self.courtesy.lock().politeness.withdraw(&origin);
            self.courtesy.over.notify_waiters();
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.leave(Outcome::Failed);
    }
}
