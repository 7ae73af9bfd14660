//! How long to wait after failed log-ins: five are free, then each doubles the wait up to a quarter of an
//! hour. Nobody is locked out for good, so nobody can lock out another (promise W3).

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// Failures without a wait.
const FREE: u32 = 5;
/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_mins(15);
/// After this long without a failure the count begins anew.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// What one account or one address has tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    failures: u32,
    last: Timestamp,
}

/// The waits of all accounts and addresses, within a bound.
#[derive(Debug, Clone)]
pub struct LoginGuard {
    tries: BTreeMap<String, BackOff>,
    capacity: usize,
}

impl BackOff {
    /// How long before the next try is looked at; `None` if it is looked at now.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let doublings = self.failures.checked_sub(FREE)?;
        let wait = FIRST.saturating_mul(1 << doublings.min(16)).min(LONGEST);
        let left = Duration::try_from((self.last + wait).duration_since(now)).ok()?;
        // Should the wall clock jump back, nobody waits longer than the longest wait.
        (!left.is_zero()).then_some(left.min(LONGEST))
    }

    fn after_failure(before: Option<Self>, now: Timestamp) -> Self {
        let recent = before.filter(|before| now < before.last + FORGOTTEN);
        Self { failures: recent.map_or(0, |before| before.failures).saturating_add(1), last: now }
    }
}

impl LoginGuard {
    /// A guard that remembers at most so many accounts and addresses.
    pub fn new(capacity: usize) -> Self {
        Self { tries: BTreeMap::new(), capacity: capacity.max(1) }
    }

    /// How long before a log-in under any of these names (the account, the address) is looked at.
    pub fn wait(&self, names: &[&str], now: Timestamp) -> Option<Duration> {
        names.iter().filter_map(|&name| self.tries.get(name)?.wait(now)).max()
    }

    /// Notes a failure under each of these names.
    pub fn failed(&mut self, names: &[&str], now: Timestamp) {
        for &name in names {
            let next = BackOff::after_failure(self.tries.get(name).copied(), now);
            if !self.tries.contains_key(name) && self.tries.len() >= self.capacity {
                self.make_room(now);
            }
            self.tries.insert(name.to_owned(), next);
        }
    }

    /// Forgets the failures of an account that got in. The address keeps its own: one good account must not
    /// let an address try others for free.
    pub fn succeeded(&mut self, account: &str) {
        self.tries.remove(account);
    }

    fn make_room(&mut self, now: Timestamp) {
        self.tries.retain(|_, back_off| now < back_off.last + FORGOTTEN);
        if self.tries.len() >= self.capacity {
            // Those with the fewest failures lose least by being forgotten.
            let least = self.tries.iter().min_by_key(|(_, tried)| (tried.failures, tried.last));
            if let Some(name) = least.map(|(name, _)| name.clone()) {
                self.tries.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u32) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs(u64::from(seconds))
    }

    #[test]
    fn five_failures_are_free_then_waits_double_to_a_quarter_of_an_hour() {
        let mut guard = LoginGuard::new(10);
        let mut waits = Vec::new();
        for _ in 0..17 {
            guard.failed(&["li"], at(0));
            waits.push(guard.wait(&["li", "10.0.0.1"], at(0)).map_or(0, |wait| wait.as_secs()));
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(guard.wait(&["li"], at(900)), None);
        guard.failed(&["li"], at(5000));
        assert_eq!(guard.wait(&["li"], at(5000)), None, "an hour of quiet begins the count anew");
    }

    #[test]
    fn getting_in_frees_the_account_and_not_the_address() {
        let mut guard = LoginGuard::new(10);
        for _ in 0..6 {
            guard.failed(&["li", "10.0.0.1"], at(0));
        }
        guard.succeeded("li");
        assert_eq!(guard.wait(&["li"], at(0)), None);
        assert!(guard.wait(&["li", "10.0.0.1"], at(0)).is_some());
    }

    #[test]
    fn the_guard_is_bounded_and_keeps_the_worst() {
        let mut guard = LoginGuard::new(3);
        for _ in 0..8 {
            guard.failed(&["worst"], at(0));
        }
        for n in 0..100 {
            guard.failed(&[&format!("other-{n}")], at(1));
        }
        assert_eq!(guard.tries.len(), 3);
        assert!(guard.wait(&["worst"], at(1)).is_some());
    }
}
