//! Whether the loops go on: the same answer for `/readyz`, the service watchdog and the console.
//!
//! Each loop says when it began and ended a round. A loop is stuck when a round lasts longer than
//! its limit; a loop that waits for work is well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The state of every loop; clones share it.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    loops: BTreeMap<&'static str, Round>,
    not_ready: BTreeMap<&'static str, String>,
    ended: BTreeSet<&'static str>,
}

struct Round {
    limit: Duration,
    began: Option<Instant>,
}

/// A loop that goes on until it is told to stop. One that a panic ends is told of like one that hangs.
pub struct Alive {
    health: Health,
    name: &'static str,
}

/// One round of a loop; dropping it ends the round.
pub struct Working {
    health: Health,
    name: &'static str,
}

impl Health {
    /// The loop `name` begins, and is to go on for as long as the daemon.
    pub fn alive(&self, name: &'static str) -> Alive {
        Alive { health: self.clone(), name }
    }

    /// A round of the loop `name` begins; it should end within `limit`.
    pub fn working(&self, name: &'static str, limit: Duration) -> Working {
        self.lock().loops.insert(name, Round { limit, began: Some(Instant::now()) });
        Working { health: self.clone(), name }
    }

    /// Something the daemon needs is missing or catching up: told by `/readyz` until [`Health::ready_again`].
    pub fn not_ready(&self, what: &'static str, why: String) {
        self.lock().not_ready.insert(what, why);
    }

    /// What was missing is there.
    pub fn ready_again(&self, what: &'static str) {
        self.lock().not_ready.remove(what);
    }

    /// Loops that hang or have ended by a fault; empty when all go on.
    pub fn stuck(&self) -> Vec<&'static str> {
        let state = self.lock();
        let hangs = |round: &Round| round.began.is_some_and(|began| began.elapsed() > round.limit);
        let hanging = state.loops.iter().filter(|(_, round)| hangs(round)).map(|(name, _)| *name);
        let mut stuck: BTreeSet<&'static str> = hanging.collect();
        stuck.extend(&state.ended);
        stuck.into_iter().collect()
    }

    /// Why the daemon is not ready to work; empty when it is.
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> =
            self.stuck().into_iter().map(|name| format!("{name}: no progress")).collect();
        reasons.extend(self.lock().not_ready.iter().map(|(what, why)| format!("{what}: {why}")));
        reasons
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(round) = self.health.lock().loops.get_mut(self.name) {
            round.began = None;
        }
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.health.lock().ended.insert(self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_round_that_lasts_too_long_is_stuck() {
        let health = Health::default();
        let working = health.working("crawl", Duration::from_secs(10));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(health.reasons().is_empty());
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(health.stuck(), ["crawl"]);
        drop(working);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(health.reasons().is_empty());
        health.not_ready("search", "rebuilding".into());
        assert_eq!(health.reasons(), ["search: rebuilding"]);
    }

    #[test]
    fn a_loop_that_panics_is_told_and_one_that_is_told_to_stop_is_not() {
        let health = Health::default();
        let alive = health.alive("crawl");
        drop(alive);
        assert!(health.stuck().is_empty());
        let alive = health.alive("desk");
        let ended = std::thread::spawn(move || {
            let _alive = alive;
            panic!("on purpose");
        });
        assert!(ended.join().is_err());
        assert_eq!(health.stuck(), ["desk"]);
    }
}
