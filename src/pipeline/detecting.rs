//! Observes judged posts in order and hands what was measured to the desk.
//!
//! What the detector remembers is written down now and then with its place in the journal. After a
//! crash it goes on from there and concludes again what lies behind: the desk knows a signal it has
//! heard by its id, so nothing is told twice and nothing is lost.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metrics::gauge;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::assessing::Batch;
use super::desk::{DeskError, DeskHandle};
use super::health::Health;
use super::judging::News;
use super::lexicons::write_whole;
use crate::detect::{Detector, DetectorState, Signal};
use crate::journal::Sequence;
use crate::telemetry::metric;

/// Time between two snapshots.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(30);
/// A round that lasts longer is stuck.
const LIMIT: Duration = Duration::from_mins(1);
/// The shape of the snapshot; another one is not read.
const VERSION: u8 = 1;

/// The task.
pub(super) struct DetectTask {
    pub(super) batches: mpsc::Receiver<Arc<Batch>>,
    pub(super) detector: Detector,
    /// What the detector has observed.
    pub(super) reached: Sequence,
    pub(super) desk: DeskHandle,
    pub(super) snapshot: PathBuf,
    pub(super) health: Health,
    /// New watches after the rules were changed.
    pub(super) changes: mpsc::Receiver<DetectChange>,
}

/// A change of what the detector watches for.
pub(super) type DetectChange = Box<dyn FnOnce(&mut Detector) + Send>;

impl DetectTask {
    /// Works until the assessing ends; leaves a snapshot.
    pub(super) async fn run(mut self, _stop: CancellationToken) {
        let mut written = Instant::now();
        loop {
            tokio::select! {
                batch = self.batches.recv() => match batch {
                    Some(batch) => {
                        let _working = self.health.clone().working("detect", LIMIT);
                        if self.observe(&batch).await.is_err() {
                            break;
                        }
                    }
                    None => break,
                },
                Some(change) = self.changes.recv() => change(&mut self.detector),
            }
            if written.elapsed() >= SNAPSHOT_EVERY {
                self.write_snapshot().await;
                written = Instant::now();
            }
        }
        self.write_snapshot().await;
    }

    async fn observe(&mut self, batch: &Batch) -> Result<(), DeskError> {
        let mut signals: Vec<Signal> = Vec::new();
        for judged in batch.posts.iter().filter(|judged| judged.sequence > self.reached) {
            match judged.news {
                News::Found | News::Revised => {
                    let assessed = judged.then.as_ref().unwrap_or(&judged.assessed);
                    signals.extend(self.detector.observe(assessed, judged.sequence.0));
                }
                News::Shown(_) | News::Gone => {}
            }
        }
        while !signals.is_empty() {
            match self.desk.conclude(signals.clone()).await {
                Ok(()) => break,
                // Nobody takes them any more; the next start concludes them again.
                Err(error @ DeskError::Stopped) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "signals could not be concluded; trying again");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
        signals.clear();
        self.reached = self.reached.max(batch.up_to);
        gauge!(metric::VIEW_SEQUENCE, "view" => "detector").set(self.reached.0 as f64);
        Ok(())
    }

    async fn write_snapshot(&self) {
        let mut bytes = vec![VERSION];
        bytes.extend(self.reached.0.to_le_bytes());
        let bytes = match postcard::to_extend(self.detector.state(), bytes) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "detector snapshot could not be made");
                return;
            }
        };
        let path = self.snapshot.clone();
        let hash = blake3::hash(&bytes);
        let whole = [hash.as_bytes().as_slice(), &bytes].concat();
        match tokio::task::spawn_blocking(move || write_whole(&path, &whole)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "detector snapshot could not be written"),
            Err(error) => tracing::warn!(%error, "detector snapshot could not be written"),
        }
    }
}

/// What was written last, if it is whole and not ahead of the journal. Blocks on the disk.
pub(super) fn read_snapshot(path: &Path, durable: Sequence) -> Option<(Sequence, DetectorState)> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, bytes) = bytes.split_at_checked(32)?;
    let sound = blake3::hash(bytes).as_bytes().as_slice() == hash;
    let (version, bytes) = bytes.split_first()?;
    let (reached, state) = bytes.split_at_checked(8)?;
    let reached = Sequence(u64::from_le_bytes(reached.try_into().ok()?));
    let state =
        postcard::from_bytes(state).ok().filter(|_| sound && *version == VERSION && reached <= durable);
    if state.is_none() {
        tracing::warn!("detector snapshot is not usable; posts are observed anew");
    }
    Some((reached, state?))
}
