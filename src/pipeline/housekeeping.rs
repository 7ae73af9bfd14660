//! What nobody asks for and everybody relies on: gauges, the watchdog, flushing, old sessions.

use std::time::Duration;

use metrics::gauge;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::health::Health;
use crate::journal::{Journal, Stream};
use crate::search::Search;
use crate::store::{Store, StoreError};
use crate::telemetry::metric;

const ROUND: Duration = Duration::from_secs(5);
/// Records the index may lack before the daemon says it is not ready.
const FAR_BEHIND: u64 = 20_000;
/// A session ends after so long, and earlier when it was idle for so long (W4).
const SESSION: Duration = Duration::from_hours(12);
const IDLE: Duration = Duration::from_mins(30);
/// Rounds between two sweeps of sessions.
const SWEEP: u32 = 60;

/// The task.
pub(super) struct HousekeepingTask {
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) search: Search,
    pub(super) clock: Clock,
    pub(super) health: Health,
}

impl HousekeepingTask {
    /// Works until stopped.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut rounds: u32 = 0;
        loop {
            self.watchdog();
            self.tell_lag();
            let (store, now, sweep) = (self.store.clone(), self.clock.now(), rounds.is_multiple_of(SWEEP));
            let keeping = tokio::task::spawn_blocking(move || {
                if sweep {
                    let before = |time: Duration| now.saturating_sub(time).unwrap_or(now);
                    store.sweep_sessions(before(SESSION), before(IDLE))?;
                }
                tell_counts(&store)?;
                store.flush()
            });
            match keeping.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "housekeeping failed"),
                Err(error) => tracing::error!(%error, "housekeeping failed"),
            }
            rounds = rounds.wrapping_add(1);
            if stop.run_until_cancelled(tokio::time::sleep(ROUND)).await.is_none() {
                return;
            }
        }
    }

    /// The service manager is told that we are alive only while no loop hangs.
    fn watchdog(&self) {
        let stuck = self.health.stuck();
        if !stuck.is_empty() {
            tracing::error!(?stuck, "a loop makes no progress");
            return;
        }
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }

    fn tell_lag(&self) {
        let durable = self.journal.durable().0;
        gauge!(metric::JOURNAL_SEQUENCE).set(durable as f64);
        let behind = durable.saturating_sub(self.search.reached().0);
        // Records of the desk count too, so a quiet daemon may be a little behind for ever.
        let posts_behind = self.journal.segments(Stream::Posts).last().is_some() && behind > FAR_BEHIND;
        if posts_behind {
            self.health.not_ready("search", format!("{behind} records behind"));
        } else {
            self.health.ready_again("search");
        }
    }
}

fn tell_counts(store: &Store) -> Result<(), StoreError> {
    let outbox = store.outbox_counts()?;
    let states = [
        ("waiting", outbox.waiting),
        ("sent", outbox.sent),
        ("dead", outbox.dead),
        ("broken", outbox.broken),
        ("held", outbox.held),
        ("withheld", outbox.withheld),
    ];
    for (state, count) in states {
        gauge!(metric::OUTBOX, "state" => state).set(count as f64);
    }
    let (well, ill) = store.sources()?.iter().fold((0_u32, 0_u32), |(well, ill), source| {
        if source.failures == 0 { (well + 1, ill) } else { (well, ill + 1) }
    });
    gauge!(metric::SOURCES, "state" => "well").set(f64::from(well));
    gauge!(metric::SOURCES, "state" => "failing").set(f64::from(ill));
    Ok(())
}
