//! Sends the heartbeat while every loop goes on, and only then (promise R7): the same check feeds the service watchdog.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::courier::Carriers;
use super::health::Health;
use crate::journal::Journal;
use crate::notify::heartbeat::Beat;
use crate::store::Store;

/// How often it is looked whether a heartbeat is configured by now.
const LOOK: Duration = Duration::from_mins(1);
/// What the other side finds too many is sent so many times slower.
const SLOWER: u32 = 5;

/// The task.
pub(super) struct HeartbeatTask {
    pub(super) carriers: Carriers,
    pub(super) journal: Journal,
    pub(super) store: Store,
    pub(super) health: Health,
}

impl HeartbeatTask {
    /// Works until stopped.
    pub(super) async fn run(self, stop: CancellationToken) {
        loop {
            let Some(wait) = stop.run_until_cancelled(self.round()).await else { return };
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
        }
    }

    /// One beat, if there is anybody to hear it and nothing hangs; how long to wait then.
    async fn round(&self) -> Duration {
        let Some((heartbeat, outward)) = self.carriers.heartbeat() else { return LOOK };
        let ill = self.health.stuck();
        if !ill.is_empty() {
            tracing::error!(?ill, "no heartbeat is sent: a loop makes no progress");
            return heartbeat.every;
        }
        match heartbeat.beat(&outward, &self.line().await).await {
            Beat::Heard => heartbeat.every,
            Beat::Unheard(why) => {
                tracing::warn!(why, "the heartbeat was not heard");
                heartbeat.every
            }
            Beat::Unknown(why) => {
                tracing::error!(
                    why,
                    "nobody knows the heartbeat's address, so nobody would notice our silence"
                );
                heartbeat.every
            }
            Beat::TooMany => {
                tracing::warn!("the heartbeat is too often for the other side");
                heartbeat.every * SLOWER
            }
        }
    }

    /// How we are, in one line.
    async fn line(&self) -> String {
        let (store, durable) = (self.store.clone(), self.journal.durable().0);
        let counts = tokio::task::spawn_blocking(move || store.outbox_counts()).await;
        let reasons = self.health.reasons();
        let ready = if reasons.is_empty() { "ready".to_owned() } else { reasons.join("; ") };
        match counts {
            Ok(Ok(outbox)) => format!(
                "{ready}; sequence={durable} waiting={} dead={} broken={}",
                outbox.waiting, outbox.dead, outbox.broken
            ),
            Ok(Err(_)) | Err(_) => format!("{ready}; sequence={durable}; the outbox cannot be read"),
        }
    }
}
